-- As before, but no further than the first tenant in which a call was settled: whoever asks there waits for what that locks, until
-- the step is committed.
create or replace function sweep(p_after uuid, p_limit integer)
returns table (last_tenant uuid, answers bigint, documents bigint, logins bigint)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  candidate uuid;
  seen integer := 0;
  settled bigint := 0;
  changed bigint;
begin
  answers := 0;
  documents := 0;
  logins := 0;
  for candidate in
    select t.id from tenants t where p_after is null or t.id > p_after order by t.id limit p_limit
  loop
    perform set_config('app.tenant_id', candidate::text, true);
    update chat_messages m set
      status = case when m.stopping then 'stopped' else 'interrupted' end,
      error_code = case when m.stopping then null else 'answer_interrupted' end
    where m.tenant_id = candidate and m.status = 'streaming' and m.heartbeat_at < now() - interval '60 seconds';
    get diagnostics changed = row_count;
    answers := answers + changed;
    settled := settle_lost();
    delete from spending s where s.tenant_id = candidate and s.starts < now() - interval '3 months';
    update documents d set status = 'failed',
      error = 'interrupted: The service stopped while it indexed this document. Delete it and add it again.'
    where d.tenant_id = candidate and d.status = 'pending' and d.created_at < now() - interval '15 minutes'
      and not exists (select from jobs j where j.document_id = d.id);
    get diagnostics changed = row_count;
    documents := documents + changed;
    delete from login_sessions s
    where s.tenant_id = candidate and s.expires_at < now() - interval '30 days';
    get diagnostics changed = row_count;
    logins := logins + changed;
    delete from idempotency_keys k
    where k.tenant_id = candidate and k.created_at < now() - interval '24 hours';
    seen := seen + 1;
    last_tenant := candidate;
    exit when settled > 0;
  end loop;
  perform set_config('app.tenant_id', '', true);
  if seen < p_limit and settled = 0 then
    last_tenant := null;
  end if;
  return next;
end
$$;
