-- Work that outlives its request: kept until it is done, and done again from where it was left, whoever stops in between.
create table jobs (
  tenant_id uuid not null default current_tenant() references tenants (id) on delete cascade,
  id uuid not null,
  -- Read a file; make vectors of a document's passages; delete vectors that nothing refers to; delete a document.
  kind text not null check (kind in ('extract', 'index', 'forget', 'purge')),
  -- No foreign key: vectors are deleted after what they were of is gone.
  document_id uuid not null,
  -- Whose limits hold: a person's, or those of an API key.
  user_id uuid not null,
  api_key_id uuid,
  -- Of what is to be forgotten: the passages.
  chunks uuid[],
  state text not null default 'waiting' check (state in ('waiting', 'running', 'dead')),
  run_at timestamptz not null default now(),
  -- How often it was begun without getting on since.
  attempts integer not null default 0,
  -- Who runs it, and until when that is believed without a sign of life.
  lease uuid,
  lease_until timestamptz,
  primary key (tenant_id, id),
  check ((state = 'running') = (lease is not null and lease_until is not null))
);
-- A document is worked on once at a time.
create unique index jobs_of_document on jobs (tenant_id, document_id, kind) where kind <> 'forget';
create index jobs_waiting on jobs (tenant_id, run_at) where state = 'waiting';
create index jobs_running on jobs (tenant_id, lease_until) where state = 'running';
call guard_tenant_table('jobs', 'select, insert, update, delete');

-- Which tenants may have work, and since when they wait for their turn. It tells that and nothing else, and only to the functions
-- below: the jobs themselves are behind row-level security.
create table job_turns (
  tenant uuid primary key references tenants (id) on delete cascade,
  due_at timestamptz not null
);
create index job_turns_due on job_turns (due_at);
alter table job_turns enable row level security;
alter table job_turns force row level security;

do $$
declare
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  execute format('create policy definer on job_turns to %I using (true) with check (true)', definer);
  execute format('grant select, insert, update, delete on job_turns to %I', definer);
  execute format('create policy definer on jobs to %I using (true) with check (true)', definer);
  execute format('grant select, update (state, attempts, lease, lease_until) on jobs to %I', definer);
end
$$;

-- Has a tenant wait for its turn, and wakes who works. What changes a job does so last in its transaction: until that ends, the
-- tenant's others wait.
create function queue_job() returns trigger
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
begin
  insert into job_turns as t (tenant, due_at) values (new.tenant_id, new.run_at)
  on conflict (tenant) do update set due_at = least(t.due_at, excluded.due_at);
  perform pg_notify('parlance', 'job ' || new.tenant_id);
  return null;
end
$$;
call run_as_definer('queue_job()', 'owner');
create trigger queue_job after insert or update of state, run_at on jobs
  for each row when (new.state = 'waiting') execute function queue_job();

-- Takes one job that is due, of the tenant that has waited longest for its turn, and has that tenant wait again behind all others:
-- each of many tenants is served as often, however much one of them has queued. Jobs whose runner gave no sign of life are
-- taken again. A tenant has at most p_at_once running.
create function take_job(p_lease interval, p_at_once integer) returns table (tenant_id uuid, id uuid, lease uuid)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  candidate uuid;
  next_at timestamptz;
begin
  for turn in 1 .. 100 loop
    select t.tenant into candidate from job_turns t
    where t.due_at <= clock_timestamp()
    order by t.due_at, t.tenant
    limit 1
    for update skip locked;
    exit when not found;
    perform set_config('app.tenant_id', candidate::text, true);
    next_at := null;
    if exists (select from tenants t where t.id = candidate and t.status <> 'active') then
      next_at := clock_timestamp() + interval '1 minute';
    elsif (select count(*) from jobs j where j.state = 'running' and j.lease_until > clock_timestamp()) >= p_at_once then
      next_at := clock_timestamp() + interval '1 second';
    else
      update jobs j set state = 'running', attempts = j.attempts + 1, lease = gen_random_uuid(),
        lease_until = clock_timestamp() + p_lease
      where j.tenant_id = candidate and j.id = (
        select d.id from jobs d
        where (d.state = 'waiting' and d.run_at <= clock_timestamp())
          or (d.state = 'running' and d.lease_until <= clock_timestamp())
        order by d.run_at, d.id
        limit 1
        for update skip locked)
      returning j.tenant_id, j.id, j.lease into tenant_id, id, lease;
      if found then
        update job_turns t set due_at = clock_timestamp() where t.tenant = candidate;
        perform set_config('app.tenant_id', '', true);
        return next;
        return;
      end if;
      select min(case j.state when 'waiting' then j.run_at else j.lease_until end) into next_at
      from jobs j where j.state <> 'dead';
      if next_at is not null then
        next_at := greatest(next_at, clock_timestamp() + interval '100 milliseconds');
      end if;
    end if;
    if next_at is null then
      delete from job_turns t where t.tenant = candidate;
    else
      update job_turns t set due_at = next_at where t.tenant = candidate;
    end if;
  end loop;
  perform set_config('app.tenant_id', '', true);
end
$$;
call run_as_definer('take_job(interval, integer)', 'app');

alter table documents
  -- How far the vectors of its passages are. Of documents that were there before, nobody knows.
  add column vectors text not null default 'none' check (vectors in ('none', 'pending', 'ready', 'failed')),
  -- Of so many passages, in their order, the vectors are stored.
  add column chunks_done integer not null default 0,
  -- Its deletion began: it is there for nobody, and its rows go as the work gets on. Its status is `failed`, its hash null, so
  -- that the release before finds it no more.
  add column deleted_at timestamptz;

-- What became of the deletion of a document: of what it was, nothing is kept.
create table document_deletions (
  tenant_id uuid not null default current_tenant() references tenants (id) on delete cascade,
  document_id uuid not null,
  requested_at timestamptz not null default now(),
  -- Vectors of so many passages, in their order, were deleted from the index.
  vectors integer not null default 0,
  chunks integer not null default 0,
  words integer not null default 0,
  error text,
  finished_at timestamptz,
  primary key (tenant_id, document_id)
);
call guard_tenant_table('document_deletions', 'select, insert, update');

-- As before, but for documents that somebody still works on.
create or replace function sweep(p_after uuid, p_limit integer)
returns table (last_tenant uuid, answers bigint, documents bigint, logins bigint)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  candidate uuid;
  seen integer := 0;
  changed bigint;
begin
  answers := 0;
  documents := 0;
  logins := 0;
  for candidate in
    select t.id from tenants t where p_after is null or t.id > p_after order by t.id limit p_limit
  loop
    perform set_config('app.tenant_id', candidate::text, true);
    update chat_messages m set
      status = case when m.stopping then 'stopped' else 'interrupted' end,
      error_code = case when m.stopping then null else 'answer_interrupted' end
    where m.tenant_id = candidate and m.status = 'streaming' and m.heartbeat_at < now() - interval '60 seconds';
    get diagnostics changed = row_count;
    answers := answers + changed;
    perform settle_lost();
    delete from spending s where s.tenant_id = candidate and s.starts < now() - interval '3 months';
    update documents d set status = 'failed',
      error = 'interrupted: The service stopped while it indexed this document. Delete it and add it again.'
    where d.tenant_id = candidate and d.status = 'pending' and d.created_at < now() - interval '15 minutes'
      and not exists (select from jobs j where j.document_id = d.id);
    get diagnostics changed = row_count;
    documents := documents + changed;
    delete from login_sessions s
    where s.tenant_id = candidate and s.expires_at < now() - interval '30 days';
    get diagnostics changed = row_count;
    logins := logins + changed;
    delete from idempotency_keys k
    where k.tenant_id = candidate and k.created_at < now() - interval '24 hours';
    seen := seen + 1;
    last_tenant := candidate;
  end loop;
  perform set_config('app.tenant_id', '', true);
  if seen < p_limit then
    last_tenant := null;
  end if;
  return next;
end
$$;
