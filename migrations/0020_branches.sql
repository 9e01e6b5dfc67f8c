-- Conversations that branch, answers that can be stopped from anywhere, requests that may be sent twice.
alter table chat_messages
  -- The number of the message that it follows. Null: the one before it, as in every conversation that never branched.
  -- 0: none, it begins the conversation anew.
  add column parent_seq integer,
  -- Whether somebody has asked for its end.
  add column stopping boolean not null default false,
  -- What the model thought before it answered, where that was asked for.
  add column reasoning text,
  -- Which of the tenant's system prompts it was made with.
  add column prompt_version integer,
  -- What it follows was there before it, so there is no cycle.
  add constraint chat_messages_parent check (parent_seq >= 0 and parent_seq < seq);

alter table chat_sessions
  -- The last message of the branch that is shown and goes on. Null: the newest.
  add column active_seq integer,
  -- Whether any message follows another than the one before it.
  add column branched boolean not null default false;

-- What becomes of an answer whose last reader leaves.
alter table tenants add column on_disconnect text not null default 'finish',
  add constraint tenants_on_disconnect check (on_disconnect in ('finish', 'cancel'));

-- Requests that make something, by the key that their client gave them, for a day.
create table idempotency_keys (
  tenant_id uuid not null default current_tenant(),
  user_id uuid not null,
  -- What it was sent to.
  route text not null,
  key text not null,
  -- Of what was asked: SHA-256.
  body_hash bytea not null,
  -- The id of what it made.
  made uuid not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, user_id, route, key),
  foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index idempotency_keys_age on idempotency_keys (tenant_id, created_at);
call guard_tenant_table('idempotency_keys', 'select, insert, update, delete');

do $$
declare
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
  app constant text := current_setting('parlance.role_prefix') || '_app';
begin
  execute format('create policy definer on idempotency_keys to %I using (true) with check (true)', definer);
  execute format('grant select, delete on idempotency_keys to %I', definer);
  execute format('grant update (status, error_code) on chat_messages to %I', definer);
  execute format('grant update (on_disconnect) on tenants to %I', app);
end
$$;

-- As before; and an answer whose process is gone says so by a code that the end of a living one overrules, or has the end
-- that was asked for. Keys of requests are forgotten after a day.
create or replace function sweep(p_after uuid, p_limit integer)
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
    update chat_messages m set
      status = case when m.stopping then 'stopped' else 'interrupted' end,
      error_code = case when m.stopping then null else 'answer_interrupted' end
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
    delete from idempotency_keys k
    where k.tenant_id = candidate and k.created_at < now() - interval '24 hours';
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
