-- What provider calls took and cost, by days and months that are over: it stays when the months of the ledger go, and a year
-- of it is read at once. The jobs make it; what is settled of a day that it has already is added by whoever settles.
create table usage_of_users (
  tenant_id uuid not null default current_tenant(),
  -- The day of UTC that begins then; or the month, as far as it has been rolled up.
  period text not null,
  starts date not null,
  -- All zeros where there is none, as in no other table: a key has no nulls.
  user_id uuid not null,
  api_key_id uuid not null,
  endpoint text not null,
  model text not null,
  operation text not null,
  -- Whether the provider counted; else it is estimated.
  exact boolean not null,
  calls bigint not null,
  failed_calls bigint not null,
  -- Calls of which no price is known. They are in no cost.
  unpriced_calls bigint not null,
  prompt_tokens bigint not null,
  cached_tokens bigint not null,
  cache_write_tokens bigint not null,
  completion_tokens bigint not null,
  reasoning_tokens bigint not null,
  -- In nano-USD.
  cost bigint not null,
  primary key (tenant_id, period, starts, user_id, api_key_id, endpoint, model, operation, exact),
  check (period in ('day', 'month'))
);
create index usage_of_users_one on usage_of_users (tenant_id, user_id, period, starts);
call guard_tenant_table('usage_of_users', 'select, insert, update');

-- The same of all users and keys together: what superusers may know, and what most questions are about.
create table usage_totals (
  tenant_id uuid not null default current_tenant(),
  -- Whether told apart by endpoint, model and operation; else those are empty, and it is all of them.
  detailed boolean not null,
  period text not null,
  starts date not null,
  endpoint text not null,
  model text not null,
  operation text not null,
  exact boolean not null,
  calls bigint not null,
  failed_calls bigint not null,
  -- Calls of which no price is known. They are in no cost.
  unpriced_calls bigint not null,
  prompt_tokens bigint not null,
  cached_tokens bigint not null,
  cache_write_tokens bigint not null,
  completion_tokens bigint not null,
  reasoning_tokens bigint not null,
  -- In nano-USD.
  cost bigint not null,
  primary key (tenant_id, detailed, period, starts, endpoint, model, operation, exact),
  check (period in ('day', 'month'))
);
call guard_tenant_table('usage_totals', 'select, insert, update');

-- Before which day the two have everything; the ledger has the rest.
create table usage_rolled (
  tenant_id uuid not null default current_tenant(),
  until date not null,
  primary key (tenant_id)
);
call guard_tenant_table('usage_rolled', 'select');

-- A sum that is too large for a column is the largest that is not.
create function capped(p_sum numeric) returns bigint
language sql stable
as $$ select least(p_sum, 9223372036854775807)::bigint $$;

-- When a day of UTC begins.
create function day_start(p_day date) returns timestamptz
language sql stable
as $$ select p_day::timestamp at time zone 'UTC' $$;

-- Adds sums of days to these days and their months. What is to be taken away is negative.
create function add_usage(p_rows usage_of_users[]) returns void
language sql
as $$
  insert into parlance.usage_of_users as u (tenant_id, period, starts, user_id, api_key_id, endpoint, model, operation, exact,
    calls, failed_calls, unpriced_calls, prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens,
    reasoning_tokens, cost)
  select r.tenant_id, p.period, p.starts, r.user_id, r.api_key_id, r.endpoint, r.model, r.operation, r.exact,
    sum(r.calls), sum(r.failed_calls), sum(r.unpriced_calls), sum(r.prompt_tokens), sum(r.cached_tokens),
    sum(r.cache_write_tokens), sum(r.completion_tokens), sum(r.reasoning_tokens), parlance.capped(sum(r.cost))
  from unnest(p_rows) r
  cross join lateral (values ('day', r.starts), ('month', date_trunc('month', r.starts::timestamp)::date)) p(period, starts)
  group by 1, 2, 3, 4, 5, 6, 7, 8, 9
  on conflict (tenant_id, period, starts, user_id, api_key_id, endpoint, model, operation, exact) do update set
    calls = u.calls + excluded.calls, failed_calls = u.failed_calls + excluded.failed_calls,
    unpriced_calls = u.unpriced_calls + excluded.unpriced_calls, prompt_tokens = u.prompt_tokens + excluded.prompt_tokens,
    cached_tokens = u.cached_tokens + excluded.cached_tokens,
    cache_write_tokens = u.cache_write_tokens + excluded.cache_write_tokens,
    completion_tokens = u.completion_tokens + excluded.completion_tokens,
    reasoning_tokens = u.reasoning_tokens + excluded.reasoning_tokens,
    cost = parlance.capped(u.cost::numeric + excluded.cost);
  insert into parlance.usage_totals as u (tenant_id, detailed, period, starts, endpoint, model, operation, exact,
    calls, failed_calls, unpriced_calls, prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens,
    reasoning_tokens, cost)
  select r.tenant_id, n.detailed, p.period, p.starts, n.endpoint, n.model, n.operation, r.exact,
    sum(r.calls), sum(r.failed_calls), sum(r.unpriced_calls), sum(r.prompt_tokens), sum(r.cached_tokens),
    sum(r.cache_write_tokens), sum(r.completion_tokens), sum(r.reasoning_tokens), parlance.capped(sum(r.cost))
  from unnest(p_rows) r
  cross join lateral (values ('day', r.starts), ('month', date_trunc('month', r.starts::timestamp)::date)) p(period, starts)
  cross join lateral (values (true, r.endpoint, r.model, r.operation), (false, '', '', ''))
    n(detailed, endpoint, model, operation)
  group by 1, 2, 3, 4, 5, 6, 7, 8
  on conflict (tenant_id, detailed, period, starts, endpoint, model, operation, exact) do update set
    calls = u.calls + excluded.calls, failed_calls = u.failed_calls + excluded.failed_calls,
    unpriced_calls = u.unpriced_calls + excluded.unpriced_calls, prompt_tokens = u.prompt_tokens + excluded.prompt_tokens,
    cached_tokens = u.cached_tokens + excluded.cached_tokens,
    cache_write_tokens = u.cache_write_tokens + excluded.cache_write_tokens,
    completion_tokens = u.completion_tokens + excluded.completion_tokens,
    reasoning_tokens = u.reasoning_tokens + excluded.reasoning_tokens,
    cost = parlance.capped(u.cost::numeric + excluded.cost);
$$;

-- A call as the sum of its day; with -1 what takes it away.
create function usage_of_call(p_call provider_calls, p_sign integer) returns usage_of_users
language sql stable
as $$
  select row(p_call.tenant_id, 'day', parlance.period_start('day', p_call.called_at),
    coalesce(p_call.user_id, '00000000-0000-0000-0000-000000000000'),
    coalesce(p_call.api_key_id, '00000000-0000-0000-0000-000000000000'), p_call.endpoint, p_call.model, p_call.operation,
    p_call.exact,
    p_sign, p_sign * (p_call.outcome = 'failed')::integer, p_sign * (p_call.cost is null)::integer,
    p_sign * p_call.prompt_tokens::bigint, p_sign * p_call.cached_tokens::bigint,
    p_sign * p_call.cache_write_tokens::bigint, p_sign * p_call.completion_tokens::bigint,
    p_sign * p_call.reasoning_tokens::bigint, p_sign * coalesce(p_call.cost, 0))::parlance.usage_of_users
$$;

-- Counts what is written of a day that is rolled up. Whoever writes into the ledger has the lock 'ledger <tenant>', at least
-- shared, and a roll-up has it alone: a call is in the ledger before its day is rolled up, or is counted here. Of those
-- that are so late one after the other is.
create function count_late_call() returns trigger
language plpgsql
as $$
declare
  until date;
  -- A month's rows have that month's type.
  written constant parlance.provider_calls := jsonb_populate_record(null::parlance.provider_calls, to_jsonb(new));
  counted parlance.usage_of_users[] := array[parlance.usage_of_call(written, 1)];
begin
  select r.until into until from parlance.usage_rolled r where r.tenant_id = new.tenant_id;
  if parlance.period_start('day', new.called_at) < until then
    perform pg_advisory_xact_lock(hashtextextended('usage ' || new.tenant_id, 0));
    if tg_op = 'UPDATE' then
      counted := counted || parlance.usage_of_call(
        jsonb_populate_record(null::parlance.provider_calls, to_jsonb(old)), -1);
    end if;
    perform parlance.add_usage(counted);
  end if;
  return null;
end
$$;

-- A call of today is none of these, and nothing is asked of it: a day is rolled up no sooner than an hour after its end, so
-- that a clock that is put back may be. It is the clock and not now(): a transaction that began yesterday may get its lock today.
create trigger count_late_call after insert or update on provider_calls
  for each row when (new.called_at < date_trunc('day', clock_timestamp() at time zone 'UTC') at time zone 'UTC')
  execute function count_late_call();

-- Rolls up the next day of a tenant that has calls, if it is before p_target. How many calls that were.
create function roll_up_day(p_tenant uuid, p_target date) returns bigint
language plpgsql
as $$
declare
  until date;
  this_day date;
  counted parlance.usage_of_users[];
begin
  select r.until into until from parlance.usage_rolled r where r.tenant_id = p_tenant;
  until := coalesce(until, '-infinity');
  if until >= p_target then
    return 0;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('ledger ' || p_tenant, 0));
  select parlance.period_start('day', min(c.called_at)) into this_day from parlance.provider_calls c
  where c.tenant_id = p_tenant and c.called_at >= parlance.day_start(until) and c.called_at < parlance.day_start(p_target);
  if this_day is not null then
    counted := array(
      select row(p_tenant, 'day', this_day, coalesce(c.user_id, '00000000-0000-0000-0000-000000000000'),
        coalesce(c.api_key_id, '00000000-0000-0000-0000-000000000000'),
        c.endpoint, c.model, c.operation, c.exact, count(*), count(*) filter (where c.outcome = 'failed'),
        count(*) filter (where c.cost is null), sum(c.prompt_tokens), sum(c.cached_tokens), sum(c.cache_write_tokens),
        sum(c.completion_tokens), sum(c.reasoning_tokens), parlance.capped(coalesce(sum(c.cost), 0)))::parlance.usage_of_users
      from parlance.provider_calls c
      where c.tenant_id = p_tenant
        and c.called_at >= parlance.day_start(this_day) and c.called_at < parlance.day_start(this_day + 1)
      group by c.user_id, c.api_key_id, c.endpoint, c.model, c.operation, c.exact);
    perform parlance.add_usage(counted);
  end if;
  insert into parlance.usage_rolled as r (tenant_id, until) values (p_tenant, coalesce(this_day + 1, p_target))
  on conflict (tenant_id) do update set until = excluded.until;
  return coalesce((select sum(c.calls) from unnest(counted) c), 0);
end
$$;

-- Rolls up one day of one tenant: the first that has one, from p_from on, of at most p_limit. With which tenant to go on, null
-- after the last; how many calls that day had; and whether somebody else is at it, when nothing is done. Nobody who settles
-- waits for more than one day of one tenant.
create function roll_up_usage(p_from uuid, p_limit integer, out next_tenant uuid, out calls bigint, out is_busy boolean)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  target constant date := parlance.period_start('day', clock_timestamp() - interval '1 hour');
  candidate uuid;
  seen integer := 0;
begin
  calls := 0;
  is_busy := not pg_try_advisory_xact_lock(hashtext('parlance.roll_up_usage'));
  if is_busy then
    return;
  end if;
  for candidate in
    select t.id from tenants t where p_from is null or t.id >= p_from order by t.id limit p_limit + 1
  loop
    if seen = p_limit or calls > 0 then
      next_tenant := candidate;
      exit;
    end if;
    perform set_config('app.tenant_id', candidate::text, true);
    calls := roll_up_day(candidate, target);
    seen := seen + 1;
    if calls > 0 then
      next_tenant := candidate;
      exit;
    end if;
  end loop;
  perform set_config('app.tenant_id', '', true);
end
$$;

-- Which rows have the days from p_from to p_to: whole months, if days need not be told apart, and the days around them.
create function usage_ranges(p_from date, p_to date, p_by_day boolean) returns table (period text, first date, after date)
language sql stable
as $$
  select r.period, r.first, r.after
  from (
    select case when is_whole then first else p_to + 1 end as first, case when is_whole then after else p_to + 1 end as after
    from (
      select m.first, m.after, not p_by_day and m.first < m.after as is_whole
      from (values (date_trunc('month', p_from::timestamp + interval '1 month' - interval '1 day')::date,
                    date_trunc('month', p_to::timestamp + interval '1 day')::date)) m(first, after)
    ) m
  ) whole,
  lateral (values ('day', p_from, whole.first), ('month', whole.first, whole.after), ('day', whole.after, p_to + 1))
    r(period, first, after)
$$;

-- The sums of the present tenant, from p_from to p_to, by what p_by names: day, user, key, endpoint, model, operation. Of one
-- user alone if p_user says so. What is not named is null.
create function usage_sums(p_from date, p_to date, p_by text[], p_user uuid)
returns table (day date, user_id uuid, api_key_id uuid, endpoint text, model text, operation text, exact boolean,
  calls bigint, failed_calls bigint, unpriced_calls bigint, prompt_tokens bigint, cached_tokens bigint,
  cache_write_tokens bigint, completion_tokens bigint, reasoning_tokens bigint, cost bigint)
language plpgsql
as $$
declare
  by_day constant boolean := 'day' = any (p_by);
  by_user constant boolean := 'user' = any (p_by);
  by_key constant boolean := 'key' = any (p_by);
  by_endpoint constant boolean := 'endpoint' = any (p_by);
  by_model constant boolean := 'model' = any (p_by);
  by_operation constant boolean := 'operation' = any (p_by);
  -- Read first, and no sum is used that goes further: what is rolled up meanwhile is still in the ledger. As values, so that of
  -- the ledger's months only those are opened that are read.
  until constant date := coalesce((select r.until from parlance.usage_rolled r), '-infinity');
  rolled_to constant date := least(p_to, until - 1);
  ledger_from constant timestamptz := parlance.day_start(greatest(p_from, until));
  ledger_to constant timestamptz := parlance.day_start(p_to + 1);
begin
  if p_user is null and not by_user and not by_key then
    return query
      select case when by_day then s.day end, null::uuid, null::uuid, case when by_endpoint then s.endpoint end,
        case when by_model then s.model end, case when by_operation then s.operation end, s.exact,
        sum(s.calls)::bigint, sum(s.failed_calls)::bigint, sum(s.unpriced_calls)::bigint, sum(s.prompt_tokens)::bigint,
        sum(s.cached_tokens)::bigint, sum(s.cache_write_tokens)::bigint, sum(s.completion_tokens)::bigint,
        sum(s.reasoning_tokens)::bigint, parlance.capped(sum(s.cost))
      from (
        select u.starts as day, u.endpoint, u.model, u.operation, u.exact,
          u.calls, u.failed_calls, u.unpriced_calls, u.prompt_tokens, u.cached_tokens, u.cache_write_tokens,
          u.completion_tokens, u.reasoning_tokens, u.cost
        from parlance.usage_ranges(p_from, rolled_to, by_day) r
        join parlance.usage_totals u on u.period = r.period and u.starts >= r.first and u.starts < r.after
        where u.detailed = (by_endpoint or by_model or by_operation)
        union all
        select parlance.period_start('day', c.called_at), c.endpoint, c.model, c.operation, c.exact,
          1, (c.outcome = 'failed')::integer, (c.cost is null)::integer, c.prompt_tokens, c.cached_tokens,
          c.cache_write_tokens, c.completion_tokens, c.reasoning_tokens, coalesce(c.cost, 0)
        from parlance.provider_calls c
        where c.called_at >= ledger_from and c.called_at < ledger_to
      ) s
      group by 1, 4, 5, 6, 7;
  else
    return query
      select case when by_day then s.day end, case when by_user then s.user_id end, case when by_key then s.api_key_id end,
        case when by_endpoint then s.endpoint end, case when by_model then s.model end,
        case when by_operation then s.operation end, s.exact,
        sum(s.calls)::bigint, sum(s.failed_calls)::bigint, sum(s.unpriced_calls)::bigint, sum(s.prompt_tokens)::bigint,
        sum(s.cached_tokens)::bigint, sum(s.cache_write_tokens)::bigint, sum(s.completion_tokens)::bigint,
        sum(s.reasoning_tokens)::bigint, parlance.capped(sum(s.cost))
      from (
        select u.starts as day, nullif(u.user_id, '00000000-0000-0000-0000-000000000000') as user_id,
          nullif(u.api_key_id, '00000000-0000-0000-0000-000000000000') as api_key_id, u.endpoint, u.model, u.operation, u.exact,
          u.calls, u.failed_calls, u.unpriced_calls, u.prompt_tokens, u.cached_tokens, u.cache_write_tokens,
          u.completion_tokens, u.reasoning_tokens, u.cost
        from parlance.usage_ranges(p_from, rolled_to, by_day) r
        join parlance.usage_of_users u on u.period = r.period and u.starts >= r.first and u.starts < r.after
        where p_user is null or u.user_id = p_user
        union all
        select parlance.period_start('day', c.called_at), c.user_id, c.api_key_id, c.endpoint, c.model, c.operation, c.exact,
          1, (c.outcome = 'failed')::integer, (c.cost is null)::integer, c.prompt_tokens, c.cached_tokens,
          c.cache_write_tokens, c.completion_tokens, c.reasoning_tokens, coalesce(c.cost, 0)
        from parlance.provider_calls c
        where c.called_at >= ledger_from and c.called_at < ledger_to
          and (p_user is null or c.user_id = p_user)
      ) s
      group by 1, 2, 3, 4, 5, 6, 7;
  end if;
end
$$;

-- The same of every tenant, for the platform's role: of users and keys it may see nothing, here or in the tables.
create function usage_of_tenants(p_from date, p_to date, p_by text[])
returns table (tenant_id uuid, day date, endpoint text, model text, operation text, exact boolean, calls bigint,
  failed_calls bigint, unpriced_calls bigint, prompt_tokens bigint, cached_tokens bigint, cache_write_tokens bigint,
  completion_tokens bigint, reasoning_tokens bigint, cost bigint)
language plpgsql
as $$
declare
  candidate uuid;
begin
  for candidate in select t.id from parlance.tenants t loop
    perform set_config('app.tenant_id', candidate::text, true);
    return query
      select candidate, s.day, s.endpoint, s.model, s.operation, s.exact, s.calls, s.failed_calls, s.unpriced_calls,
        s.prompt_tokens, s.cached_tokens, s.cache_write_tokens, s.completion_tokens, s.reasoning_tokens, s.cost
      from parlance.usage_sums(p_from, p_to, p_by, null) s;
  end loop;
  perform set_config('app.tenant_id', '', true);
end
$$;

call run_as_definer('roll_up_usage(uuid, integer)', 'app');

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  platform constant text := current_setting('parlance.role_prefix') || '_platform';
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
  target regprocedure;
  name text;
begin
  foreach name in array array['usage_of_users', 'usage_totals', 'usage_rolled'] loop
    execute format('create policy definer on %I to %I using (true) with check (true)', name, definer);
    execute format('grant select, insert, update on %I to %I', name, definer);
  end loop;
  foreach name in array array['usage_totals', 'usage_rolled', 'provider_calls'] loop
    execute format('create policy platform on %I for select to %I using (true)', name, platform);
  end loop;
  execute format('grant select on usage_totals, usage_rolled to %I', platform);
  -- Of a call neither whose it was nor which.
  execute format('grant select (tenant_id, called_at, operation, outcome, endpoint, model, prompt_tokens, cached_tokens,
    cache_write_tokens, completion_tokens, reasoning_tokens, exact, cost) on provider_calls to %I', platform);
  foreach target in array array[
    'capped(numeric)',
    'day_start(date)',
    'add_usage(usage_of_users[])',
    'usage_of_call(provider_calls, integer)',
    'count_late_call()',
    'roll_up_day(uuid, date)',
    'usage_ranges(date, date, boolean)',
    'usage_sums(date, date, text[], uuid)',
    'usage_of_tenants(date, date, text[])'
  ]::regprocedure[] loop
    execute format('revoke all on function %s from public', target);
  end loop;
  execute format('grant execute on function capped(numeric), day_start(date), usage_ranges(date, date, boolean),
    usage_sums(date, date, text[], uuid), period_start(text, timestamptz) to %I, %I', app, platform);
  execute format('grant execute on function add_usage(usage_of_users[]), usage_of_call(provider_calls, integer),
    count_late_call() to %I, %I', app, definer);
  execute format('grant execute on function capped(numeric), day_start(date), roll_up_day(uuid, date) to %I', definer);
  execute format('grant execute on function usage_of_tenants(date, date, text[]) to %I', platform);
end
$$;
