-- What a chat turn does in the database, each as one statement that is a transaction by itself: one round trip where
-- begin, the setting, the statement, and commit took three. They are not definers: they run as whoever calls them, under
-- the same row-level security, in the tenant that they are given for that statement alone. Behind a transaction pooler the
-- next statement of the connection does not find the setting.
--
-- The release before calls none of them. A later change of one keeps its arguments, or takes another name.

-- What was said up to a message, oldest first: at most 40 messages, and of those whatever has text. A question that its
-- provider refused is left out: sent again, it would be refused again, and everything after it.
create function said_before(p_session uuid, p_seq integer, p_branched boolean) returns jsonb
language plpgsql stable
as $$
begin
  return (
    with recursive branch as (
      select m.seq, coalesce(m.parent_seq, m.seq - 1) as parent, 1 as nth
      from parlance.chat_messages m where p_branched and m.session_id = p_session and m.seq = p_seq
      union all
      select m.seq, coalesce(m.parent_seq, m.seq - 1), b.nth + 1
      from branch b join parlance.chat_messages m on m.session_id = p_session and m.seq = b.parent
      where b.nth < 40
    ), last as (
      (select m.seq, m.role, m.content, m.error_code, m.finish_reason
       from parlance.chat_messages m
       where not p_branched and m.session_id = p_session and m.seq <= p_seq
       order by m.seq desc limit 40)
      union all
      select m.seq, m.role, m.content, m.error_code, m.finish_reason
      from branch b join parlance.chat_messages m on m.session_id = p_session and m.seq = b.seq
    ), answered as (
      select l.seq, l.role, l.content, l.role = 'user' and coalesce(lead(
        l.error_code = 'provider_rejected' or l.finish_reason = 'content_filter' and l.content = ''
      ) over (order by l.seq), false) as refused
      from last l
    )
    select coalesce(jsonb_agg(jsonb_build_object('role', a.role, 'content', a.content) order by a.seq), '[]')
    from answered a where a.content <> '' and not a.refused
  );
end
$$;

-- Stores a question and an answer that is `streaming`, in a new conversation or in one of the user's: at the end of its
-- active branch, after the message p_after, or beside the answer or the question p_beside (p_beside_role says which it must
-- be), in its place. `outcome` is
-- `begun`, or why it is not: `repeat` (the same was asked under this key before; `made` is the answer), `other_body`
-- (something else was), `no_session`, `no_message`. A question of its own is stored unless p_beside is an answer: then
-- `question` is what that one answered. The row lock on the conversation numbers the messages without gaps.
create function begin_turn(
  p_tenant uuid, p_new_session uuid, p_user uuid, p_session uuid, p_title text, p_question_id uuid, p_answer_id uuid,
  p_question text, p_metadata jsonb, p_provider text, p_model text, p_prompt_version integer, p_after uuid, p_beside uuid,
  p_beside_role text, p_key text, p_body_hash bytea,
  out outcome text, out made uuid, out session_id uuid, out question_id uuid, out question text, out history jsonb
)
language plpgsql
as $$
declare
  target record;
  session record;
  parent integer;
  anew boolean := true;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  made := p_answer_id;
  question_id := p_question_id;
  if p_key is not null then
    insert into parlance.idempotency_keys as k (user_id, route, key, body_hash, made)
    values (p_user, 'POST /chat', p_key, p_body_hash, p_answer_id)
    on conflict (tenant_id, user_id, route, key) do update
      set body_hash = excluded.body_hash, made = excluded.made, created_at = now()
      where k.created_at < now() - interval '24 hours';
    if not found then
      select case when k.body_hash = p_body_hash then 'repeat' else 'other_body' end, k.made into outcome, made
      from parlance.idempotency_keys k
      where k.user_id = p_user and k.route = 'POST /chat' and k.key = p_key;
      return;
    end if;
  end if;

  if p_session is null and p_after is null and p_beside is null then
    session_id := p_new_session;
    with started as (
      insert into parlance.chat_sessions (id, user_id, title, last_seq) values (p_new_session, p_user, p_title, 2)
    ), question as (
      insert into parlance.chat_messages (id, session_id, seq, role, content, status, metadata)
      values (p_question_id, p_new_session, 1, 'user', p_question, 'complete', p_metadata)
    )
    insert into parlance.chat_messages (id, session_id, seq, role, content, status, provider, model, prompt_version)
    values (p_answer_id, p_new_session, 2, 'assistant', '', 'streaming', p_provider, p_model, p_prompt_version);
    outcome := 'begun';
    history := '[]';
    return;
  end if;

  if p_after is not null or p_beside is not null then
    select m.session_id, m.seq, coalesce(m.parent_seq, m.seq - 1) as parent into target
    from parlance.chat_messages m
    where m.id = coalesce(p_after, p_beside) and m.session_id = coalesce(p_session, m.session_id)
      and m.role = coalesce(p_beside_role, m.role)
      and exists (select from parlance.chat_sessions s where s.id = m.session_id and s.user_id = p_user);
    if not found then
      outcome := 'no_message';
    else
      p_session := target.session_id;
      parent := case when p_after is not null then target.seq else target.parent end;
      anew := p_beside_role is distinct from 'assistant';
    end if;
  end if;

  if outcome is null then
    update parlance.chat_sessions s set
      last_seq = s.last_seq + case when anew then 2 else 1 end,
      active_seq = null,
      branched = s.branched or coalesce(parent, was.active_seq, was.last_seq) <> was.last_seq,
      updated_at = now()
    from (select l.id, l.last_seq, l.active_seq, l.branched from parlance.chat_sessions l
          where l.id = p_session and l.user_id = p_user for no key update) was
    where s.id = was.id
    returning s.id, was.last_seq, was.branched, coalesce(parent, was.active_seq, was.last_seq) as parent into session;
    if not found then
      outcome := 'no_session';
    end if;
  end if;
  if outcome is not null then
    -- It was not taken, so the key is free.
    delete from parlance.idempotency_keys k
    where k.user_id = p_user and k.route = 'POST /chat' and k.key = p_key;
    return;
  end if;

  session_id := session.id;
  if anew then
    with question as (
      insert into parlance.chat_messages (id, session_id, seq, parent_seq, role, content, status, metadata)
      values (p_question_id, session.id, session.last_seq + 1, nullif(session.parent, session.last_seq), 'user', p_question,
              'complete', p_metadata)
    )
    insert into parlance.chat_messages (id, session_id, seq, role, content, status, provider, model, prompt_version)
    values (p_answer_id, session.id, session.last_seq + 2, 'assistant', '', 'streaming', p_provider, p_model,
            p_prompt_version);
    history := parlance.said_before(session.id, session.parent, session.branched);
  else
    insert into parlance.chat_messages (id, session_id, seq, parent_seq, role, content, status, provider, model, prompt_version)
    values (p_answer_id, session.id, session.last_seq + 1, nullif(session.parent, session.last_seq), 'assistant', '',
            'streaming', p_provider, p_model, p_prompt_version);
    select m.id, m.content, parlance.said_before(session.id, coalesce(m.parent_seq, m.seq - 1), session.branched)
      into question_id, question, history
    from parlance.chat_messages m where m.session_id = session.id and m.seq = session.parent;
  end if;
  outcome := 'begun';
end
$$;

-- Whether a row is that of an answer which its task may still write to: one that is running, or that was taken for dead
-- while its task could not reach the database. What a task itself has stopped has a reason for its end.
create function is_unfinished(p_status text, p_error_code text, p_finish_reason text) returns boolean
language sql stable
as $$
  select p_status = 'streaming'
    or p_status = 'interrupted' and p_error_code is not distinct from 'answer_interrupted'
    or p_status = 'stopped' and p_finish_reason is null
$$;

-- Says that a running answer is alive, and stores what there is of it, but for nulls. `running`, or `stopping` if somebody
-- asked for its end; null if there is nothing to write to.
create function keep_answer(p_tenant uuid, p_answer uuid, p_content text, p_reasoning text, p_sources jsonb) returns text
language plpgsql
as $$
declare
  told text;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  update parlance.chat_messages m set
    content = coalesce(p_content, m.content), reasoning = coalesce(p_reasoning, m.reasoning),
    sources = coalesce(p_sources, m.sources), heartbeat_at = now()
  where m.id = p_answer and parlance.is_unfinished(m.status, m.error_code, m.finish_reason)
  returning case when m.stopping then 'stopping' else 'running' end into told;
  return told;
end
$$;

-- Ends a running answer. True if it has this end, false if there is nothing to end: also when this is said twice, since
-- whoever got no answer the first time says it again.
create function end_answer(
  p_tenant uuid, p_answer uuid, p_status text, p_content text, p_reasoning text, p_finish_reason text, p_error_code text,
  p_prompt_tokens integer, p_completion_tokens integer, p_usage_exact boolean, p_sources jsonb, p_provider text, p_model text
) returns boolean
language plpgsql
as $$
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  update parlance.chat_messages m set
    status = p_status, content = p_content, reasoning = p_reasoning, finish_reason = p_finish_reason,
    error_code = p_error_code, prompt_tokens = p_prompt_tokens, completion_tokens = p_completion_tokens,
    usage_exact = p_usage_exact, sources = p_sources, provider = p_provider, model = p_model, heartbeat_at = now()
  where m.id = p_answer and parlance.is_unfinished(m.status, m.error_code, m.finish_reason);
  return found or exists (
    select from parlance.chat_messages m where m.id = p_answer and m.status = p_status and m.content = p_content);
end
$$;

-- Asks for the end of a user's answer, and tells whoever makes it. Its status before that; null if the user has none such.
create function stop_answer(p_tenant uuid, p_user uuid, p_answer uuid) returns text
language plpgsql
as $$
declare
  was text;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  select m.status into was
  from parlance.chat_messages m join parlance.chat_sessions s on s.tenant_id = m.tenant_id and s.id = m.session_id
  where m.id = p_answer and m.role = 'assistant' and s.user_id = p_user;
  if was = 'streaming' then
    update parlance.chat_messages m set stopping = true where m.id = p_answer and m.status = 'streaming';
    perform pg_notify('parlance', 'stop ' || p_answer);
  end if;
  return was;
end
$$;

-- An answer as its row has it, with at most p_most bytes of the text that follows p_from bytes of it, and with its sources
-- and its reasoning if they are wanted. Nulls if there is none, or not the user's; without a user, it is anybody's.
create function read_answer(
  p_tenant uuid, p_user uuid, p_answer uuid, p_from integer, p_most integer, p_sources boolean, p_reasoning boolean,
  out session_id uuid, out question_id uuid, out model text, out provider text, out status text, out error_code text,
  out finish_reason text, out prompt_tokens integer, out completion_tokens integer, out usage_exact boolean,
  out sources jsonb, out reasoning text, out size integer, out rest bytea
)
language plpgsql
as $$
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  select m.session_id, q.id, m.model, m.provider,
         case when not m.gone then m.status when m.stopping then 'stopped' else 'interrupted' end,
         case when not m.gone then m.error_code when not m.stopping then 'answer_interrupted' end,
         m.finish_reason, m.prompt_tokens, m.completion_tokens, m.usage_exact,
         case when p_sources then m.sources end, case when p_reasoning then m.reasoning end,
         octet_length(m.content), substring(convert_to(m.content, 'UTF8') from p_from + 1 for p_most)
    into session_id, question_id, model, provider, status, error_code, finish_reason, prompt_tokens, completion_tokens,
         usage_exact, sources, reasoning, size, rest
  -- Offset 0: what is computed from a row is computed before the join, whose index serves plain columns only under
  -- row-level security.
  from (select a.*, a.status = 'streaming' and a.heartbeat_at < now() - interval '60 seconds' as gone,
               coalesce(a.parent_seq, a.seq - 1) as parent
        from parlance.chat_messages a where a.id = p_answer and a.role = 'assistant' offset 0) m
  join parlance.chat_sessions s on s.id = m.session_id and (p_user is null or s.user_id = p_user)
  join parlance.chat_messages q on q.session_id = m.session_id and q.seq = m.parent;
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
  target regprocedure;
begin
  foreach target in array array[
    'said_before(uuid, integer, boolean)',
    'begin_turn(uuid, uuid, uuid, uuid, text, uuid, uuid, text, jsonb, text, text, integer, uuid, uuid, text, text,
      bytea)',
    'is_unfinished(text, text, text)',
    'keep_answer(uuid, uuid, text, text, jsonb)',
    'end_answer(uuid, uuid, text, text, text, text, text, integer, integer, boolean, jsonb, text, text)',
    'stop_answer(uuid, uuid, uuid)',
    'read_answer(uuid, uuid, uuid, integer, integer, boolean, boolean)',
    'passages_by_id(uuid, uuid[])'
  ]::regprocedure[] loop
    execute format('revoke all on function %s from public', target);
    execute format('grant execute on function %s to %I', target, app);
  end loop;
end
$$;
