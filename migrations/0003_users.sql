-- People and their logins.
create table users (
  tenant_id uuid not null default current_tenant() references tenants (id) on delete cascade,
  id uuid not null,
  email text not null,
  full_name text not null default '',
  password_hash text not null,
  role text not null default 'member',
  is_active boolean not null default true,
  is_superuser boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_login_at timestamptz,
  primary key (tenant_id, id),
  constraint users_email_key unique (tenant_id, email),
  check (email = lower(email) and char_length(email) between 3 and 254),
  check (char_length(full_name) <= 200),
  check (role in ('admin', 'member'))
);

-- One row is one login, on one device: what a refresh token renews and what a logout ends.
-- No token is stored: a refresh token carries its generation under a MAC.
create table login_sessions (
  tenant_id uuid not null default current_tenant(),
  id uuid not null,
  user_id uuid not null,
  generation bigint not null default 0,
  refreshed_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  user_agent text,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index login_sessions_user on login_sessions (tenant_id, user_id);

-- Whoever acts never sets is_superuser: the app role holds no grant on that column.
call guard_tenant_table('users',
  'select, delete,
   insert (tenant_id, id, email, full_name, password_hash, role, is_active),
   update (email, full_name, password_hash, role, is_active, updated_at, last_login_at)');
call guard_tenant_table('login_sessions', 'select, insert, update, delete');

-- Which tenants know an email: the one question that login must ask before it knows a tenant. Only the
-- definer reads it, and answers with at most one account.
create table tenants_by_email (
  email text primary key,
  tenants uuid[] not null
);
alter table tenants_by_email enable row level security;
alter table tenants_by_email force row level security;

do $$
declare
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  execute format('create policy definer on tenants_by_email to %I using (true) with check (true)', definer);
  execute format('grant select, insert, update, delete on tenants_by_email to %I', definer);
  execute format('create policy definer on users to %I using (true) with check (true)', definer);
  execute format('grant select, insert on users to %I', definer);
end
$$;

create function users_keep_tenants_by_email() returns trigger
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
begin
  if tg_op in ('DELETE', 'UPDATE') then
    update tenants_by_email set tenants = array_remove(tenants, old.tenant_id) where email = old.email;
    delete from tenants_by_email where email = old.email and tenants = '{}';
  end if;
  if tg_op in ('INSERT', 'UPDATE') then
    insert into tenants_by_email as t (email, tenants) values (new.email, array[new.tenant_id])
    on conflict (email) do update set tenants = array_append(array_remove(t.tenants, new.tenant_id), new.tenant_id);
  end if;
  return null;
end
$$;
-- The owner must be allowed to attach it; a trigger then runs for whoever writes.
call run_as_definer('users_keep_tenants_by_email()', 'owner');
create trigger keep_tenants_by_email after insert or delete or update of email on users
  for each row execute function users_keep_tenants_by_email();
