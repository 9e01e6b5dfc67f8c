-- For what is done too often to ask for each time: a process lets some of it through by itself and then takes tokens for all
-- of that at once, with one for what is asked now. They are taken if there is one at all, as many as there are: `left_over`
-- says how many remain. Else none is, and `wait` is how many seconds it takes until there is one again.
create function rate_limit_spend(
  p_key bytea, p_per_minute integer, p_tokens integer, out left_over double precision, out wait double precision)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  bucket constant bytea := sha256(p_key);
  most constant double precision := p_per_minute;
  clock constant timestamptz := clock_timestamp();
begin
  insert into rate_buckets as b (key, tokens, at) values (bucket, greatest(0, most - p_tokens), clock)
  on conflict (key) do update
    set tokens = greatest(0, least(most, b.tokens + extract(epoch from clock - b.at) * most / 60) - p_tokens), at = clock
    where least(most, b.tokens + extract(epoch from clock - b.at) * most / 60) >= 1
  returning b.tokens into left_over;
  if not found then
    select greatest(0, 1 - b.tokens - extract(epoch from clock - b.at) * most / 60) * 60 / most into wait
    from rate_buckets b where b.key = bucket;
    left_over := 0;
    wait := coalesce(wait, 0);
  end if;
end
$$;
call run_as_definer('rate_limit_spend(bytea, integer, integer)', 'app');
