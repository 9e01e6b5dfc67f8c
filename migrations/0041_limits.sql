-- Who may spend how much. A limit that is not set is the next wider one's: a user's own, those of all users of the tenant,
-- the deployment's. A limit that is null is none.
alter table tenants add column limits jsonb not null default '{}', add column user_limits jsonb not null default '{}';
alter table users add column limits jsonb not null default '{}';

-- What is being spent: a row for every answer that is made and everything else that a provider is asked for, until its
-- end is told. A slot is one of as many as there may be at once: of many that begin at the same moment no two have the
-- same, and none waits for another but where they happen to try the same.
create table reservations (
  tenant_id uuid not null default current_tenant(),
  id uuid not null,
  user_id uuid not null,
  api_key_id uuid,
  tenant_slot integer,
  user_slot integer,
  key_slot integer,
  operation text not null,
  endpoint text not null,
  model text not null,
  -- The most it is expected to take, and in nano-USD to cost; and what it is settled by if nobody tells its end.
  prompt_tokens integer not null,
  completion_tokens integer not null,
  cost bigint,
  input_price bigint,
  output_price bigint,
  price_table text not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id)
);
create unique index reservations_of_tenant on reservations (tenant_id, tenant_slot) where tenant_slot is not null;
create unique index reservations_of_user on reservations (tenant_id, user_id, user_slot) where user_slot is not null;
create unique index reservations_of_key on reservations (tenant_id, api_key_id, key_slot) where key_slot is not null;
call guard_tenant_table('reservations', 'select, insert, delete');

-- What has been spent in a day or a month of UTC, where there is a limit to it: of the tenant, a user, a key.
create table spending (
  tenant_id uuid not null default current_tenant(),
  scope text not null,
  subject uuid not null,
  period text not null,
  starts date not null,
  tokens bigint not null,
  -- In nano-USD.
  cost bigint not null,
  primary key (tenant_id, scope, subject, period, starts),
  check (scope in ('tenant', 'user', 'key')),
  check (period in ('day', 'month'))
);
call guard_tenant_table('spending', 'select, insert, update, delete');

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  platform constant text := current_setting('parlance.role_prefix') || '_platform';
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  execute format('grant update (user_limits) on tenants to %I', app);
  execute format('grant update (limits) on tenants to %I', platform);
  execute format('grant update (limits) on users to %I', app);
  execute format('create policy definer on reservations to %I using (true) with check (true)', definer);
  execute format('grant select, delete, update (created_at) on reservations to %I', definer);
  execute format('create policy definer on spending to %I using (true) with check (true)', definer);
  execute format('grant select, update, delete on spending to %I', definer);
end
$$;

-- The beginning of the day or the month of UTC that a time is in.
create function period_start(p_period text, p_at timestamptz) returns date
language sql stable
as $$ select date_trunc(p_period, p_at at time zone 'UTC')::date $$;

-- One of 1 to p_most that p_taken does not hold, any of them; null if there is none. Of very many a few are tried first.
create function free_slot(p_taken integer[], p_most integer) returns integer
language plpgsql
as $$
declare
  slot integer;
begin
  for attempt in 1 .. 8 loop
    slot := 1 + floor(random() * p_most);
    if slot <= p_most and slot <> all (p_taken) then
      return slot;
    end if;
  end loop;
  return (select free.slot from generate_series(1, p_most) as free(slot) where free.slot <> all (p_taken)
          order by random() limit 1);
end
$$;

-- Takes one of the requests of this minute for each limit there is. What refuses it, if anything does.
create function take_request(p_limits jsonb) returns jsonb
language plpgsql
as $$
declare
  keys bytea[];
  rates integer[];
  scopes text[];
  taken record;
begin
  select array_agg(convert_to('chat ' || parlance.current_tenant() || ' ' || l.scope || ' ' || l.subject, 'UTF8') order by l.scope),
         array_agg(l.requests_per_minute order by l.scope), array_agg(l.scope order by l.scope)
    into keys, rates, scopes
  from jsonb_to_recordset(p_limits) as l(scope text, subject uuid, requests_per_minute integer)
  where l.requests_per_minute is not null;
  if keys is null then
    return null;
  end if;
  for n in 1 .. cardinality(rates) loop
    if rates[n] = 0 then
      return jsonb_build_object('limit', 'requests_per_minute', 'scope', scopes[n], 'most', 0, 'left', 0, 'reset', 60);
    end if;
  end loop;
  select t.place, t.wait into taken from parlance.rate_limit_take(keys, rates) t;
  if taken.place is not null then
    return jsonb_build_object('limit', 'requests_per_minute', 'scope', scopes[taken.place], 'most', rates[taken.place],
      'left', 0, 'reset', ceil(taken.wait));
  end if;
  return null;
end
$$;

-- Reserves what p_asked may take, in one of the slots of each limit there is: so many of the tenant's, the user's, the key's.
-- What refuses it, if anything does.
create function take_slots(
  p_id uuid, p_user uuid, p_key uuid, p_of_tenant integer, p_of_user integer, p_of_key integer, p_asked jsonb
) returns jsonb
language plpgsql
as $$
declare
  tenant_slot integer;
  user_slot integer;
  key_slot integer;
  full_scope text;
begin
  loop
    if p_of_tenant is not null then
      tenant_slot := parlance.free_slot(array(
        select r.tenant_slot from parlance.reservations r where r.tenant_slot is not null), p_of_tenant);
    end if;
    if p_of_user is not null then
      user_slot := parlance.free_slot(array(
        select r.user_slot from parlance.reservations r where r.user_id = p_user and r.user_slot is not null), p_of_user);
    end if;
    if p_of_key is not null then
      key_slot := parlance.free_slot(array(
        select r.key_slot from parlance.reservations r where r.api_key_id = p_key and r.key_slot is not null), p_of_key);
    end if;
    full_scope := case
      when p_of_user is not null and user_slot is null then 'user'
      when p_of_key is not null and key_slot is null then 'key'
      when p_of_tenant is not null and tenant_slot is null then 'tenant' end;
    if full_scope is not null then
      return jsonb_build_object('limit', 'concurrent_answers', 'scope', full_scope, 'most',
        case full_scope when 'user' then p_of_user when 'key' then p_of_key else p_of_tenant end, 'left', 0, 'reset', 1);
    end if;
    insert into parlance.reservations (id, user_id, api_key_id, tenant_slot, user_slot, key_slot, operation, endpoint, model,
      prompt_tokens, completion_tokens, cost, input_price, output_price, price_table)
    select p_id, p_user, p_key, tenant_slot, user_slot, key_slot, a.operation, a.endpoint, a.model,
      a.prompt_tokens, a.completion_tokens, a.cost, a.input_price, a.output_price, a.price_table
    from jsonb_to_record(p_asked) as a(operation text, endpoint text, model text, prompt_tokens integer,
      completion_tokens integer, cost bigint, input_price bigint, output_price bigint, price_table text)
    on conflict do nothing;
    exit when found;
  end loop;
  return null;
end
$$;

-- What the limits to tokens and money leave for the call p_id, which has its reservation: of each what it is, what has been
-- spent and reserved by others, and what the call reserves.
create function budgets_left(p_id uuid, p_limits jsonb)
returns table (scope text, name text, most bigint, used numeric, wanted bigint, resets timestamptz)
language sql
as $$
  select l.scope, p.name, p.most, case when p.is_money then s.cost else s.tokens end + reserved.others, reserved.own,
         (s.starts + ('1 ' || p.period)::interval) at time zone 'UTC'
  from jsonb_to_recordset(p_limits) as l(scope text, subject uuid, tokens_per_day bigint, tokens_per_month bigint,
      cost_per_day numeric, cost_per_month numeric)
  cross join lateral (values ('tokens_per_day', 'day', l.tokens_per_day, false),
                    ('tokens_per_month', 'month', l.tokens_per_month, false),
                    ('cost_per_day', 'day', (l.cost_per_day * 1000000000)::bigint, true),
                    ('cost_per_month', 'month', (l.cost_per_month * 1000000000)::bigint, true))
      as p(name, period, most, is_money)
  join parlance.spending s on s.scope = l.scope and s.subject = l.subject and s.period = p.period
    and s.starts = parlance.period_start(p.period, now())
  cross join lateral (
      select coalesce(sum(case when p.is_money then r.cost else r.prompt_tokens::bigint + r.completion_tokens end)
               filter (where r.id is distinct from p_id), 0) as others,
             coalesce(sum(case when p.is_money then r.cost else r.prompt_tokens::bigint + r.completion_tokens end)
               filter (where r.id = p_id), 0)::bigint as own
      from parlance.reservations r
      where l.scope = 'tenant' or l.scope = 'user' and r.user_id = l.subject or l.scope = 'key' and r.api_key_id = l.subject
    ) reserved
  where p.most is not null
$$;

-- Sees to it that whatever is limited to tokens or money is counted. Whether anything is.
create function count_spending(p_limits jsonb) returns boolean
language plpgsql
as $$
declare
  tenant constant uuid := parlance.current_tenant();
  budget record;
  has_any boolean := false;
begin
  for budget in
    select l.scope, l.subject, p.period, parlance.period_start(p.period, now()) as starts
    from jsonb_to_recordset(p_limits) as l(scope text, subject uuid, tokens_per_day bigint, tokens_per_month bigint,
        cost_per_day numeric, cost_per_month numeric),
      lateral (values ('day', coalesce(l.tokens_per_day, l.cost_per_day)),
                      ('month', coalesce(l.tokens_per_month, l.cost_per_month))) as p(period, most)
    where p.most is not null
    order by 1, 2, 3
  loop
    has_any := true;
    insert into parlance.spending (scope, subject, period, starts, tokens, cost)
    values (budget.scope, budget.subject, budget.period, budget.starts, 0, 0)
    on conflict do nothing;
    if found then
      -- Nobody counted until now. Whoever settles at this moment is waited for, and then counts.
      perform pg_advisory_xact_lock(hashtextextended('ledger ' || tenant, 0));
      update parlance.spending s set (tokens, cost) = (
        select coalesce(sum(c.prompt_tokens::bigint + c.completion_tokens), 0), coalesce(sum(c.cost), 0)
        from parlance.provider_calls c
        where c.called_at >= budget.starts::timestamp at time zone 'UTC'
          and (s.scope = 'tenant' or s.scope = 'user' and c.user_id = s.subject
            or s.scope = 'key' and c.api_key_id = s.subject))
      where s.scope = budget.scope and s.subject = budget.subject and s.period = budget.period and s.starts = budget.starts;
    end if;
  end loop;
  return has_any;
end
$$;

-- A limit, and where whoever it binds is with it.
create function limit_state(p_scope text, p_name text, p_most bigint, p_left numeric, p_resets timestamptz) returns jsonb
language sql stable
as $$
  select jsonb_build_object('limit', p_name, 'scope', p_scope, 'most', p_most, 'left', greatest(0, p_left),
    'reset', ceil(extract(epoch from p_resets - now())))
$$;

-- Where whoever they bind is with the limits to tokens and money.
create function limit_states(p_limits jsonb) returns setof jsonb
language plpgsql
as $$
begin
  perform parlance.count_spending(p_limits);
  return query
    select parlance.limit_state(b.scope, b.name, b.most, b.most - b.used, b.resets)
    from parlance.budgets_left(null, p_limits) b order by b.scope, b.name;
end
$$;

-- Whether the call p_id, which has its reservation, is within the limits to tokens and money. What refuses it, if anything
-- does; and of which limit least is left. Of calls that ask at once for the same limit one after the other is answered.
create function within_budgets(p_id uuid, p_limits jsonb, out refusal jsonb, out nearest jsonb)
language plpgsql
as $$
declare
  budget record;
begin
  if not parlance.count_spending(p_limits) then
    return;
  end if;
  perform parlance.lock_spending(array(
    select l.subject from jsonb_to_recordset(p_limits) as l(subject uuid)), now());
  select b.*, b.used + b.wanted > b.most as is_over into budget
  from parlance.budgets_left(p_id, p_limits) b
  order by is_over desc, (b.used + b.wanted) / greatest(b.most, 1) desc
  limit 1;
  if budget.is_over then
    refusal := parlance.limit_state(budget.scope, budget.name, budget.most, budget.most - budget.used, budget.resets);
  else
    nearest := parlance.limit_state(budget.scope, budget.name, budget.most, budget.most - budget.used - budget.wanted,
      budget.resets);
  end if;
end
$$;

-- Locks what is counted of these at that time, in one order whoever does: a tenant, a user, a key. Whether there is any.
create function lock_spending(p_subjects uuid[], p_at timestamptz) returns boolean
language plpgsql
as $$
begin
  perform 1 from parlance.spending s
  where s.subject = any (p_subjects) and s.starts = parlance.period_start(s.period, p_at)
  order by s.scope, s.subject, s.period for update;
  return found;
end
$$;

-- Reserves what a call may take: p_asked, in nano-USD and tokens. What refuses it, if anything does; then nothing is
-- reserved. And of which limit to tokens or money least is left.
create function reserve(
  p_id uuid, p_user uuid, p_key uuid, p_limits jsonb, p_asked jsonb, out refusal jsonb, out nearest jsonb
)
language plpgsql
as $$
declare
  there_is record;
begin
  -- Most have neither of the first two.
  select bool_or(l.requests_per_minute is not null) as a_rate,
         bool_or(coalesce(l.tokens_per_day, l.tokens_per_month, l.cost_per_day, l.cost_per_month) is not null) as a_budget,
         max(l.concurrent_answers) filter (where l.scope = 'tenant') as of_tenant,
         max(l.concurrent_answers) filter (where l.scope = 'user') as of_user,
         max(l.concurrent_answers) filter (where l.scope = 'key') as of_key
    into there_is
  from jsonb_to_recordset(p_limits) as l(scope text, requests_per_minute integer, concurrent_answers integer,
    tokens_per_day bigint, tokens_per_month bigint, cost_per_day numeric, cost_per_month numeric);
  if there_is.a_rate then
    refusal := parlance.take_request(p_limits);
    if refusal is not null then
      return;
    end if;
  end if;
  refusal := parlance.take_slots(p_id, p_user, p_key, there_is.of_tenant, there_is.of_user, there_is.of_key, p_asked);
  if refusal is null and there_is.a_budget then
    select b.refusal, b.nearest into refusal, nearest from parlance.within_budgets(p_id, p_limits) b;
    if refusal is not null then
      delete from parlance.reservations r where r.id = p_id;
    end if;
  end if;
end
$$;

-- Settles what was reserved as p_id by the calls that were made: writes them down and counts them, each once, also where
-- this is said twice, or by two: by whoever made them, and by the sweep that took that one for dead. The last one's counts
-- are kept, and then it is whoever made them.
create function settle(p_id uuid, p_user uuid, p_key uuid, p_calls jsonb) returns void
language plpgsql
as $$
declare
  tenant constant uuid := parlance.current_tenant();
  began timestamptz;
  is_first boolean;
  call record;
  before_tokens bigint;
  before_cost bigint;
  new_tokens bigint := 0;
  new_cost bigint := 0;
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('ledger ' || tenant, 0));
  delete from parlance.reservations r where r.id = p_id returning r.created_at into began;
  is_first := found;
  if is_first then
    with written as (
      insert into parlance.provider_calls (id, called_at, operation, outcome, user_id, api_key_id, endpoint, model,
        response_model, service_tier, prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens, reasoning_tokens,
        exact, price_table, cost)
      select c.id, began, c.operation, c.outcome, p_user, p_key, c.endpoint, c.model, c.response_model, c.service_tier,
        c.prompt_tokens, c.cached_tokens, c.cache_write_tokens, c.completion_tokens, c.reasoning_tokens, c.exact,
        c.price_table, c.cost
      from jsonb_to_recordset(p_calls) as c(id uuid, operation text, outcome text, endpoint text, model text,
        response_model text, service_tier text, prompt_tokens integer, cached_tokens integer, cache_write_tokens integer,
        completion_tokens integer, reasoning_tokens integer, exact boolean, price_table text, cost bigint)
      returning prompt_tokens::bigint + completion_tokens as tokens, cost
    )
    select coalesce(sum(w.tokens), 0), coalesce(sum(w.cost), 0) into new_tokens, new_cost from written w;
  else
    began := coalesce(
      (select c.called_at from parlance.provider_calls c where c.id = p_id limit 1),
      (select m.created_at from parlance.chat_messages m where m.id = p_id),
      now());
    for call in
      select * from jsonb_to_recordset(p_calls) as c(id uuid, operation text, outcome text, endpoint text, model text,
        response_model text, service_tier text, prompt_tokens integer, cached_tokens integer, cache_write_tokens integer,
        completion_tokens integer, reasoning_tokens integer, exact boolean, price_table text, cost bigint)
    loop
      select c.prompt_tokens::bigint + c.completion_tokens, c.cost into before_tokens, before_cost
      from parlance.provider_calls c where c.id = call.id and c.called_at = began for update;
      insert into parlance.provider_calls as c (id, called_at, operation, outcome, user_id, api_key_id, endpoint, model,
        response_model, service_tier, prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens, reasoning_tokens,
        exact, price_table, cost)
      values (call.id, began, call.operation, call.outcome, p_user, p_key, call.endpoint, call.model, call.response_model,
        call.service_tier, call.prompt_tokens, call.cached_tokens, call.cache_write_tokens, call.completion_tokens,
        call.reasoning_tokens, call.exact, call.price_table, call.cost)
      on conflict (tenant_id, id, called_at) do update set
        outcome = excluded.outcome, endpoint = excluded.endpoint, model = excluded.model,
        response_model = excluded.response_model, service_tier = excluded.service_tier,
        prompt_tokens = excluded.prompt_tokens, cached_tokens = excluded.cached_tokens,
        cache_write_tokens = excluded.cache_write_tokens, completion_tokens = excluded.completion_tokens,
        reasoning_tokens = excluded.reasoning_tokens, exact = excluded.exact, price_table = excluded.price_table,
        cost = excluded.cost;
      new_tokens := new_tokens + call.prompt_tokens + call.completion_tokens - coalesce(before_tokens, 0);
      new_cost := new_cost + coalesce(call.cost, 0) - coalesce(before_cost, 0);
    end loop;
  end if;
  if parlance.lock_spending(array[tenant, p_user, p_key], began) then
    update parlance.spending s set tokens = s.tokens + new_tokens, cost = s.cost + new_cost
    where s.subject in (tenant, p_user, p_key) and s.starts = parlance.period_start(s.period, began);
  end if;
end
$$;

-- Settles what dead processes reserved, of the present tenant, as far as it can be told: by the text that there is. What
-- belongs to no answer is dead after a quarter of an hour.
create function settle_lost() returns bigint
language plpgsql
as $$
declare
  mine uuid[];
  lost record;
  settled bigint := 0;
begin
  -- All of them before any is settled, and none that somebody settles at this moment: who has one waits for what is counted.
  mine := array(
    select r.id from parlance.reservations r
    where r.created_at < now() - interval '60 seconds'
      and (r.created_at < now() - interval '15 minutes' or exists (select from parlance.chat_messages m where m.id = r.id))
      and not exists (select from parlance.chat_messages m where m.id = r.id and m.status = 'streaming')
    for update skip locked);
  for lost in
    select r.*, octet_length(m.content) as bytes, coalesce(m.status, 'interrupted') as outcome
    from parlance.reservations r
    left join parlance.chat_messages m on m.id = r.id
    where r.id = any (mine)
  loop
    perform parlance.settle(lost.id, lost.user_id, lost.api_key_id, jsonb_build_array(jsonb_build_object(
      'id', lost.id, 'operation', lost.operation, 'outcome', lost.outcome, 'endpoint', lost.endpoint, 'model', lost.model,
      'prompt_tokens', lost.prompt_tokens, 'cached_tokens', 0, 'cache_write_tokens', 0,
      'completion_tokens', written.tokens, 'reasoning_tokens', 0, 'exact', false, 'price_table', lost.price_table,
      'cost', ceil((lost.prompt_tokens::numeric * lost.input_price + written.tokens::numeric * lost.output_price) / 1000))))
    from (select coalesce(ceil(lost.bytes / 4.0), 0)::integer as tokens) written;
    settled := settled + 1;
  end loop;
  return settled;
end
$$;

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
  target regprocedure;
begin
  foreach target in array array[
    'period_start(text, timestamptz)',
    'free_slot(integer[], integer)',
    'take_request(jsonb)',
    'take_slots(uuid, uuid, uuid, integer, integer, integer, jsonb)',
    'budgets_left(uuid, jsonb)',
    'count_spending(jsonb)',
    'limit_state(text, text, bigint, numeric, timestamptz)',
    'limit_states(jsonb)',
    'within_budgets(uuid, jsonb)',
    'lock_spending(uuid[], timestamptz)',
    'reserve(uuid, uuid, uuid, jsonb, jsonb)',
    'settle(uuid, uuid, uuid, jsonb)',
    'settle_lost()'
  ]::regprocedure[] loop
    execute format('revoke all on function %s from public', target);
    execute format('grant execute on function %s to %I', target, app);
  end loop;
  foreach target in array array[
    'period_start(text, timestamptz)',
    'lock_spending(uuid[], timestamptz)',
    'settle(uuid, uuid, uuid, jsonb)',
    'settle_lost()'
  ]::regprocedure[] loop
    execute format('grant execute on function %s to %I', target, definer);
  end loop;
end
$$;
