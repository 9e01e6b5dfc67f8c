-- How often something may be done: token buckets that every process shares. A key is a hash of what and who, so the
-- table tells no address. Unlogged: after a crash of the server everybody starts with a full bucket.
create unlogged table rate_buckets (
  key bytea primary key,
  tokens double precision not null,
  at timestamptz not null
);
create index rate_buckets_at on rate_buckets (at);
alter table rate_buckets enable row level security;
alter table rate_buckets force row level security;

do $$
declare
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  execute format('create policy definer on rate_buckets to %I using (true) with check (true)', definer);
  execute format('grant select, insert, update, delete on rate_buckets to %I', definer);
end
$$;

-- Takes a token from each bucket, in order, until one is empty: then its place and the seconds until it has one again.
-- A bucket holds p_per_minute tokens and is full after a minute. One statement decides, so that of many at once
-- exactly as many succeed as there are tokens.
create function rate_limit_take(p_keys bytea[], p_per_minute integer[], out place integer, out wait double precision)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  bucket bytea;
  most double precision;
  clock timestamptz;
  left_over double precision;
begin
  for i in 1 .. cardinality(p_keys) loop
    bucket := sha256(p_keys[i]);
    most := p_per_minute[i];
    clock := clock_timestamp();
    insert into rate_buckets as b (key, tokens, at) values (bucket, most - 1, clock)
    on conflict (key) do update
      set tokens = least(most, b.tokens + extract(epoch from clock - b.at) * most / 60) - 1, at = clock
      where least(most, b.tokens + extract(epoch from clock - b.at) * most / 60) >= 1;
    if not found then
      select b.tokens + extract(epoch from clock - b.at) * most / 60 into left_over
      from rate_buckets b where b.key = bucket;
      place := i;
      wait := greatest(0, (1 - coalesce(left_over, 0)) * 60 / most);
      return;
    end if;
  end loop;
end
$$;
call run_as_definer('rate_limit_take(bytea[], integer[])', 'app');

-- A bucket that nobody has touched for a minute is full, like one that is not there.
create function rate_limit_forget() returns bigint
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  gone bigint;
begin
  delete from rate_buckets where at < now() - interval '2 minutes';
  get diagnostics gone = row_count;
  return gone;
end
$$;
call run_as_definer('rate_limit_forget()', 'app');
