-- By what API keys and keys of sites are known that were made with a SECRET_KEY which is gone: sealed with the present one. Their
-- holders would have to be given others else.
create table token_keys (
  id uuid primary key,
  kind text not null check (kind in ('api-key', 'site-key')),
  -- The name of the key, as it is in each token.
  name text not null,
  sealed bytea not null,
  kept_at timestamptz not null default now(),
  unique (kind, name)
);
alter table token_keys enable row level security;
alter table token_keys force row level security;

-- Requests are told them before a tenant is known.
create function kept_token_keys() returns table (id uuid, kind text, name text, sealed bytea)
language sql stable security definer
set search_path = parlance, pg_temp
as $$
  select k.id, k.kind, k.name, k.sealed from token_keys k
$$;
call run_as_definer('kept_token_keys()', 'app');

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
  owner constant text := current_setting('parlance.role_prefix') || '_owner';
begin
  execute format('create policy definer on token_keys for select to %I using (true)', definer);
  execute format('grant select on token_keys to %I', definer);
  -- The operator alone writes them, when one secret has taken the place of another.
  execute format('create policy owner on token_keys to %I using (true) with check (true)', owner);
  -- What is sealed with one secret is sealed again with the next.
  execute format('grant update (sealed) on site_identity_keys to %I', app);
end
$$;
