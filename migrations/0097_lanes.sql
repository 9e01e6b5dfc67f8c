-- Connectors wait for sites most of the time, and some sites never answer. A tenant's turn for its connectors is another than that
-- for its documents, so that none of its documents, nor anybody else's, waits for a site.
alter table job_turns add column is_sync boolean not null default false,
  drop constraint job_turns_pkey,
  add primary key (tenant, is_sync);
drop index job_turns_due;
create index job_turns_due on job_turns (is_sync, due_at);

-- Whoever has a turn may have connectors, too; `take_job` forgets the turns of those that have none.
create function add_turns_of_connectors() returns void
language sql security definer
set search_path = parlance, pg_temp
as $$
  insert into job_turns (tenant, is_sync, due_at) select t.tenant, true, t.due_at from job_turns t
$$;
call run_as_definer('add_turns_of_connectors()', 'owner');
select add_turns_of_connectors();
drop function add_turns_of_connectors();

create or replace function queue_job() returns trigger
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
begin
  insert into job_turns as t (tenant, is_sync, due_at) values (new.tenant_id, new.kind = 'sync', new.run_at)
  on conflict (tenant, is_sync) do update set due_at = least(t.due_at, excluded.due_at);
  perform pg_notify('parlance', 'job ' || new.tenant_id);
  return null;
end
$$;

-- Takes one job that is due, of the tenant that has waited longest for its turn, and has that tenant wait again behind all others:
-- each of many tenants is served as often, however much one of them has queued. Jobs whose runner gave no sign of life are
-- taken again. Connectors (p_is_sync) and all else are apart; of each, a tenant has at most p_at_once running.
create function take_job(p_lease interval, p_at_once integer, p_is_sync boolean)
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
           where j.state = 'running' and j.lease_until > clock_timestamp() and (j.kind = 'sync') = p_is_sync) >= p_at_once then
      next_at := clock_timestamp() + interval '1 second';
    else
      update jobs j set state = 'running', attempts = j.attempts + 1, lease = gen_random_uuid(),
        lease_until = clock_timestamp() + p_lease
      where j.tenant_id = candidate and j.id = (
        select d.id from jobs d
        where (d.kind = 'sync') = p_is_sync
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
      from jobs j where j.state <> 'dead' and (j.kind = 'sync') = p_is_sync;
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
call run_as_definer('take_job(interval, integer, boolean)', 'app');

-- For the release before: whichever there is.
create or replace function take_job(p_lease interval, p_at_once integer) returns table (tenant_id uuid, id uuid, lease uuid)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
begin
  return query select t.tenant_id, t.id, t.lease from take_job(p_lease, p_at_once, false) t;
  if not found then
    return query select t.tenant_id, t.id, t.lease from take_job(p_lease, p_at_once, true) t;
  end if;
end
$$;
