-- What a deployment of the FastAPI service before this one brings along: `parlance adopt`.

-- What the service before called a tenant, which its tokens name, and what it knew of it that has no column here. The type
-- `json` keeps it letter by letter, also what `jsonb` refuses.
alter table tenants add column legacy_id text, add column legacy json;
create unique index tenants_legacy_id on tenants (legacy_id) where legacy_id is not null;

-- There, two addresses that differ in nothing but capital letters were two people. Who came from there may keep such a spelling
-- where another one of the tenant has the usual one.
alter table users add column legacy json,
  drop constraint users_email_check,
  add constraint users_email_check check (
    (email = lower(email) or legacy is not null) and char_length(email) between 3 and 254);

alter table chat_sessions add column legacy json;
alter table chat_messages add column legacy_id text;

-- What became of a row of the service before this one. It stays when that is deleted here: to copy again must not bring it back.
create table legacy_rows (
  tenant_id uuid not null default current_tenant() references tenants (id) on delete cascade,
  -- `email` is of a user, too: the address as it was registered, which tokens name.
  kind text not null,
  legacy_id text not null,
  id uuid not null,
  -- Of what was copied, with everything that belongs to it: SHA-256. Null while that is not whole.
  fingerprint bytea,
  primary key (tenant_id, kind, legacy_id),
  check (kind in ('user', 'email', 'session'))
);
call guard_tenant_table('legacy_rows', 'select, insert, update, delete');

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
begin
  execute format('grant insert (created_at, legacy), update (created_at, legacy) on users to %I', app);
end
$$;

-- The tenant that a token of the service before this one names: by its id there, or by its id here.
create function legacy_tenant(p_id text) returns uuid
language sql stable security definer
set search_path = parlance, pg_temp
as $$
  select coalesce((select t.id from tenants t where t.legacy_id = p_id),
                  (select t.id from tenants t where t.id = case
                     when p_id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then p_id::uuid end))
$$;
call run_as_definer('legacy_tenant(text)', 'app');

-- As before; and what wraps bcrypt costs as much, and PBKDF2 about as much as the bcrypt of this cost: 29,000 rounds as 2^7.
create or replace function bcrypt_cost(p_hash text) returns integer
language sql stable parallel safe
set search_path = pg_catalog
as $$
  select case
    when p_hash like '$pbkdf2-sha256$%' then
      greatest(4, least(14, round(log(2, 1 + substring(p_hash from '^\$pbkdf2-sha256\$([0-9]{1,7})\$')::numeric / 230))::integer))
    else coalesce(
      substring(p_hash from '^\$2[aby]\$([0-9]{2})\$')::integer,
      substring(p_hash from '^\$bcrypt-sha256\$(?:v=2,t=2[aby],r=|2[aby],)([0-9]{1,2})\$')::integer)
  end
$$;
