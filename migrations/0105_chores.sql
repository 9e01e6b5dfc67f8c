-- What the service does when nobody asks, and how it went last, of the deployment as a whole.
create table chores (
  task text primary key check (task in ('sweep', 'chats', 'visitors', 'ledger')),
  -- When it was done last, how long that took, and how much it changed.
  done_at timestamptz,
  took_ms bigint,
  changed bigint,
  -- When it could not be done last. Why is in the log.
  failed_at timestamptz
);
alter table chores enable row level security;
alter table chores force row level security;

-- Notes how a chore went: how much it changed, or null if it could not be done.
create function note_chore(p_task text, p_at timestamptz, p_took_ms bigint, p_changed bigint) returns void
language sql security definer
set search_path = parlance, pg_temp
as $$
  insert into chores as c (task, done_at, took_ms, changed, failed_at)
  values (p_task, case when p_changed is not null then p_at end, p_took_ms, p_changed, case when p_changed is null then p_at end)
  on conflict (task) do update set
    done_at = coalesce(excluded.done_at, c.done_at),
    took_ms = case when p_changed is null then c.took_ms else excluded.took_ms end,
    changed = coalesce(excluded.changed, c.changed),
    failed_at = coalesce(excluded.failed_at, c.failed_at)
$$;
call run_as_definer('note_chore(text, timestamptz, bigint, bigint)', 'app');

-- How many jobs there are of each tenant, kind and state, and since when the oldest is due: for superusers, who see nothing of what is
-- to be done.
create function jobs_of_tenants()
returns table (tenant_id uuid, kind text, state text, jobs bigint, oldest timestamptz)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  candidate uuid;
begin
  for candidate in select t.id from tenants t loop
    perform set_config('app.tenant_id', candidate::text, true);
    return query
      select candidate, j.kind, j.state, count(*), min(j.run_at) from jobs j
      where j.tenant_id = candidate
      group by j.kind, j.state;
  end loop;
  perform set_config('app.tenant_id', '', true);
end
$$;
call run_as_definer('jobs_of_tenants()', 'platform');

do $$
declare
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
  platform constant text := current_setting('parlance.role_prefix') || '_platform';
begin
  execute format('create policy definer on chores to %I using (true) with check (true)', definer);
  execute format('create policy platform on chores for select to %I using (true)', platform);
  execute format('grant select, insert, update on chores to %I', definer);
  execute format('grant select on chores to %I', platform);
  execute format('grant select on _sqlx_migrations to %I', platform);
end
$$;
