-- Keys for servers. Each acts as a user that is nobody: it has no password, cannot become an administrator, and is not listed
-- among people. So whatever keeps the conversations and the repeated requests of people apart keeps those of keys apart, too.
alter table users add column is_service boolean not null default false,
  add constraint users_service check (
    not is_service or (password_hash is null and role = 'member' and not is_superuser));

create table api_keys (
  tenant_id uuid not null default current_tenant(),
  id uuid not null,
  user_id uuid not null,
  name text not null,
  scopes text[] not null,
  limits jsonb not null,
  -- SHA-256 of the key, and what people may see of it.
  key_hash bytea not null,
  hint text not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  -- To the minute.
  last_used_at timestamptz,
  revoked_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
  check (char_length(name) between 1 and 100),
  check (cardinality(scopes) > 0 and scopes <@ array['chat', 'documents', 'usage']),
  check (octet_length(key_hash) = 32)
);
create index api_keys_user on api_keys (tenant_id, user_id);
call guard_tenant_table('api_keys', 'select, insert, update (last_used_at, revoked_at)');

-- Told as the change of a user is: whoever remembers a key remembers it by its id. Not so its use, which is often.
create trigger tell_change after delete on api_keys
  for each row execute function tell_change('user', 'id');
create trigger tell_update after update of revoked_at on api_keys
  for each row when (old.revoked_at is distinct from new.revoked_at)
  execute function tell_change('user', 'id');

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
begin
  execute format('grant insert (is_service) on users to %I', app);
end
$$;
