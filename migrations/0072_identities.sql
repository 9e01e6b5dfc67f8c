-- Who a visitor of a page is, as the tenant's own server says.
alter table sites
  -- Whether visitors may, or must, come with an identity token.
  add column identity text not null default 'off',
  -- How many new visitors without one may come in a minute, from wherever.
  add column visitors_per_minute integer not null default 300,
  add constraint sites_identity check (identity in ('off', 'optional', 'required')) not valid,
  add constraint sites_visitors check (visitors_per_minute between 1 and 100000) not valid;

-- By what that server signs: a sealed secret, or the public key of a pair. Which algorithm counts is said here, not by a token.
create table site_identity_keys (
  tenant_id uuid not null default current_tenant(),
  id uuid not null,
  site_id uuid not null,
  algorithm text not null,
  sealed bytea,
  public_key bytea,
  -- What people may see of it.
  hint text not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, site_id) references sites (tenant_id, id) on delete cascade,
  check (algorithm in ('HS256', 'ES256', 'EdDSA')),
  check ((sealed is not null) = (algorithm = 'HS256') and (public_key is null) = (algorithm = 'HS256'))
);
create index site_identity_keys_site on site_identity_keys (tenant_id, site_id);
call guard_tenant_table('site_identity_keys', 'select, insert, delete');
-- With a key end the logins that it has made: their callers are remembered one by one, so their tenant is forgotten.
create trigger tell_change after delete on site_identity_keys
  for each row execute function tell_change('tenant', 'tenant_id');

-- Tokens that were used: their names as SHA-256, until they have expired.
create table used_identity_tokens (
  tenant_id uuid not null default current_tenant(),
  site_id uuid not null,
  token bytea not null,
  expires_at timestamptz not null,
  primary key (tenant_id, site_id, token),
  foreign key (tenant_id, site_id) references sites (tenant_id, id) on delete cascade,
  check (octet_length(token) = 32)
);
call guard_tenant_table('used_identity_tokens', 'select, insert');

-- What the tenant's server calls a visitor, as SHA-256: the same one is found again from every device. And the groups that a
-- user is in.
alter table users
  add column subject bytea,
  add column groups text[] not null default '{}',
  add constraint users_subject check (subject is null or (site_id is not null and octet_length(subject) = 32)) not valid,
  add constraint users_groups check (cardinality(groups) <= 50) not valid;
create unique index users_of_subject on users (tenant_id, site_id, subject) where subject is not null;

-- The key by which whoever logged in was identified.
alter table login_sessions add column identity_key_id uuid;

-- Whether visitors must say who they are concerns all who are in.
drop trigger tell_update on sites;
create trigger tell_update after update of is_on, deleted_at, origins, limits, visitor_limits, identity on sites
  for each row execute function tell_change('tenant', 'tenant_id');

-- As before, and identity tokens that have expired are forgotten.
create or replace function purge_visitors(p_after uuid, p_limit bigint, out tenant uuid, out deleted bigint)
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
  delete from used_identity_tokens k
  where k.tenant_id = tenant and k.expires_at < now() - interval '1 minute';
  delete from sites s
  where s.tenant_id = tenant and s.deleted_at is not null
    and not exists (select from users v where v.tenant_id = tenant and v.site_id = s.id);
  perform set_config('app.tenant_id', '', true);
end
$$;

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  execute format('grant insert (subject, groups), update (groups) on users to %I', app);
  execute format('create policy definer on used_identity_tokens to %I using (true) with check (true)', definer);
  execute format('grant select, delete on used_identity_tokens to %I', definer);
end
$$;
