-- From where somebody has logged in with which address: a hash of both, so the table tells neither. Whoever comes from
-- there again is counted apart, so that strangers cannot use up what the owner may try.
create table known_clients (
  key bytea primary key,
  at timestamptz not null
);
create index known_clients_at on known_clients (at);
alter table known_clients enable row level security;
alter table known_clients force row level security;

do $$
declare
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  execute format('create policy definer on known_clients to %I using (true) with check (true)', definer);
  execute format('grant select, insert, update, delete on known_clients to %I', definer);
end
$$;

-- Notes that a login from there went well.
create function remember_client(p_key bytea) returns void
language sql security definer
set search_path = parlance, pg_temp
as $$
  insert into known_clients as c (key, at) values (sha256(p_key), now())
  on conflict (key) do update set at = excluded.at where c.at < now() - interval '1 day'
$$;
call run_as_definer('remember_client(bytea)', 'app');

-- Takes a token for a login: from the client's bucket, and only if that has one from the account's; or from a bucket of
-- their own, if such a login went well before, and one that all clients of that kind share, since whoever has a copy of the
-- address in another tenant can become one. The place of the empty one (1, 2) and the seconds until it has one again.
create function rate_limit_login(
  p_client bytea, p_account bytea, p_both bytea, p_per_client integer, p_per_account integer,
  out place integer, out wait double precision)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
begin
  if p_client is not null then
    select taken.place, taken.wait into place, wait
    from rate_limit_take(array[p_client], array[p_per_client]) taken;
    if place is not null then
      return;
    end if;
  end if;
  if exists (select from known_clients c where c.key = sha256(p_both)) then
    select case when taken.place is not null then 2 end, taken.wait into place, wait
    from rate_limit_take(array[p_both, p_account || '\x006b6e6f776e'::bytea],
                         array[p_per_account, 6 * p_per_account]) taken;
    return;
  end if;
  select taken.place + 1, taken.wait into place, wait
  from rate_limit_take(array[p_account], array[p_per_account]) taken;
end
$$;
call run_as_definer('rate_limit_login(bytea, bytea, bytea, integer, integer)', 'app');

-- As before, and clients that have not come for long.
create or replace function rate_limit_forget() returns bigint
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  gone bigint;
begin
  delete from known_clients where at < now() - interval '90 days';
  delete from rate_buckets where at < now() - interval '2 minutes';
  get diagnostics gone = row_count;
  return gone;
end
$$;

-- What a caller may do depends on no name: a change of that wakes nobody.
drop trigger tell_change on users;
create trigger tell_change after delete on users
  for each row execute function tell_change('user', 'id');
create trigger tell_update after update of email, role, is_active, is_superuser on users
  for each row when ((old.email, old.role, old.is_active, old.is_superuser)
    is distinct from (new.email, new.role, new.is_active, new.is_superuser))
  execute function tell_change('user', 'id');

-- The address of a superuser, for the administrators of the tenants that it acts in: there is no such user there.
alter table audit_log add column actor_email text;
