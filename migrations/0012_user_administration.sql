-- People who were invited and have no password yet. Until they choose one they cannot log in, and a login finds them as
-- little as somebody who never was.
alter table users alter column password_hash drop not null;

-- As before, but for those without a password.
create or replace function login_lookup(p_slug text, p_email text)
returns table (tenant_id uuid, allowed_origins text[], user_id uuid, password_hash text)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  tenant tenants;
begin
  select * into tenant from tenants t where t.slug = p_slug;
  if not found then
    return;
  end if;
  perform set_config('app.tenant_id', tenant.id::text, true);
  return query
    select tenant.id, tenant.allowed_origins, u.id, u.password_hash
    from (select 1) as always
    left join users u on u.tenant_id = tenant.id and u.email = p_email
      and u.is_active and u.password_hash is not null and tenant.status = 'active';
  perform set_config('app.tenant_id', '', true);
end
$$;

-- Likewise.
create or replace function login_lookup_by_email(p_email text)
returns table (tenant_id uuid, user_id uuid, password_hash text)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  candidate uuid;
  found_count integer := 0;
  account record;
  the_one record;
begin
  for candidate in
    select t.id from tenants_by_email e join tenants t on t.id = any (e.tenants)
    where e.email = p_email and t.status = 'active'
    limit 100
  loop
    perform set_config('app.tenant_id', candidate::text, true);
    select u.tenant_id, u.id, u.password_hash into account
    from users u
    where u.tenant_id = candidate and u.email = p_email and u.is_active and u.password_hash is not null;
    if found then
      found_count := found_count + 1;
      the_one := account;
    end if;
    exit when found_count > 1;
  end loop;
  perform set_config('app.tenant_id', '', true);
  if found_count = 1 then
    return query select the_one.tenant_id, the_one.id, the_one.password_hash;
  end if;
end
$$;

-- One for each user that is invited; another one takes the place of the last. No token is stored: it carries the id under
-- a MAC.
create table invitations (
  tenant_id uuid not null default current_tenant(),
  id uuid not null,
  user_id uuid not null,
  expires_at timestamptz not null,
  created_at timestamptz not null,
  created_by uuid not null,
  primary key (tenant_id, id),
  constraint invitations_user_key unique (tenant_id, user_id),
  foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
call guard_tenant_table('invitations', 'select, insert, update, delete');

do $$
declare
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  execute format('grant update (is_superuser, updated_at) on users to %I', definer);
end
$$;

-- Makes a user a superuser, or one no more; false if there is no such user. Whoever is only invited cannot become one:
-- whoever holds the invitation would be it.
create function set_superuser(p_tenant uuid, p_user uuid, p_value boolean) returns boolean
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  done boolean;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  update users u set is_superuser = p_value, updated_at = now()
  where u.tenant_id = p_tenant and u.id = p_user and u.password_hash is not null;
  done := found;
  perform set_config('app.tenant_id', '', true);
  return done;
end
$$;
call run_as_definer('set_superuser(uuid, uuid, boolean)', 'platform');
