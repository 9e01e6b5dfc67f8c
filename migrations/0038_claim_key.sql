-- Takes a key for what is made under it, in the transaction that makes it: of two at once the second waits here. `is_new`,
-- or whether the request that has the key asked for the same, and what it made. Nulls if that is gone meanwhile.
create function claim_key(
  p_user uuid, p_route text, p_key text, p_body_hash bytea, p_made uuid,
  out is_new boolean, out is_same boolean, out made uuid
)
language plpgsql
as $$
begin
  insert into parlance.idempotency_keys as k (user_id, route, key, body_hash, made)
  values (p_user, p_route, p_key, p_body_hash, p_made)
  on conflict (tenant_id, user_id, route, key) do update
    set body_hash = excluded.body_hash, made = excluded.made, created_at = now()
    where k.created_at < now() - interval '24 hours';
  is_new := found;
  select k.body_hash = p_body_hash, k.made into is_same, made
  from parlance.idempotency_keys k
  where k.user_id = p_user and k.route = p_route and k.key = p_key;
end
$$;
revoke all on function claim_key(uuid, text, text, bytea, uuid) from public;

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  platform constant text := current_setting('parlance.role_prefix') || '_platform';
begin
  execute format('grant execute on function claim_key(uuid, text, text, bytea, uuid) to %I, %I', app, platform);
end
$$;
