-- Whose a browser origin is. Several tenants may list one, and then their own pages may call; it belongs to one of them,
-- which comes first where a login names no tenant. Only the definer reads and writes this table.
create table origins (
  origin text primary key,
  tenant uuid not null references tenants (id) on delete cascade,
  -- A superuser has listed it, so it is known whose it is: only then may anybody be refused for it.
  approved boolean not null default false
);
create index origins_tenant on origins (tenant);
alter table origins enable row level security;
alter table origins force row level security;

do $$
declare
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  execute format('create policy definer on origins to %I using (true) with check (true)', definer);
  execute format('grant select, insert, update, delete on origins to %I', definer);
end
$$;

-- Whether every machine has this origin, so that it can be nobody's: apps in a mobile shell, servers under development.
create function is_local_origin(p_origin text) returns boolean
language sql stable parallel safe
set search_path = pg_catalog
as $$
  select p_origin ~ '^[a-z][a-z0-9+.-]*://([a-z0-9.-]+\.)?localhost(:[0-9]+)?$'
      or p_origin ~ '^https?://(127(\.[0-9]+){3}|\[::1\])(:[0-9]+)?$'
$$;

-- An origin that is listed anew and belongs to another tenant is refused by origins_pkey. One that was listed before there
-- were owners stays listed. Superusers (app.approve_origins) take it from whoever has it.
create function tenants_keep_origins() returns trigger
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  before text[] := '{}';
begin
  if tg_op = 'UPDATE' then
    before := old.allowed_origins;
    delete from origins o where o.tenant = new.id and o.origin <> all (new.allowed_origins);
  end if;
  -- In order, so that two who list the same do not wait for each other.
  if current_setting('app.approve_origins', true) = 'yes' then
    insert into origins as o (origin, tenant, approved)
    select distinct listed, new.id, true from unnest(new.allowed_origins) listed
    where not is_local_origin(listed) order by listed
    -- Listing again what stood there takes it from nobody: the list may have been read before it was given away.
    on conflict (origin) do update set tenant = excluded.tenant, approved = true
      where o.tenant = excluded.tenant or excluded.origin <> all (before);
    return null;
  end if;
  insert into origins (origin, tenant)
  select distinct listed, new.id from unnest(new.allowed_origins) listed
  where not is_local_origin(listed) and listed = any (before) order by listed
  on conflict (origin) do nothing;
  insert into origins (origin, tenant)
  select distinct listed, new.id from unnest(new.allowed_origins) listed
  where not is_local_origin(listed) and listed <> all (before) order by listed;
  return null;
end
$$;
call run_as_definer('tenants_keep_origins()', 'owner');
create trigger keep_origins after insert or update of allowed_origins on tenants
  for each row execute function tenants_keep_origins();

-- What is listed already belongs to the tenant that was created first; the others may go on calling from there.
create function take_over_listed_origins() returns void
language sql security definer
set search_path = parlance, pg_temp
as $$
  insert into origins (origin, tenant)
  select distinct on (listed) listed, t.id
  from tenants t, unnest(t.allowed_origins) listed
  where not is_local_origin(listed)
  order by listed, t.created_at, t.id
$$;
call run_as_definer('take_over_listed_origins()', 'owner');
select take_over_listed_origins();
drop function take_over_listed_origins();

-- What is known of an origin: whether an active tenant lists it, and whose it is if a superuser has said so.
create function origin_claim(p_origin text) returns table (is_listed boolean, owner uuid)
language sql stable security definer
set search_path = parlance, pg_temp
as $$
  select exists (select from tenants t where t.allowed_origins @> array[p_origin] and t.status = 'active'),
         (select o.tenant from origins o join tenants t on t.id = o.tenant
          where o.origin = p_origin and o.approved and t.status = 'active')
$$;
call run_as_definer('origin_claim(text)', 'app');
