-- As `login_candidates`, which the release before calls; and where nobody else can be meant, also the accounts of suspended tenants, which
-- nobody comes in with: whoever has the right password is told that the tenant is suspended, and not that the password is wrong.
create function login_accounts(p_slug text, p_origin text, p_email text)
returns table (tenant_id uuid, allowed_origins text[], user_id uuid, password_hash text, of_page boolean, bcrypt_cost integer, is_suspended boolean)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
#variable_conflict use_column
declare
  costliest constant integer := (select max(c.cost) from bcrypt_costs c where c.users > 0 and c.cost between 4 and 14);
  named tenants;
  page uuid;
  page_is_approved boolean;
  standing text;
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
        select named.id, named.allowed_origins, u.id, u.password_hash, false, costliest, named.status = 'suspended'
        from (select 1) as always
        left join users u on u.tenant_id = named.id and u.email = p_email and u.is_active and u.password_hash is not null;
      perform set_config('app.tenant_id', '', true);
      return;
    end if;
  else
    foreach standing in array array['active', 'suspended'] loop
      for candidate in
        select t.id from tenants_by_email e join tenants t on t.id = any (e.tenants)
        where e.email = p_email and t.status = standing
        order by t.id is distinct from page, array_position(e.tenants, t.id)
        limit 100
      loop
        perform set_config('app.tenant_id', candidate::text, true);
        select u.id, u.password_hash into account from users u
        where u.tenant_id = candidate and u.email = p_email and u.is_active and u.password_hash is not null;
        if found then
          return query
            select candidate, null::text[], account.id, account.password_hash, candidate is not distinct from page, costliest,
              standing = 'suspended';
          found_count := found_count + 1;
        end if;
        exit when found_count = 2;
      end loop;
      exit when found_count > 0;
    end loop;
    perform set_config('app.tenant_id', '', true);
  end if;
  -- What the work must cost is told for nobody's address, too.
  if found_count = 0 then
    return query select null::uuid, null::text[], null::uuid, null::text, false, costliest, false;
  end if;
end
$$;
call run_as_definer('login_accounts(text, text, text)', 'app');
