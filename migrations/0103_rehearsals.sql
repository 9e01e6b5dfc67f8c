-- A change of settings, tried on questions that were asked, before it counts.
create table rehearsals (
  tenant_id uuid not null default current_tenant() references tenants (id) on delete cascade,
  id uuid not null,
  -- `stopped`: its budget was reached, or it could not go on; `note` says which.
  status text not null default 'running' check (status in ('running', 'done', 'stopped', 'cancelled')),
  -- What became of the changed settings.
  decision text check (decision in ('published', 'dropped')),
  -- The settings that it began with, and the changed ones: what was changed meanwhile changes neither.
  now_settings jsonb not null,
  changed_settings jsonb not null,
  -- Who compares the answers, if anybody does.
  judge jsonb,
  -- Which questions were looked for.
  sample text not null check (sample in ('thumbs_down', 'unanswered', 'random', 'latest')),
  sampled_from timestamptz not null,
  sampled_to timestamptz not null,
  -- In nano-USD: what may be spent, what was, and what the call may take that is being made. Where nobody tells the end of that
  -- call, all of it was spent.
  budget bigint not null check (budget > 0),
  spent bigint not null default 0,
  held bigint not null default 0,
  -- Why it stopped, or what it waits for, in a code and a sentence.
  note text,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  decided_at timestamptz,
  primary key (tenant_id, id),
  check ((status = 'running') = (ended_at is null)),
  check ((decision is null) = (decided_at is null)),
  check (decision is null or status <> 'running')
);
-- One at a time.
create unique index rehearsals_running on rehearsals (tenant_id) where status = 'running';
call guard_tenant_table('rehearsals', 'select, insert, update, delete');

-- A question of it. Whoever deletes the conversation, or has it deleted, deletes what was made of it, too.
create table rehearsal_questions (
  tenant_id uuid not null default current_tenant(),
  rehearsal_id uuid not null,
  -- The message that it was.
  message_id uuid not null,
  -- Which answer the judge found better, and why; or why it said nothing.
  judged text check (judged in ('now', 'changed', 'same')),
  judge_reason text,
  judge_error text,
  judge_tries integer not null default 0,
  -- Which answer somebody found better.
  verdict text check (verdict in ('now', 'changed', 'same')),
  comment text check (char_length(comment) between 1 and 2000),
  verdict_by uuid,
  verdict_at timestamptz,
  primary key (tenant_id, rehearsal_id, message_id),
  foreign key (tenant_id, rehearsal_id) references rehearsals (tenant_id, id) on delete cascade,
  foreign key (tenant_id, message_id) references chat_messages (tenant_id, id) on delete cascade,
  check ((verdict is null) = (verdict_by is null) and (verdict is null) = (verdict_at is null)),
  check (verdict is not null or comment is null)
);
create index rehearsal_questions_of_message on rehearsal_questions (tenant_id, message_id);
call guard_tenant_table('rehearsal_questions', 'select, insert, update, delete');

-- What was answered to it, once with each of the settings.
create table rehearsal_answers (
  tenant_id uuid not null default current_tenant(),
  rehearsal_id uuid not null,
  message_id uuid not null,
  side text not null check (side in ('now', 'changed')),
  -- `again`: it failed in a way that may pass, and is tried again.
  status text not null check (status in ('again', 'complete', 'failed')),
  content text not null default '',
  sources jsonb not null default '[]',
  -- Why it failed, in a code and a sentence.
  error text,
  provider text not null,
  model text not null,
  prompt_tokens integer not null default 0,
  completion_tokens integer not null default 0,
  -- Of all tries, in nano-USD.
  cost bigint not null default 0,
  millis integer not null default 0,
  tries integer not null default 1,
  primary key (tenant_id, rehearsal_id, message_id, side),
  foreign key (tenant_id, rehearsal_id, message_id)
    references rehearsal_questions (tenant_id, rehearsal_id, message_id) on delete cascade
);
call guard_tenant_table('rehearsal_answers', 'select, insert, update, delete');

-- It is a job; its `document_id` is the rehearsal's. It waits for providers most of the time, and so has its turn among connectors.
alter table jobs drop constraint jobs_kind_check,
  add constraint jobs_kind_check check (kind in ('extract', 'index', 'forget', 'purge', 'sync', 'rehearse')) not valid;

create or replace function queue_job() returns trigger
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
begin
  insert into job_turns as t (tenant, is_sync, due_at) values (new.tenant_id, new.kind in ('sync', 'rehearse'), new.run_at)
  on conflict (tenant, is_sync) do update set due_at = least(t.due_at, excluded.due_at);
  perform pg_notify('parlance', 'job ' || new.tenant_id);
  return null;
end
$$;

-- As before, and of the kinds that whoever takes it knows: another release may know fewer.
create function take_job(p_lease interval, p_at_once integer, p_is_sync boolean, p_kinds text[])
returns table (tenant_id uuid, id uuid, lease uuid)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  candidate uuid;
  next_at timestamptz;
begin
  for turn in 1 .. 100 loop
    select t.tenant into candidate from job_turns t
    where t.is_sync = p_is_sync and t.due_at <= clock_timestamp()
    order by t.due_at, t.tenant
    limit 1
    for update skip locked;
    exit when not found;
    perform set_config('app.tenant_id', candidate::text, true);
    next_at := null;
    if exists (select from tenants t where t.id = candidate and t.status <> 'active') then
      next_at := clock_timestamp() + interval '1 minute';
    elsif (select count(*) from jobs j
           where j.state = 'running' and j.lease_until > clock_timestamp()
             and (j.kind in ('sync', 'rehearse')) = p_is_sync) >= p_at_once then
      next_at := clock_timestamp() + interval '1 second';
    else
      update jobs j set state = 'running', attempts = j.attempts + 1, lease = gen_random_uuid(),
        lease_until = clock_timestamp() + p_lease
      where j.tenant_id = candidate and j.id = (
        select d.id from jobs d
        where (d.kind in ('sync', 'rehearse')) = p_is_sync and d.kind = any (p_kinds)
          and (d.state = 'waiting' and d.run_at <= clock_timestamp()
            or d.state = 'running' and d.lease_until <= clock_timestamp())
        order by d.run_at, d.id
        limit 1
        for update skip locked)
      returning j.tenant_id, j.id, j.lease into tenant_id, id, lease;
      if found then
        update job_turns t set due_at = clock_timestamp() where t.tenant = candidate and t.is_sync = p_is_sync;
        perform set_config('app.tenant_id', '', true);
        return next;
        return;
      end if;
      select min(case j.state when 'waiting' then j.run_at else j.lease_until end) into next_at
      from jobs j where j.state <> 'dead' and (j.kind in ('sync', 'rehearse')) = p_is_sync;
      if next_at is not null then
        next_at := greatest(next_at, clock_timestamp() + interval '100 milliseconds');
      end if;
    end if;
    if next_at is null then
      delete from job_turns t where t.tenant = candidate and t.is_sync = p_is_sync;
    else
      update job_turns t set due_at = next_at where t.tenant = candidate and t.is_sync = p_is_sync;
    end if;
  end loop;
  perform set_config('app.tenant_id', '', true);
end
$$;
call run_as_definer('take_job(interval, integer, boolean, text[])', 'app');

-- For the release before, which knows nothing of rehearsals.
create or replace function take_job(p_lease interval, p_at_once integer, p_is_sync boolean)
returns table (tenant_id uuid, id uuid, lease uuid)
language sql security definer
set search_path = parlance, pg_temp
as $$
  select t.tenant_id, t.id, t.lease
  from take_job(p_lease, p_at_once, p_is_sync, array['extract', 'index', 'forget', 'purge', 'sync']) t
$$;
