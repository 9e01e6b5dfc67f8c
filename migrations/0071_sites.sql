-- Web pages of a tenant whose visitors may ask without an account.
create table sites (
  tenant_id uuid not null default current_tenant() references tenants (id) on delete cascade,
  id uuid not null,
  name text not null,
  -- Of the pages, as browsers say them. Without one nobody comes in.
  origins text[] not null,
  is_on boolean not null default true,
  -- What all of its visitors may ask and spend together, and what each of them may.
  limits jsonb not null default '{}',
  visitor_limits jsonb not null default '{}',
  -- For how many days a visitor is kept who does not come back.
  retention_days integer not null default 30,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- Its deletion began: it is there for nobody, and goes when its visitors are gone.
  deleted_at timestamptz,
  primary key (tenant_id, id),
  check (char_length(name) between 1 and 100),
  check (cardinality(origins) <= 50),
  check (retention_days between 1 and 3650)
);
call guard_tenant_table('sites', 'select, insert, update');

-- A visitor is a user that is nobody: it has no password and no address, and is not listed among people.
alter table users add column site_id uuid,
  add constraint users_site foreign key (tenant_id, site_id) references sites (tenant_id, id) not valid,
  drop constraint users_role_check,
  drop constraint users_service,
  add constraint users_role check (role in ('admin', 'member', 'visitor')) not valid,
  add constraint users_service check (
    (not is_service or (password_hash is null and role in ('member', 'visitor') and not is_superuser))
    and (role = 'visitor') = (site_id is not null) and (site_id is null or is_service)) not valid;
create index users_of_site on users (tenant_id, site_id, id) where site_id is not null;

-- As before, but for visitors: their addresses are nobody's, and no login asks for them.
create or replace function users_keep_tenants_by_email() returns trigger
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
begin
  if tg_op <> 'INSERT' and old.site_id is null then
    update tenants_by_email set tenants = array_remove(tenants, old.tenant_id) where email = old.email;
    delete from tenants_by_email where email = old.email and tenants = '{}';
  end if;
  if tg_op <> 'DELETE' and new.site_id is null then
    insert into tenants_by_email as t (email, tenants) values (new.email, array[new.tenant_id])
    on conflict (email) do update set tenants = array_append(array_remove(t.tenants, new.tenant_id), new.tenant_id);
  end if;
  return null;
end
$$;

-- What a site becomes concerns all of its visitors, who are remembered one by one: their tenant is forgotten.
create trigger tell_update after update of is_on, deleted_at, origins, limits, visitor_limits on sites
  for each row execute function tell_change('tenant', 'tenant_id');

-- Which tenants have sites: it tells that and nothing else, and only to the function below. The sites themselves are behind
-- row-level security.
create table sites_by_tenant (
  tenant uuid primary key references tenants (id) on delete cascade
);
alter table sites_by_tenant enable row level security;
alter table sites_by_tenant force row level security;

create function keep_sites_by_tenant() returns trigger
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
begin
  insert into sites_by_tenant (tenant) values (new.tenant_id) on conflict do nothing;
  return null;
end
$$;
call run_as_definer('keep_sites_by_tenant()', 'owner');
create trigger keep_sites_by_tenant after insert on sites
  for each row execute function keep_sites_by_tenant();

-- Deletes up to p_limit visitors of the first tenant after p_after that has sites, with what they said: those of sites that are
-- deleted, and those who did not come back for as long as their site keeps them. `tenant` is whose they were; null when there is
-- none. Safe to run by several at once. An id tells when a visitor came (UUIDv7).
create function purge_visitors(p_after uuid, p_limit bigint, out tenant uuid, out deleted bigint)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
begin
  deleted := 0;
  select t.id into tenant from tenants t
  where (p_after is null or t.id > p_after) and exists (select from sites_by_tenant s where s.tenant = t.id)
  order by t.id limit 1;
  if tenant is null then
    return;
  end if;
  perform set_config('app.tenant_id', tenant::text, true);
  delete from users u
  where u.tenant_id = tenant and u.id in (
    select v.id
    from sites s
    cross join lateral (select now() - make_interval(days => s.retention_days) as long_ago) r
    join users v on v.tenant_id = tenant and v.site_id = s.id
    where s.tenant_id = tenant and (s.deleted_at is not null
      or (v.id < rpad(lpad(to_hex((extract(epoch from r.long_ago) * 1000)::bigint), 12, '0'), 32, '0')::uuid
        and not exists (select from login_sessions l
          where l.tenant_id = tenant and l.user_id = v.id and l.refreshed_at >= r.long_ago)
        and not exists (select from chat_sessions c
          where c.tenant_id = tenant and c.user_id = v.id and c.updated_at >= r.long_ago)))
    limit p_limit);
  get diagnostics deleted = row_count;
  delete from sites s
  where s.tenant_id = tenant and s.deleted_at is not null
    and not exists (select from users v where v.tenant_id = tenant and v.site_id = s.id);
  perform set_config('app.tenant_id', '', true);
end
$$;
call run_as_definer('purge_visitors(uuid, bigint)', 'app');

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  execute format('grant insert (site_id) on users to %I', app);
  execute format('create policy definer on sites to %I using (true) with check (true)', definer);
  execute format('grant select, delete on sites to %I', definer);
  execute format('create policy definer on sites_by_tenant to %I using (true) with check (true)', definer);
  execute format('grant select, insert on sites_by_tenant to %I', definer);
  execute format('grant select, delete on users to %I', definer);
end
$$;
