-- What each call of a provider took and cost: a row for every call, whatever became of it. By months, so that old ones are
-- dropped and not deleted. The row outlives the conversation and the user it was for.
create table provider_calls (
  tenant_id uuid not null default current_tenant(),
  id uuid not null,
  -- When what it belongs to began: for an answer, when its question was stored.
  called_at timestamptz not null,
  operation text not null,
  outcome text not null,
  user_id uuid,
  api_key_id uuid,
  -- Who was asked for what, and what the response says has answered.
  endpoint text not null,
  model text not null,
  response_model text,
  service_tier text,
  -- Of the prompt's tokens some were read from the provider's cache, some written to it; of the others some are reasoning.
  prompt_tokens integer not null,
  cached_tokens integer not null,
  cache_write_tokens integer not null,
  completion_tokens integer not null,
  reasoning_tokens integer not null,
  -- Whether the provider counted; else it is estimated.
  exact boolean not null,
  -- By which prices, and the cost in nano-USD; null where no price is known.
  price_table text not null,
  cost bigint,
  primary key (tenant_id, id, called_at),
  check (operation in ('chat', 'embedding', 'query_rewriting', 'title', 'rerank')),
  check (outcome in ('complete', 'stopped', 'interrupted', 'failed')),
  check (least(prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens, reasoning_tokens) >= 0),
  check (cost >= 0)
) partition by range (called_at);
create index provider_calls_at on provider_calls (tenant_id, called_at);
call guard_tenant_table('provider_calls', 'select, insert, update');

-- Makes the months that are to come, and drops those that ended over p_months months ago; null keeps all. How many it
-- made and dropped. Owned by who owns the table: nobody else may change it. A new month is attached, which keeps nobody
-- from writing meanwhile.
create function keep_ledger(p_months integer, out made integer, out dropped integer)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  this_month constant date := date_trunc('month', now() at time zone 'UTC');
  month date;
  name text;
begin
  made := 0;
  dropped := 0;
  -- Whose tables they are; it is said while migrations run, and not while the service does.
  perform set_config('parlance.role_prefix', regexp_replace(current_user, '_owner$', ''), true);
  perform pg_advisory_xact_lock(hashtext('parlance.keep_ledger'));
  for n in -1 .. 12 loop
    month := this_month + make_interval(months => n);
    name := 'provider_calls_' || to_char(month, 'YYYYMM');
    if to_regclass('parlance.' || name) is null and (n >= 0 or p_months is null or p_months > 0) then
      execute format('create table %I (like provider_calls including all)', name);
      execute format('alter table provider_calls attach partition %I for values from (%L) to (%L)', name,
        month || ' 00:00+00', (month + interval '1 month')::date || ' 00:00+00');
      call guard_tenant_table(name::regclass, 'select');
      made := made + 1;
    end if;
  end loop;
  for name in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where p_months is not null and i.inhparent = 'provider_calls'::regclass
      and c.relname < 'provider_calls_' || to_char(this_month - make_interval(months => p_months), 'YYYYMM')
  loop
    execute format('alter table provider_calls detach partition %I', name);
    execute format('drop table %I', name);
    dropped := dropped + 1;
  end loop;
end
$$;
revoke all on function keep_ledger(integer) from public;

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  execute format('grant execute on function keep_ledger(integer) to %I', app);
  execute format('create policy definer on provider_calls to %I using (true) with check (true)', definer);
  execute format('grant select, insert, update on provider_calls to %I', definer);
end
$$;
select keep_ledger(null);
