-- A day of a tenant with millions of calls took longer to roll up than a statement may take, and then nothing of that tenant and
-- of those after it was rolled up any more. A day is rolled up in pieces, and each is short.

-- Up to when the sums have everything, where that is within the day that `until` names; null where it is that day's beginning.
-- Reports go by `until`: the sums of a day count when the day is whole.
alter table usage_rolled add column through timestamptz;

-- As before, and a piece is over when its day may not be.
create or replace function count_late_call() returns trigger
language plpgsql
as $$
declare
  through timestamptz;
  -- A month's rows have that month's type.
  written constant parlance.provider_calls := jsonb_populate_record(null::parlance.provider_calls, to_jsonb(new));
  counted parlance.usage_of_users[] := array[parlance.usage_of_call(written, 1)];
begin
  select coalesce(r.through, parlance.day_start(r.until)) into through
  from parlance.usage_rolled r where r.tenant_id = new.tenant_id;
  if new.called_at < through then
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

-- Rolls up the next calls of a tenant, all of one day, if that is before p_target: p_most of them, and those of the same
-- moment as the last. How many they were.
create function roll_up_piece(p_tenant uuid, p_target date, p_most integer) returns bigint
language plpgsql
as $$
declare
  through timestamptz;
  first timestamptz;
  after timestamptz;
  this_day date;
  counted parlance.usage_of_users[];
begin
  select coalesce(r.through, parlance.day_start(r.until)) into through
  from parlance.usage_rolled r where r.tenant_id = p_tenant;
  through := coalesce(through, '-infinity');
  if through >= parlance.day_start(p_target) then
    return 0;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('ledger ' || p_tenant, 0));
  select min(c.called_at) into first from parlance.provider_calls c
  where c.tenant_id = p_tenant and c.called_at >= through and c.called_at < parlance.day_start(p_target);
  after := parlance.day_start(p_target);
  if first is not null then
    this_day := parlance.period_start('day', first);
    after := parlance.day_start(this_day + 1);
    after := coalesce(
      (select c.called_at + interval '1 microsecond' from parlance.provider_calls c
       where c.tenant_id = p_tenant and c.called_at >= first and c.called_at < after
       order by c.called_at offset p_most - 1 limit 1),
      after);
    counted := array(
      select row(p_tenant, 'day', this_day, coalesce(c.user_id, '00000000-0000-0000-0000-000000000000'),
        coalesce(c.api_key_id, '00000000-0000-0000-0000-000000000000'),
        c.endpoint, c.model, c.operation, c.exact, count(*), count(*) filter (where c.outcome = 'failed'),
        count(*) filter (where c.cost is null), sum(c.prompt_tokens), sum(c.cached_tokens), sum(c.cache_write_tokens),
        sum(c.completion_tokens), sum(c.reasoning_tokens), parlance.capped(coalesce(sum(c.cost), 0)))::parlance.usage_of_users
      from parlance.provider_calls c
      where c.tenant_id = p_tenant and c.called_at >= first and c.called_at < after
      group by c.user_id, c.api_key_id, c.endpoint, c.model, c.operation, c.exact);
    perform parlance.add_usage(counted);
  end if;
  insert into parlance.usage_rolled as r (tenant_id, until, through)
  values (p_tenant, parlance.period_start('day', after), after)
  on conflict (tenant_id) do update set until = excluded.until, through = excluded.through;
  return coalesce((select sum(c.calls) from unnest(counted) c), 0);
end
$$;

-- As before, by pieces of a day. Nobody who settles waits for more than one of them.
create or replace function roll_up_usage(p_from uuid, p_limit integer, out next_tenant uuid, out calls bigint, out is_busy boolean)
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
    calls := roll_up_piece(candidate, target, 100000);
    seen := seen + 1;
    if calls > 0 then
      next_tenant := candidate;
      exit;
    end if;
  end loop;
  perform set_config('app.tenant_id', '', true);
end
$$;

drop function roll_up_day(uuid, date);

do $$
declare
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  revoke all on function roll_up_piece(uuid, date, integer) from public;
  execute format('grant execute on function roll_up_piece(uuid, date, integer) to %I', definer);
end
$$;
