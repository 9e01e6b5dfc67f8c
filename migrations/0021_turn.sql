-- What a chat turn does in the database, each as one statement that is a transaction by itself: one round trip where
-- begin, the setting, the statement, and commit took three. They are not definers: they run as whoever calls them, under
-- the same row-level security, in the tenant that they are given for that statement alone. Behind a transaction pooler the
-- next statement of the connection does not find the setting.
--
-- The release before calls none of them. A later change of one keeps its arguments, or takes another name.

-- Stores a question and an answer that is `streaming`, in a new conversation or in one of the user's; nulls if it is not
-- the user's. The row lock on the conversation numbers the messages without gaps.
create function begin_turn(
  p_tenant uuid, p_new_session uuid, p_user uuid, p_session uuid, p_title text, p_question_id uuid, p_answer_id uuid,
  p_question text, p_metadata jsonb, p_provider text, p_model text,
  out session_id uuid, out history jsonb
)
language plpgsql
as $$
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  with started as (
    insert into parlance.chat_sessions (id, user_id, title, last_seq)
    select p_new_session, p_user, p_title, 2 where p_session is null
    returning id, last_seq
  ), continued as (
    update parlance.chat_sessions s set last_seq = s.last_seq + 2, updated_at = now()
    where s.id = p_session and s.user_id = p_user
    returning s.id, s.last_seq
  ), session as (
    select * from started union all select * from continued
  ), question as (
    insert into parlance.chat_messages (id, session_id, seq, role, content, status, metadata)
    select p_question_id, s.id, s.last_seq - 1, 'user', p_question, 'complete', p_metadata from session s
  ), answer as (
    insert into parlance.chat_messages (id, session_id, seq, role, content, status, provider, model)
    select p_answer_id, s.id, s.last_seq, 'assistant', '', 'streaming', p_provider, p_model from session s
  )
  select s.id, (
    select coalesce(jsonb_agg(jsonb_build_object('role', h.role, 'content', h.content) order by h.seq), '[]')
    from (select m.seq, m.role, m.content from parlance.chat_messages m
          where m.session_id = s.id and m.content <> ''
          order by m.seq desc limit 40) h
  ) into session_id, history
  from session s;
end
$$;

-- Stores what there is of a running answer. False if it is no longer running.
create function flush_answer(p_tenant uuid, p_answer uuid, p_content text) returns boolean
language plpgsql
as $$
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  update parlance.chat_messages set content = p_content, heartbeat_at = now()
  where id = p_answer and status = 'streaming';
  return found;
end
$$;

-- Ends a running answer. False if something else ended it before: then that stands.
create function end_answer(
  p_tenant uuid, p_answer uuid, p_status text, p_content text, p_finish_reason text, p_error_code text,
  p_prompt_tokens integer, p_completion_tokens integer, p_usage_exact boolean, p_sources jsonb
) returns boolean
language plpgsql
as $$
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  update parlance.chat_messages set
    status = p_status, content = p_content, finish_reason = p_finish_reason, error_code = p_error_code,
    prompt_tokens = p_prompt_tokens, completion_tokens = p_completion_tokens, usage_exact = p_usage_exact,
    sources = p_sources, heartbeat_at = now()
  where id = p_answer and status = 'streaming';
  return found;
end
$$;

-- The passages with these ids that still exist, in no particular order, with a score of 0.
create function passages_by_id(p_tenant uuid, p_ids uuid[])
returns table (document_id uuid, chunk_id uuid, title text, source_url text, text text, score real)
language plpgsql
as $$
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  return query
    select c.document_id, c.id, d.title, d.source_url, c.text, 0::real
    from parlance.document_chunks c
    join parlance.documents d on d.tenant_id = c.tenant_id and d.id = c.document_id
    where d.status = 'ready' and c.id = any (p_ids);
end
$$;

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  target text;
begin
  foreach target in array array[
    'begin_turn(uuid, uuid, uuid, uuid, text, uuid, uuid, text, jsonb, text, text)',
    'flush_answer(uuid, uuid, text)',
    'end_answer(uuid, uuid, text, text, text, text, integer, integer, boolean, jsonb)',
    'passages_by_id(uuid, uuid[])'
  ] loop
    execute format('revoke all on function %s from public', target);
    execute format('grant execute on function %s to %I', target, app);
  end loop;
end
$$;
