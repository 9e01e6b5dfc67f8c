-- How costly the bcrypt hashes are that came from another service, and how many there are of each cost: a failed login
-- takes as long as the costliest, so that its time does not tell whose hash is of which kind. Each login replaces one.
create table bcrypt_costs (
  cost integer primary key,
  users bigint not null
);
alter table bcrypt_costs enable row level security;
alter table bcrypt_costs force row level security;

do $$
declare
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  execute format('create policy definer on bcrypt_costs to %I using (true) with check (true)', definer);
  execute format('grant select, insert, update, delete on bcrypt_costs to %I', definer);
end
$$;

-- The cost of a bcrypt hash; null for any other text.
create function bcrypt_cost(p_hash text) returns integer
language sql stable parallel safe
set search_path = pg_catalog
as $$
  select substring(p_hash from '^\$2[aby]\$([0-9]{2})\$')::integer
$$;

create function users_keep_bcrypt_costs() returns trigger
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  gone constant integer := case when tg_op <> 'INSERT' then bcrypt_cost(old.password_hash) end;
  come constant integer := case when tg_op <> 'DELETE' then bcrypt_cost(new.password_hash) end;
begin
  if gone is not distinct from come then
    return null;
  end if;
  if gone is not null then
    update bcrypt_costs set users = users - 1 where cost = gone;
  end if;
  if come is not null then
    insert into bcrypt_costs as c (cost, users) values (come, 1)
    on conflict (cost) do update set users = c.users + 1;
  end if;
  return null;
end
$$;
call run_as_definer('users_keep_bcrypt_costs()', 'owner');
create trigger keep_bcrypt_costs after insert or delete or update of password_hash on users
  for each row execute function users_keep_bcrypt_costs();

create function count_bcrypt_costs() returns void
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  candidate uuid;
begin
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

-- The tenant that a login names, and whose password is to be tried. With a slug, or from a page of a tenant's that a
-- superuser has approved, that is the account in the tenant; a row without user_id says that it has none. Otherwise
-- the accounts with the address, at most two, for the password to decide between: that of the tenant to which the page
-- belongs, then the one that was there first. A third is not found; its owner names the tenant.
create function login_candidates(p_slug text, p_origin text, p_email text)
returns table (tenant_id uuid, allowed_origins text[], user_id uuid, password_hash text, of_page boolean, bcrypt_cost integer)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
#variable_conflict use_column
declare
  costliest constant integer := (select max(c.cost) from bcrypt_costs c where c.users > 0 and c.cost between 4 and 14);
  named tenants;
  page uuid;
  page_is_approved boolean;
  candidate uuid;
  account record;
  found_count integer := 0;
begin
  if p_slug is null then
    select o.tenant, o.approved into page, page_is_approved from origins o join tenants t on t.id = o.tenant
    where o.origin = p_origin and t.status = 'active';
  end if;
  if p_slug is not null or coalesce(page_is_approved, false) then
    select * into named from tenants t
    where case when p_slug is null then t.id = page else t.slug = p_slug end;
    if found then
      perform set_config('app.tenant_id', named.id::text, true);
      return query
        select named.id, named.allowed_origins, u.id, u.password_hash, false, costliest
        from (select 1) as always
        left join users u on u.tenant_id = named.id and u.email = p_email
          and u.is_active and u.password_hash is not null and named.status = 'active';
      perform set_config('app.tenant_id', '', true);
      return;
    end if;
  else
    for candidate in
      select t.id from tenants_by_email e join tenants t on t.id = any (e.tenants)
      where e.email = p_email and t.status = 'active'
      order by t.id is distinct from page, array_position(e.tenants, t.id)
      limit 100
    loop
      perform set_config('app.tenant_id', candidate::text, true);
      select u.id, u.password_hash into account from users u
      where u.tenant_id = candidate and u.email = p_email and u.is_active and u.password_hash is not null;
      if found then
        return query select candidate, null::text[], account.id, account.password_hash, candidate is not distinct from page, costliest;
        found_count := found_count + 1;
      end if;
      exit when found_count = 2;
    end loop;
    perform set_config('app.tenant_id', '', true);
  end if;
  -- What the work must cost is told for nobody's address, too.
  if found_count = 0 then
    return query select null::uuid, null::text[], null::uuid, null::text, false, costliest;
  end if;
end
$$;
call run_as_definer('login_candidates(text, text, text)', 'app');
