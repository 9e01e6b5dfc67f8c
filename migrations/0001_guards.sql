-- How a tenant's rows are kept apart. Every later migration guards its tables with the procedure below.

-- The tenant of the running transaction. An error, not zero rows, when nobody said which: a forgotten
-- context must be noticed. STABLE, never IMMUTABLE: a cached plan would pin the first tenant it saw.
-- After a transaction that set it, the setting is '' on that connection, not null.
create function current_tenant() returns uuid
language plpgsql stable parallel safe
set search_path = pg_catalog
as $$
declare
  tenant constant text := current_setting('app.tenant_id', true);
begin
  if tenant is null or tenant = '' then
    raise exception 'no tenant context' using errcode = '42501';
  end if;
  return tenant::uuid;
end
$$;

-- Row-level security for one table: forced on its owner as well; the restrictive policy binds every
-- role there is, so that a permissive one added later can widen nothing.
create procedure guard_tenant_table(target regclass, app_may text)
language plpgsql
set search_path = pg_catalog, parlance
as $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('create policy app on %s to %I using (true) with check (true)', target, app);
  execute format(
    'create policy tenant on %s as restrictive to public
       using (tenant_id = (select parlance.current_tenant()))
       with check (tenant_id = (select parlance.current_tenant()))', target);
  execute format('grant %s on %s to %I', app_may, target, app);
end
$$;
revoke all on procedure guard_tenant_table from public;

-- Hands a function to the definer role and lets one other role call it. The list of such functions is
-- pinned by a test.
create procedure run_as_definer(target regprocedure, caller_role text)
language plpgsql
set search_path = pg_catalog, parlance
as $$
declare
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  execute format('grant create on schema parlance to %I', definer);
  execute format('alter function %s owner to %I', target, definer);
  execute format('revoke create on schema parlance from %I', definer);
  execute format('revoke all on function %s from public', target);
  execute format('grant execute on function %s to %I', target,
    current_setting('parlance.role_prefix') || '_' || caller_role);
end
$$;
revoke all on procedure run_as_definer from public;

do $$
begin
  -- The running service compares this list with the migrations it was built with.
  execute format('grant select on _sqlx_migrations to %I', current_setting('parlance.role_prefix') || '_app');
end
$$;
