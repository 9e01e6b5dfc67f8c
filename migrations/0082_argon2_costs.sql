-- As before; and Argon2 of other parameters than new hashes have is counted as the bcrypt that is as much work, so that a failed
-- login does not tell whose hash came from another service. 152 KiB, once for each pass, are bcrypt's cost 0.
create or replace function bcrypt_cost(p_hash text) returns integer
language sql stable parallel safe
set search_path = pg_catalog
as $$
  select case
    when p_hash like '$pbkdf2-sha256$%' then
      greatest(4, least(14, round(log(2, 1 + substring(p_hash from '^\$pbkdf2-sha256\$([0-9]{1,7})\$')::numeric / 230))::integer))
    when p_hash like '$argon2id$v=19$m=19456,t=2,%' then null
    -- What asks for more is not tried.
    when p_hash ~ '^\$argon2(id|i|d)\$(v=[0-9]{1,3}\$)?m=[0-9]{1,9},t=[0-9]{1,9},'
      and substring(p_hash from 'm=([0-9]+),')::numeric <= 131072 and substring(p_hash from ',t=([0-9]+),')::numeric <= 10 then
      greatest(4, least(14, round(log(2, 1 + substring(p_hash from 'm=([0-9]+),')::numeric * substring(p_hash from ',t=([0-9]+),')::numeric
        / 152))::integer))
    else coalesce(
      substring(p_hash from '^\$2[aby]\$([0-9]{2})\$')::integer,
      substring(p_hash from '^\$bcrypt-sha256\$(?:v=2,t=2[aby],r=|2[aby],)([0-9]{1,2})\$')::integer)
  end
$$;

-- Those that are here already. Nobody's hash may change meanwhile.
lock table users in share row exclusive mode;
create function count_bcrypt_costs() returns void
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  candidate uuid;
begin
  delete from bcrypt_costs;
  for candidate in select t.id from tenants t loop
    perform set_config('app.tenant_id', candidate::text, true);
    insert into bcrypt_costs as c (cost, users)
    select bcrypt_cost(u.password_hash), count(*) from users u
    where u.tenant_id = candidate and bcrypt_cost(u.password_hash) is not null group by 1
    on conflict (cost) do update set users = c.users + excluded.users;
  end loop;
  perform set_config('app.tenant_id', '', true);
end
$$;
call run_as_definer('count_bcrypt_costs()', 'owner');
select count_bcrypt_costs();
drop function count_bcrypt_costs();
