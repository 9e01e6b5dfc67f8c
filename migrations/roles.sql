-- The roles of one deployment and the schema they work in. `parlance migrate` runs this before the
-- numbered migrations, every time; `parlance migrate --print-roles` prints it for an administrator.
-- It reads three settings of the session: parlance.role_prefix, parlance.app_verifier and
-- parlance.platform_verifier (SCRAM-SHA-256 verifiers, so that no password reaches a server log).
--
--   <prefix>_owner     cannot log in; owns the schema and its tables (FORCE RLS binds it too)
--   <prefix>_definer   cannot log in; owns the few SECURITY DEFINER functions
--   <prefix>_app       every request; row-level security binds it; data, not structure
--   <prefix>_platform  the superusers' tenant list; no grant on any content
--   <prefix>_backup    reads everything, past row-level security; has no password but for the day after
--                      `parlance backup-url`
do $roles$
declare
  prefix constant text := current_setting('parlance.role_prefix');
  owner_role constant text := prefix || '_owner';
  definer_role constant text := prefix || '_definer';
  backup_role constant text := prefix || '_backup';
  role_name text;
begin
  foreach role_name in array array[owner_role, definer_role] loop
    if not exists (select from pg_roles where rolname = role_name) then
      execute format('create role %I nologin', role_name);
    end if;
  end loop;

  foreach role_name in array array[prefix || '_app', prefix || '_platform'] loop
    if not exists (select from pg_roles where rolname = role_name) then
      execute format('create role %I login noinherit', role_name);
    end if;
    execute format('alter role %I password %L', role_name, current_setting(
      case when role_name = prefix || '_app' then 'parlance.app_verifier' else 'parlance.platform_verifier' end));
    -- A statement that hangs must not hold its connection, nor a forgotten transaction its locks.
    execute format('alter role %I set statement_timeout = ''5s''', role_name);
    execute format('alter role %I set lock_timeout = ''2s''', role_name);
    execute format('alter role %I set idle_in_transaction_session_timeout = ''10s''', role_name);
    execute format('alter role %I set search_path = parlance, pg_temp', role_name);
    execute format('alter role %I set row_security = on', role_name);
    execute format('grant connect on database %I to %I', current_database(), role_name);
  end loop;

  -- Only who bypasses row-level security may let another one do so; without this role all but backups works.
  if not exists (select from pg_roles where rolname = backup_role) then
    begin
      execute format('create role %I login noinherit bypassrls', backup_role);
      execute format('alter role %I set default_transaction_read_only = on', backup_role);
    exception when insufficient_privilege then null;
    end;
  end if;

  -- Whoever migrates acts as the owner, and hands functions to the definer.
  if not (select rolsuper from pg_roles where rolname = current_user) then
    execute format('grant %I, %I to %I', owner_role, definer_role, current_user);
  end if;
  execute format('grant %I to %I', definer_role, owner_role);

  -- PostgreSQL lets everyone create temporary tables (and, before 15, tables in "public").
  execute format('revoke temporary on database %I from public', current_database());
  revoke create on schema public from public;

  execute format('create schema if not exists parlance authorization %I', owner_role);
  execute format('grant usage on schema parlance to %I, %I, %I',
    prefix || '_app', prefix || '_platform', definer_role);

  if exists (select from pg_roles where rolname = backup_role) then
    execute format('grant connect on database %I to %I', current_database(), backup_role);
    execute format('grant usage on schema parlance to %I', backup_role);
    execute format('grant select on all tables in schema parlance to %I', backup_role);
    execute format('alter default privileges for role %I in schema parlance grant select on tables to %I',
      owner_role, backup_role);
  end if;
end
$roles$;

-- The extension pgvector, if the server has it and this login may create it: without it, all works but vectors in PostgreSQL.
do $pgvector$
declare
  place text;
begin
  if exists (select from pg_available_extensions where name = 'vector') then
    create extension if not exists vector schema public;
    select quote_ident(n.nspname) into place
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector';
    execute format('grant usage on schema %s to %I, %I', place,
      current_setting('parlance.role_prefix') || '_owner', current_setting('parlance.role_prefix') || '_app');
  end if;
exception when others then
  -- Servers refuse it for reasons of their own; `parlance migrate` says whether it is there.
  raise notice 'pgvector was not created: %', sqlerrm;
end
$pgvector$;
