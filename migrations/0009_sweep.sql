-- What a process that died has left behind, and logins that ended long ago: put right across tenants, some at a time.
create index chat_messages_streaming on chat_messages (tenant_id, heartbeat_at) where status = 'streaming';
create index documents_pending on documents (tenant_id, created_at) where status = 'pending';
create index login_sessions_expires on login_sessions (tenant_id, expires_at);

do $$
declare
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  execute format('create policy definer on chat_messages to %I using (true) with check (true)', definer);
  execute format('grant select, update (status) on chat_messages to %I', definer);
  execute format('create policy definer on documents to %I using (true) with check (true)', definer);
  execute format('grant select, update (status, error) on documents to %I', definer);
  execute format('create policy definer on login_sessions to %I using (true) with check (true)', definer);
  execute format('grant select, delete on login_sessions to %I', definer);
end
$$;

-- Sweeps the p_limit tenants that follow p_after. `last_tenant` is where to go on; null when there are no more. Under
-- each tenant's own row-level security, one after the other. Safe to run by several at once: every change is
-- conditional on what it changes.
create function sweep(p_after uuid, p_limit integer)
returns table (last_tenant uuid, answers bigint, documents bigint, logins bigint)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  candidate uuid;
  seen integer := 0;
  changed bigint;
begin
  answers := 0;
  documents := 0;
  logins := 0;
  for candidate in
    select t.id from tenants t where p_after is null or t.id > p_after order by t.id limit p_limit
  loop
    perform set_config('app.tenant_id', candidate::text, true);
    update chat_messages m set status = 'interrupted'
    where m.tenant_id = candidate and m.status = 'streaming' and m.heartbeat_at < now() - interval '60 seconds';
    get diagnostics changed = row_count;
    answers := answers + changed;
    update documents d set status = 'failed',
      error = 'interrupted: The service stopped while it indexed this document. Delete it and add it again.'
    where d.tenant_id = candidate and d.status = 'pending' and d.created_at < now() - interval '15 minutes';
    get diagnostics changed = row_count;
    documents := documents + changed;
    delete from login_sessions s
    where s.tenant_id = candidate and s.expires_at < now() - interval '30 days';
    get diagnostics changed = row_count;
    logins := logins + changed;
    seen := seen + 1;
    last_tenant := candidate;
  end loop;
  perform set_config('app.tenant_id', '', true);
  if seen < p_limit then
    last_tenant := null;
  end if;
  return next;
end
$$;
call run_as_definer('sweep(uuid, integer)', 'app');
