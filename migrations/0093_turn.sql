-- As before, and a question that is stored is reserved twice where a second provider may be asked what the first was asked in
-- vain: `again_price` is what that one takes for a token. It stands with what may come back, by which nobody settles.
create or replace function begin_turn(
  p_tenant uuid, p_new_session uuid, p_user uuid, p_session uuid, p_title text, p_question_id uuid, p_answer_id uuid,
  p_question text, p_metadata jsonb, p_provider text, p_model text, p_prompt_version integer, p_after uuid, p_beside uuid,
  p_beside_role text, p_key text, p_body_hash bytea, p_api_key uuid, p_limits jsonb, p_asked jsonb,
  out outcome text, out made uuid, out session_id uuid, out question_id uuid, out question text, out history jsonb,
  out refusal jsonb, out nearest jsonb
)
language plpgsql
as $$
declare
  in_tenant constant text := set_config('app.tenant_id', p_tenant::text, true);
  claimed record;
  reserved record;
  target record;
  session record;
  parent integer;
  asked_before integer;
  anew constant boolean := p_beside_role is distinct from 'assistant';
begin
  made := p_answer_id;
  question_id := p_question_id;
  if p_key is not null then
    claimed := parlance.claim_key(p_user, 'POST /chat', p_key, p_body_hash, p_answer_id);
    if not claimed.is_new then
      outcome := case when claimed.is_same then 'repeat' else 'other_body' end;
      made := claimed.made;
      return;
    end if;
  end if;

  -- The conversation first, as whoever deletes one: what is counted is not held while it is waited for.
  if p_after is not null or p_beside is not null then
    select m.session_id, m.seq, coalesce(m.parent_seq, m.seq - 1) as parent into target
    from parlance.chat_messages m
    where m.id = coalesce(p_after, p_beside) and m.session_id = coalesce(p_session, m.session_id)
      and m.role = coalesce(p_beside_role, m.role)
      and exists (select from parlance.chat_sessions s where s.id = m.session_id and s.user_id = p_user);
    if found then
      p_session := target.session_id;
      parent := case when p_after is not null then target.seq else target.parent end;
    else
      outcome := 'no_message';
    end if;
  end if;
  if outcome is null and p_session is not null then
    select s.id, s.last_seq, s.branched, coalesce(parent, s.active_seq, s.last_seq) as parent into session
    from parlance.chat_sessions s where s.id = p_session and s.user_id = p_user for no key update;
    if not found then
      outcome := 'no_session';
    end if;
  end if;
  if outcome is null and not anew then
    select m.id, m.content, parlance.said_before(session.id, coalesce(m.parent_seq, m.seq - 1), session.branched)
      into question_id, question, history
    from parlance.chat_messages m where m.session_id = session.id and m.seq = session.parent;
    asked_before := ceil(octet_length(question) / 3.0);
    p_asked := p_asked || jsonb_build_object(
      'prompt_tokens', (p_asked ->> 'prompt_tokens')::integer + asked_before,
      'completion_tokens', (p_asked ->> 'completion_tokens')::integer
        + case when p_asked ->> 'again_price' is null then 0 else asked_before end,
      'cost', (p_asked ->> 'cost')::bigint
        + ceil(asked_before * ((p_asked ->> 'input_price')::numeric + coalesce((p_asked ->> 'again_price')::numeric, 0)) / 1000)
          ::bigint);
  end if;
  if outcome is null then
    reserved := parlance.reserve(p_answer_id, p_user, p_api_key, p_limits, p_asked);
    refusal := reserved.refusal;
    nearest := reserved.nearest;
    if refusal is not null then
      outcome := 'limited';
    end if;
  end if;
  if outcome is not null then
    -- It was not taken, so the key is free.
    if p_key is not null then
      delete from parlance.idempotency_keys k
      where k.user_id = p_user and k.route = 'POST /chat' and k.key = p_key;
    end if;
    return;
  end if;

  outcome := 'begun';
  if p_session is null then
    session_id := p_new_session;
    history := '[]';
    with started as (
      insert into parlance.chat_sessions (id, user_id, title, last_seq) values (p_new_session, p_user, p_title, 2)
    ), question as (
      insert into parlance.chat_messages (id, session_id, seq, role, content, status, metadata)
      values (p_question_id, p_new_session, 1, 'user', p_question, 'complete', p_metadata)
    )
    insert into parlance.chat_messages (id, session_id, seq, role, content, status, provider, model, prompt_version)
    values (p_answer_id, p_new_session, 2, 'assistant', '', 'streaming', p_provider, p_model, p_prompt_version);
    return;
  end if;
  session_id := session.id;
  if anew then
    history := parlance.said_before(session.id, session.parent, session.branched);
  end if;
  with continued as (
    update parlance.chat_sessions s set last_seq = session.last_seq + case when anew then 2 else 1 end, active_seq = null,
      branched = session.branched or session.parent <> session.last_seq, updated_at = now()
    where s.id = session.id
  ), question as (
    insert into parlance.chat_messages (id, session_id, seq, parent_seq, role, content, status, metadata)
    select p_question_id, session.id, session.last_seq + 1, nullif(session.parent, session.last_seq), 'user', p_question,
      'complete', p_metadata
    where anew
  )
  insert into parlance.chat_messages (id, session_id, seq, parent_seq, role, content, status, provider, model, prompt_version)
  values (p_answer_id, session.id, session.last_seq + case when anew then 2 else 1 end,
    case when not anew then nullif(session.parent, session.last_seq) end, 'assistant', '', 'streaming', p_provider, p_model,
    p_prompt_version);
end
$$;
