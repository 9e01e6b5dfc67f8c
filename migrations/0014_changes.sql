-- What every process remembers for a moment (who a caller is, what a tenant is set to) is told to them all when it
-- changes, by whomever. A notification carries nothing but the id of a user or tenant. None is sent by what happens
-- often: a login, a refresh, a message. (Transactions that notify take turns when they commit.)
create function tell_change() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
declare
  changed constant jsonb := case tg_op when 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
begin
  perform pg_notify('parlance', tg_argv[0] || ' ' || (changed ->> tg_argv[1]));
  return null;
end
$$;

create trigger tell_change after delete or update of email, full_name, role, is_active, is_superuser on users
  for each row execute function tell_change('user', 'id');
create trigger tell_change after update of revoked_at on login_sessions
  for each row when (old.revoked_at is distinct from new.revoked_at) execute function tell_change('user', 'user_id');
create trigger tell_change after delete or update on tenants
  for each row execute function tell_change('tenant', 'id');
create trigger tell_change after insert or delete or update on tenant_secrets
  for each row execute function tell_change('tenant', 'tenant_id');
