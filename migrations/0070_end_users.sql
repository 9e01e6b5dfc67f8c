-- Whom a server of a tenant has asked for, as a hash of what it calls that one: so that what is spent for each can be told.
-- Null for people, who ask themselves, and for what a process that died has left.
alter table provider_calls add column end_user text;

-- As before, with whom it was for.
create or replace function settle(p_id uuid, p_user uuid, p_key uuid, p_calls jsonb) returns boolean
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
      exact, price_table, cost, end_user)
    select c.id, r.created_at, c.operation, c.outcome, p_user, p_key, c.endpoint, c.model, c.response_model, c.service_tier,
      c.prompt_tokens, c.cached_tokens, c.cache_write_tokens, c.completion_tokens, c.reasoning_tokens, c.exact,
      c.price_table, c.cost, c.end_user
    from reserved r, jsonb_to_recordset(p_calls) as c(id uuid, operation text, outcome text, endpoint text, model text,
      response_model text, service_tier text, prompt_tokens integer, cached_tokens integer, cache_write_tokens integer,
      completion_tokens integer, reasoning_tokens integer, exact boolean, price_table text, cost bigint,
      end_user text)
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
        completion_tokens integer, reasoning_tokens integer, exact boolean, price_table text, cost bigint,
        end_user text)
    loop
      select c.prompt_tokens::bigint + c.completion_tokens, c.cost into before_tokens, before_cost
      from parlance.provider_calls c where c.id = call.id and c.called_at = began for update;
      insert into parlance.provider_calls as c (id, called_at, operation, outcome, user_id, api_key_id, endpoint, model,
        response_model, service_tier, prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens, reasoning_tokens,
        exact, price_table, cost, end_user)
      values (call.id, began, call.operation, call.outcome, p_user, p_key, call.endpoint, call.model, call.response_model,
        call.service_tier, call.prompt_tokens, call.cached_tokens, call.cache_write_tokens, call.completion_tokens,
        call.reasoning_tokens, call.exact, call.price_table, call.cost, call.end_user)
      on conflict (tenant_id, id, called_at) do update set
        outcome = excluded.outcome, endpoint = excluded.endpoint, model = excluded.model,
        response_model = excluded.response_model, service_tier = excluded.service_tier,
        prompt_tokens = excluded.prompt_tokens, cached_tokens = excluded.cached_tokens,
        cache_write_tokens = excluded.cache_write_tokens, completion_tokens = excluded.completion_tokens,
        reasoning_tokens = excluded.reasoning_tokens, exact = excluded.exact, price_table = excluded.price_table,
        cost = excluded.cost, end_user = excluded.end_user;
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

-- As usage_sums, and also by end user, or of one of them. Those are too many to be rolled up: their calls are read one by one.
create function usage_of(p_from date, p_to date, p_by text[], p_user uuid, p_end_user text)
returns table (day date, user_id uuid, api_key_id uuid, endpoint text, model text, operation text, end_user text, exact boolean,
  calls bigint, failed_calls bigint, unpriced_calls bigint, prompt_tokens bigint, cached_tokens bigint,
  cache_write_tokens bigint, completion_tokens bigint, reasoning_tokens bigint, cost bigint)
language plpgsql
as $$
begin
  if p_end_user is null and 'end_user' <> all (p_by) then
    return query
      select s.day, s.user_id, s.api_key_id, s.endpoint, s.model, s.operation, null::text, s.exact,
        s.calls, s.failed_calls, s.unpriced_calls, s.prompt_tokens, s.cached_tokens,
        s.cache_write_tokens, s.completion_tokens, s.reasoning_tokens, s.cost
      from parlance.usage_sums(p_from, p_to, p_by, p_user) s;
  else
    return query
      select case when 'day' = any (p_by) then parlance.period_start('day', c.called_at) end,
        case when 'user' = any (p_by) then c.user_id end, case when 'key' = any (p_by) then c.api_key_id end,
        case when 'endpoint' = any (p_by) then c.endpoint end, case when 'model' = any (p_by) then c.model end,
        case when 'operation' = any (p_by) then c.operation end, case when 'end_user' = any (p_by) then c.end_user end, c.exact,
        count(*), count(*) filter (where c.outcome = 'failed'), count(*) filter (where c.cost is null),
        sum(c.prompt_tokens)::bigint, sum(c.cached_tokens)::bigint, sum(c.cache_write_tokens)::bigint,
        sum(c.completion_tokens)::bigint, sum(c.reasoning_tokens)::bigint, parlance.capped(coalesce(sum(c.cost), 0))
      from parlance.provider_calls c
      where c.called_at >= parlance.day_start(p_from) and c.called_at < parlance.day_start(p_to + 1)
        and (p_user is null or c.user_id = p_user) and (p_end_user is null or c.end_user = p_end_user)
      group by 1, 2, 3, 4, 5, 6, 7, 8;
  end if;
end
$$;

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
begin
  revoke all on function usage_of(date, date, text[], uuid, text) from public;
  execute format('grant execute on function usage_of(date, date, text[], uuid, text) to %I', app);
end
$$;
