-- What happens before a tenant is known. Each function answers one narrow question, runs as the definer,
-- and looks into one tenant at a time under the same row-level security as everybody else. None leaves its
-- caller in a tenant's context.

-- The account with this email in the tenant with this slug. A row without user_id: the tenant exists, the
-- user does not. No row: no such tenant.
create function login_lookup(p_slug text, p_email text)
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
      and u.is_active and tenant.status = 'active';
  perform set_config('app.tenant_id', '', true);
end
$$;
call run_as_definer('login_lookup(text, text)', 'app');

-- The one active account with this email, if it is the only one.
create function login_lookup_by_email(p_email text)
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
    from users u where u.tenant_id = candidate and u.email = p_email and u.is_active;
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
call run_as_definer('login_lookup_by_email(text)', 'app');

-- The active tenants that allow this browser origin.
create function tenants_of_origin(p_origin text) returns table (id uuid, slug text)
language sql stable security definer
set search_path = parlance, pg_temp
as $$
  select t.id, t.slug from tenants t
  where t.allowed_origins @> array[p_origin] and t.status = 'active'
  limit 100
$$;
call run_as_definer('tenants_of_origin(text)', 'app');

-- A superuser, and the tenant it logs in to if that is new. Nobody but the owner, which cannot log in,
-- may call it: `parlance create-superuser` does, with the powerful DATABASE_URL.
create function create_superuser(p_tenant_id uuid, p_slug text, p_user_id uuid, p_email text, p_password_hash text)
returns void
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  home uuid;
begin
  insert into tenants (id, slug, name) values (p_tenant_id, p_slug, p_slug) on conflict (slug) do nothing;
  select t.id into home from tenants t where t.slug = p_slug;
  perform set_config('app.tenant_id', home::text, true);
  insert into users (tenant_id, id, email, password_hash, role, is_superuser)
  values (home, p_user_id, p_email, p_password_hash, 'admin', true);
  perform set_config('app.tenant_id', '', true);
end
$$;
call run_as_definer('create_superuser(uuid, text, uuid, text, text)', 'owner');
