-- A turn in fewer statements. What PostgreSQL does of a turn is mostly to start statements: each that a function runs costs
-- about as much as a row that it writes, whatever it does. An assignment without a subquery is no statement.

-- As before, without a search path of its own, which was set and taken back for each row that was written and read: every
-- name in it says its schema.
create or replace function current_tenant() returns uuid
language plpgsql stable parallel safe
as $$
declare
  tenant constant pg_catalog.text := pg_catalog.current_setting('app.tenant_id', true);
begin
  if tenant is null or tenant operator(pg_catalog.=) '' then
    raise exception 'no tenant context' using errcode = '42501';
  end if;
  return tenant::pg_catalog.uuid;
end
$$;
alter function current_tenant() reset search_path;

-- It is all but empty whenever it is looked at, and has as many dead rows as there were answers in the last minutes. A plan
-- that was made for a page of it would read all of those: it keeps the pages that it had, so that plans use its key.
alter table reservations set (vacuum_truncate = off);

-- As before, with one statement that finds the slots and takes them.
create or replace function take_slots(
  p_id uuid, p_user uuid, p_key uuid, p_of_tenant integer, p_of_user integer, p_of_key integer, p_asked jsonb
) returns jsonb
language plpgsql
as $$
declare
  full_scope text;
begin
  loop
    insert into parlance.reservations (id, user_id, api_key_id, tenant_slot, user_slot, key_slot, operation, endpoint, model,
      prompt_tokens, completion_tokens, cost, input_price, output_price, price_table)
    select p_id, p_user, p_key, free.tenant_slot, free.user_slot, free.key_slot, p_asked ->> 'operation',
      p_asked ->> 'endpoint', p_asked ->> 'model', (p_asked ->> 'prompt_tokens')::integer,
      (p_asked ->> 'completion_tokens')::integer, (p_asked ->> 'cost')::bigint, (p_asked ->> 'input_price')::bigint,
      (p_asked ->> 'output_price')::bigint, p_asked ->> 'price_table'
    from (select
      case when p_of_tenant is not null then parlance.free_slot(array(
        select r.tenant_slot from parlance.reservations r where r.tenant_slot is not null), p_of_tenant) end as tenant_slot,
      case when p_of_user is not null then parlance.free_slot(array(
        select r.user_slot from parlance.reservations r where r.user_id = p_user and r.user_slot is not null), p_of_user)
        end as user_slot,
      case when p_of_key is not null then parlance.free_slot(array(
        select r.key_slot from parlance.reservations r where r.api_key_id = p_key and r.key_slot is not null), p_of_key)
        end as key_slot) free
    where (p_of_tenant is null or free.tenant_slot is not null) and (p_of_user is null or free.user_slot is not null)
      and (p_of_key is null or free.key_slot is not null)
    on conflict do nothing;
    if found then
      return null;
    end if;
    -- There was none, or somebody took it at this moment.
    full_scope := (
      select case
        when count(*) filter (where r.user_id = p_user and r.user_slot <= p_of_user) >= p_of_user then 'user'
        when count(*) filter (where r.api_key_id = p_key and r.key_slot <= p_of_key) >= p_of_key then 'key'
        when count(*) filter (where r.tenant_slot <= p_of_tenant) >= p_of_tenant then 'tenant' end
      from parlance.reservations r);
    if full_scope is not null then
      return jsonb_build_object('limit', 'concurrent_answers', 'scope', full_scope, 'most',
        case full_scope when 'user' then p_of_user when 'key' then p_of_key else p_of_tenant end, 'left', 0, 'reset', 1);
    end if;
  end loop;
end
$$;

-- As before, but reads what is set without a statement.
create or replace function reserve(
  p_id uuid, p_user uuid, p_key uuid, p_limits jsonb, p_asked jsonb, out refusal jsonb, out nearest jsonb
)
language plpgsql
as $$
begin
  -- Most have neither a rate nor a budget.
  if jsonb_path_exists(p_limits, '$[*].requests_per_minute ? (@ != null)') then
    refusal := parlance.take_request(p_limits);
    if refusal is not null then
      return;
    end if;
  end if;
  refusal := parlance.take_slots(p_id, p_user, p_key,
    jsonb_path_query_first(p_limits, '$[*] ? (@.scope == "tenant").concurrent_answers ? (@ != null)')::integer,
    jsonb_path_query_first(p_limits, '$[*] ? (@.scope == "user").concurrent_answers ? (@ != null)')::integer,
    jsonb_path_query_first(p_limits, '$[*] ? (@.scope == "key").concurrent_answers ? (@ != null)')::integer, p_asked);
  if refusal is null and jsonb_path_exists(p_limits,
    '$[*] ? (@.tokens_per_day != null || @.tokens_per_month != null || @.cost_per_day != null || @.cost_per_month != null)')
  then
    select b.refusal, b.nearest into refusal, nearest from parlance.within_budgets(p_id, p_limits) b;
    if refusal is not null then
      delete from parlance.reservations r where r.id = p_id;
    end if;
  end if;
end
$$;

-- As before; the key names its rows, whatever other users of the tenant have spent.
create or replace function lock_spending(p_subjects uuid[], p_at timestamptz) returns boolean
language plpgsql
as $$
begin
  perform 1 from parlance.spending s
  where s.scope in ('key', 'tenant', 'user') and s.subject = any (p_subjects) and s.period in ('day', 'month')
    and s.starts = parlance.period_start(s.period, p_at)
  order by s.scope, s.subject, s.period for update;
  return found;
end
$$;

-- As before, but what was spent in a month that has begun is read from what is rolled up of it; and whoever finds that
-- something is not counted yet has the lock before it begins to be: of two that each began with another, each would wait
-- for the other.
create or replace function count_spending(p_limits jsonb) returns boolean
language plpgsql
as $$
declare
  budget record;
  has_any boolean;
  is_counted boolean;
begin
  select count(*) > 0, count(*) = count(s.starts) into has_any, is_counted
  from parlance.budgets_of(p_limits) b
  left join parlance.spending s
    on s.scope = b.scope and s.subject = b.subject and s.period = b.period and s.starts = b.starts;
  if is_counted then
    return has_any;
  end if;
  -- Whoever settles at this moment is waited for, and then counts.
  perform pg_advisory_xact_lock(hashtextextended('ledger ' || parlance.current_tenant(), 0));
  for budget in select * from parlance.budgets_of(p_limits) loop
    insert into parlance.spending (scope, subject, period, starts, tokens, cost)
    values (budget.scope, budget.subject, budget.period, budget.starts, 0, 0)
    on conflict do nothing;
    if found then
      update parlance.spending s set (tokens, cost) = (
        select coalesce(sum(u.prompt_tokens + u.completion_tokens), 0), coalesce(sum(u.cost), 0)
        from parlance.usage_sums(budget.starts, (now() at time zone 'UTC')::date,
          case when budget.scope = 'key' then array['key'] else '{}' end,
          case when budget.scope = 'user' then budget.subject end) u
        where budget.scope <> 'key' or u.api_key_id = budget.subject)
      where s.scope = budget.scope and s.subject = budget.subject and s.period = budget.period and s.starts = budget.starts;
    end if;
  end loop;
  return has_any;
end
$$;

-- What of these limits is counted: tokens and money, of whom, since when.
create function budgets_of(p_limits jsonb) returns table (scope text, subject uuid, period text, starts date)
language sql stable
as $$
  select l.scope, l.subject, p.period, parlance.period_start(p.period, now())
  from jsonb_to_recordset(p_limits) as l(scope text, subject uuid, tokens_per_day bigint, tokens_per_month bigint,
      cost_per_day numeric, cost_per_month numeric),
    lateral (values ('day', coalesce(l.tokens_per_day, l.cost_per_day)),
                    ('month', coalesce(l.tokens_per_month, l.cost_per_month))) as p(period, most)
  where p.most is not null
  order by 1, 2, 3
$$;

-- As before, and tells whether it was reserved until now. In one statement, if it was and nothing of it is counted.
drop function settle(uuid, uuid, uuid, jsonb);
create function settle(p_id uuid, p_user uuid, p_key uuid, p_calls jsonb) returns boolean
language plpgsql
as $$
declare
  tenant constant uuid := parlance.current_tenant();
  locked constant text := pg_advisory_xact_lock_shared(hashtextextended('ledger ' || tenant, 0))::text;
  began timestamptz;
  is_counted boolean;
  is_first boolean;
  call record;
  before_tokens bigint;
  before_cost bigint;
  new_tokens bigint := 0;
  new_cost bigint := 0;
begin
  with reserved as (
    delete from parlance.reservations r where r.id = p_id returning r.created_at
  ), written as (
    insert into parlance.provider_calls (id, called_at, operation, outcome, user_id, api_key_id, endpoint, model,
      response_model, service_tier, prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens, reasoning_tokens,
      exact, price_table, cost)
    select c.id, r.created_at, c.operation, c.outcome, p_user, p_key, c.endpoint, c.model, c.response_model, c.service_tier,
      c.prompt_tokens, c.cached_tokens, c.cache_write_tokens, c.completion_tokens, c.reasoning_tokens, c.exact,
      c.price_table, c.cost
    from reserved r, jsonb_to_recordset(p_calls) as c(id uuid, operation text, outcome text, endpoint text, model text,
      response_model text, service_tier text, prompt_tokens integer, cached_tokens integer, cache_write_tokens integer,
      completion_tokens integer, reasoning_tokens integer, exact boolean, price_table text, cost bigint)
    returning prompt_tokens::bigint + completion_tokens as tokens, cost
  )
  select r.created_at, w.tokens, w.cost, exists (
      select from parlance.spending s
      where s.scope in ('key', 'tenant', 'user') and s.subject in (tenant, p_user, p_key) and s.period in ('day', 'month')
        and s.starts = parlance.period_start(s.period, r.created_at))
    into began, new_tokens, new_cost, is_counted
  from reserved r,
    (select coalesce(sum(w.tokens), 0) as tokens, coalesce(sum(w.cost), 0) as cost from written w) w;
  is_first := found;
  if not is_first then
    is_counted := true;
    new_tokens := 0;
    new_cost := 0;
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
  if is_counted and parlance.lock_spending(array[tenant, p_user, p_key], began) then
    update parlance.spending s set tokens = s.tokens + new_tokens, cost = s.cost + new_cost
    where s.scope in ('key', 'tenant', 'user') and s.subject in (tenant, p_user, p_key) and s.period in ('day', 'month')
      and s.starts = parlance.period_start(s.period, began);
  end if;
  return is_first;
end
$$;

-- As before, in one function and not in one that calls another; whoever called that other one is of two releases ago.
drop function begin_turn(uuid, uuid, uuid, uuid, text, uuid, uuid, text, jsonb, text, text, integer, uuid, uuid, text, text, bytea);
create or replace function begin_turn(
  p_tenant uuid, p_new_session uuid, p_user uuid, p_session uuid, p_title text, p_question_id uuid, p_answer_id uuid,
  p_question text, p_metadata jsonb, p_provider text, p_model text, p_prompt_version integer, p_after uuid, p_beside uuid,
  p_beside_role text, p_key text, p_body_hash bytea, p_api_key uuid, p_limits jsonb, p_asked jsonb,
  out outcome text, out made uuid, out session_id uuid, out question_id uuid, out question text, out history jsonb,
  out refusal jsonb, out nearest jsonb
)
language plpgsql
as $$
declare
  in_tenant constant text := set_config('app.tenant_id', p_tenant::text, true);
  claimed record;
  reserved record;
  target record;
  session record;
  parent integer;
  anew constant boolean := p_beside_role is distinct from 'assistant';
begin
  made := p_answer_id;
  question_id := p_question_id;
  if p_key is not null then
    claimed := parlance.claim_key(p_user, 'POST /chat', p_key, p_body_hash, p_answer_id);
    if not claimed.is_new then
      outcome := case when claimed.is_same then 'repeat' else 'other_body' end;
      made := claimed.made;
      return;
    end if;
  end if;

  -- The conversation first, as whoever deletes one: what is counted is not held while it is waited for.
  if p_after is not null or p_beside is not null then
    select m.session_id, m.seq, coalesce(m.parent_seq, m.seq - 1) as parent into target
    from parlance.chat_messages m
    where m.id = coalesce(p_after, p_beside) and m.session_id = coalesce(p_session, m.session_id)
      and m.role = coalesce(p_beside_role, m.role)
      and exists (select from parlance.chat_sessions s where s.id = m.session_id and s.user_id = p_user);
    if found then
      p_session := target.session_id;
      parent := case when p_after is not null then target.seq else target.parent end;
    else
      outcome := 'no_message';
    end if;
  end if;
  if outcome is null and p_session is not null then
    select s.id, s.last_seq, s.branched, coalesce(parent, s.active_seq, s.last_seq) as parent into session
    from parlance.chat_sessions s where s.id = p_session and s.user_id = p_user for no key update;
    if not found then
      outcome := 'no_session';
    end if;
  end if;
  if outcome is null and not anew then
    select m.id, m.content, parlance.said_before(session.id, coalesce(m.parent_seq, m.seq - 1), session.branched)
      into question_id, question, history
    from parlance.chat_messages m where m.session_id = session.id and m.seq = session.parent;
    p_asked := p_asked || jsonb_build_object(
      'prompt_tokens', (p_asked ->> 'prompt_tokens')::integer + ceil(octet_length(question) / 3.0)::integer,
      'cost', (p_asked ->> 'cost')::bigint
        + ceil(ceil(octet_length(question) / 3.0) * (p_asked ->> 'input_price')::numeric / 1000)::bigint);
  end if;
  if outcome is null then
    reserved := parlance.reserve(p_answer_id, p_user, p_api_key, p_limits, p_asked);
    refusal := reserved.refusal;
    nearest := reserved.nearest;
    if refusal is not null then
      outcome := 'limited';
    end if;
  end if;
  if outcome is not null then
    -- It was not taken, so the key is free.
    if p_key is not null then
      delete from parlance.idempotency_keys k
      where k.user_id = p_user and k.route = 'POST /chat' and k.key = p_key;
    end if;
    return;
  end if;

  outcome := 'begun';
  if p_session is null then
    session_id := p_new_session;
    history := '[]';
    with started as (
      insert into parlance.chat_sessions (id, user_id, title, last_seq) values (p_new_session, p_user, p_title, 2)
    ), question as (
      insert into parlance.chat_messages (id, session_id, seq, role, content, status, metadata)
      values (p_question_id, p_new_session, 1, 'user', p_question, 'complete', p_metadata)
    )
    insert into parlance.chat_messages (id, session_id, seq, role, content, status, provider, model, prompt_version)
    values (p_answer_id, p_new_session, 2, 'assistant', '', 'streaming', p_provider, p_model, p_prompt_version);
    return;
  end if;
  session_id := session.id;
  if anew then
    history := parlance.said_before(session.id, session.parent, session.branched);
  end if;
  with continued as (
    update parlance.chat_sessions s set last_seq = session.last_seq + case when anew then 2 else 1 end, active_seq = null,
      branched = session.branched or session.parent <> session.last_seq, updated_at = now()
    where s.id = session.id
  ), question as (
    insert into parlance.chat_messages (id, session_id, seq, parent_seq, role, content, status, metadata)
    select p_question_id, session.id, session.last_seq + 1, nullif(session.parent, session.last_seq), 'user', p_question,
      'complete', p_metadata
    where anew
  )
  insert into parlance.chat_messages (id, session_id, seq, parent_seq, role, content, status, provider, model, prompt_version)
  values (p_answer_id, session.id, session.last_seq + case when anew then 2 else 1 end,
    case when not anew then nullif(session.parent, session.last_seq) end, 'assistant', '', 'streaming', p_provider, p_model,
    p_prompt_version);
end
$$;

-- As before, in one function. First the answer, then what was reserved for it, then what is counted, as the sweep does: else
-- each could wait for the other.
drop function end_answer(uuid, uuid, text, text, text, text, text, integer, integer, boolean, jsonb, text, text);
create or replace function end_answer(
  p_tenant uuid, p_answer uuid, p_status text, p_content text, p_reasoning text, p_finish_reason text, p_error_code text,
  p_prompt_tokens integer, p_completion_tokens integer, p_usage_exact boolean, p_sources jsonb, p_provider text,
  p_model text, p_user uuid, p_api_key uuid, p_calls jsonb
) returns boolean
language plpgsql
as $$
declare
  in_tenant constant text := set_config('app.tenant_id', p_tenant::text, true);
  has_ended boolean;
  was_reserved boolean;
begin
  update parlance.chat_messages m set
    status = p_status, content = p_content, reasoning = p_reasoning, finish_reason = p_finish_reason,
    error_code = p_error_code, prompt_tokens = p_prompt_tokens, completion_tokens = p_completion_tokens,
    usage_exact = p_usage_exact, sources = p_sources, provider = p_provider, model = p_model, heartbeat_at = now()
  where m.id = p_answer and parlance.is_unfinished(m.status, m.error_code, m.finish_reason);
  has_ended := found;
  if not has_ended then
    has_ended := exists (
      select from parlance.chat_messages m where m.id = p_answer and m.status = p_status and m.content = p_content);
  end if;
  was_reserved := parlance.settle(p_answer, p_user, p_api_key, p_calls);
  return has_ended;
end
$$;

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  revoke all on function settle(uuid, uuid, uuid, jsonb), budgets_of(jsonb) from public;
  execute format('grant execute on function settle(uuid, uuid, uuid, jsonb) to %I, %I', app, definer);
  execute format('grant execute on function budgets_of(jsonb) to %I', app);
end
$$;
