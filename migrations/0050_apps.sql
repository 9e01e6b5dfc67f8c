-- Conversations of apps that have ids of their own for them and for their questions, as those that use the AI SDK.
alter table chat_sessions
  -- What the app calls it: whatever text the app chose.
  add column external_id text,
  add constraint chat_sessions_external check (char_length(external_id) between 1 and 255) not valid;

alter table chat_messages
  -- What the app calls it. Of a question that was asked otherwise, the newest has it.
  add column external_id text,
  add constraint chat_messages_external check (char_length(external_id) between 1 and 255) not valid;

-- A user's conversation that an app calls p_chat; or the one with the id p_chat_id, for those that no app has named.
create function chat_of_app(p_user uuid, p_chat text, p_chat_id uuid) returns uuid
language sql stable
as $$
  select found.id from (
    select s.id, 1 as nth from parlance.chat_sessions s where s.user_id = p_user and s.external_id = p_chat
    union all
    select s.id, 2 from parlance.chat_sessions s where s.user_id = p_user and s.id = p_chat_id
  ) found order by found.nth limit 1
$$;

-- Likewise the number of a message of a conversation.
create function message_of_app(p_session uuid, p_name text, p_name_id uuid) returns integer
language sql stable
as $$
  select found.seq from (
    select m.seq, 1 as nth from parlance.chat_messages m where m.session_id = p_session and m.external_id = p_name
    union all
    select m.seq, 2 from parlance.chat_messages m where m.session_id = p_session and m.id = p_name_id
  ) found order by found.nth limit 1
$$;

-- As begin_turn, of a question of an app, which names things as it likes: the conversation p_chat (p_chat_id, where that may be
-- an id of ours), the question p_name, and what it is about, p_target (likewise). What there is not yet begins, and gets its
-- name. Of a question that there is
--   * another one is asked in its place, if the text is another one, or if others followed and it is the target
--     (`name_taken` if neither p_target nor p_anew says that this is meant);
--   * another answer is made with p_anew, or if its answer is the last one and not whole;
--   * else it is the same request, sent again (`repeat`).
-- With p_anew the target may also be the answer that is not wanted, and where nothing is named it is the last one. What was
-- never taken cannot be answered anew: it is a question like others, and without a text `no_message`.
create function begin_app_turn(
  p_tenant uuid, p_new_session uuid, p_user uuid, p_chat text, p_chat_id uuid, p_title text, p_question_id uuid,
  p_answer_id uuid, p_question text, p_metadata jsonb, p_provider text, p_model text, p_prompt_version integer, p_name text,
  p_name_id uuid, p_target text, p_target_id uuid, p_anew boolean, p_key text, p_body_hash bytea, p_api_key uuid,
  p_limits jsonb, p_asked jsonb,
  out outcome text, out made uuid, out session_id uuid, out question_id uuid, out question text, out history jsonb,
  out refusal jsonb, out nearest jsonb
)
language plpgsql
as $$
declare
  chat uuid;
  shown integer;
  -- The question that the target is, or answers.
  target_seq integer;
  target_is_question boolean;
  -- The question of that name.
  name_seq integer;
  old_id uuid;
  old_seq integer;
  old_text text;
  answer_id uuid;
  answer_seq integer;
  is_good boolean;
  is_meant boolean;
  is_same boolean;
  beside uuid;
  beside_role text;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  made := p_answer_id;
  chat := parlance.chat_of_app(p_user, p_chat, p_chat_id);
  if chat is null then
    -- Of two first questions at once, the second finds the conversation of the first.
    perform pg_advisory_xact_lock(hashtextextended(concat_ws(' ', p_tenant, p_user, p_chat), 0));
    chat := parlance.chat_of_app(p_user, p_chat, p_chat_id);
  end if;
  select s.id, coalesce(s.active_seq, s.last_seq) into chat, shown
  from parlance.chat_sessions s where s.id = chat and s.user_id = p_user for no key update;

  select m.role = 'user', case m.role when 'user' then m.seq else coalesce(m.parent_seq, m.seq - 1) end
    into target_is_question, target_seq
  from parlance.chat_messages m
  where m.session_id = chat and m.seq = case
    when p_target is not null then parlance.message_of_app(chat, p_target, p_target_id)
    when p_anew and p_name is null then shown end;
  select m.seq into name_seq
  from parlance.chat_messages m
  where m.session_id = chat and m.seq = parlance.message_of_app(chat, p_name, p_name_id) and m.role = 'user';
  old_seq := case
    when p_anew then coalesce(target_seq, name_seq)
    else coalesce(name_seq, case when target_is_question then target_seq end) end;
  is_meant := p_anew or coalesce(target_is_question and target_seq = old_seq, false);

  if old_seq is not null then
    select m.id, m.content into old_id, old_text
    from parlance.chat_messages m where m.session_id = chat and m.seq = old_seq;
    select m.id, m.seq, m.status = 'complete'
        or m.status = 'streaming' and not m.stopping and m.heartbeat_at >= now() - interval '60 seconds'
      into answer_id, answer_seq, is_good
    from parlance.chat_messages m
    where m.session_id = chat and m.seq > old_seq and m.role = 'assistant' and coalesce(m.parent_seq, m.seq - 1) = old_seq
    order by m.seq desc limit 1;
    -- A text that belongs to another question says nothing of this one.
    is_same := p_question in ('', old_text) or coalesce(name_seq <> old_seq, false);
    if not is_same and not is_meant then
      outcome := 'name_taken';
      return;
    elsif not is_same or is_meant and not p_anew and answer_seq <> shown then
      beside := old_id;
      beside_role := 'user';
    elsif p_anew or answer_seq = shown and not is_good then
      beside := answer_id;
      beside_role := 'assistant';
    else
      outcome := 'repeat';
      made := answer_id;
      return;
    end if;
  elsif p_question = '' then
    outcome := 'no_message';
    return;
  end if;

  if beside_role = 'assistant' then
    -- What is asked is one that is stored, and is counted as that.
    p_asked := p_asked || jsonb_build_object(
      'prompt_tokens', (p_asked ->> 'prompt_tokens')::integer - ceil(octet_length(p_question) / 3.0)::integer,
      'cost', (p_asked ->> 'cost')::bigint
        - floor(ceil(octet_length(p_question) / 3.0) * (p_asked ->> 'input_price')::numeric / 1000)::bigint);
  end if;
  select b.outcome, b.made, b.session_id, b.question_id, b.question, b.history, b.refusal, b.nearest
    into outcome, made, session_id, question_id, question, history, refusal, nearest
  from parlance.begin_turn(p_tenant, p_new_session, p_user, chat, p_title, p_question_id, p_answer_id, p_question,
    p_metadata, p_provider, p_model, p_prompt_version, null, beside, beside_role, p_key, p_body_hash, p_api_key, p_limits,
    p_asked) b;
  if outcome = 'begun' and chat is null then
    update parlance.chat_sessions s set external_id = p_chat where s.id = p_new_session;
  end if;
  if outcome = 'begun' and question_id = p_question_id and p_name is not null then
    update parlance.chat_messages m set external_id = null where m.session_id = chat and m.external_id = p_name;
    update parlance.chat_messages m set external_id = p_name where m.id = p_question_id;
  end if;
end
$$;

-- The answers that are being made in a user's conversation, the newest first. They are among its last messages.
create function running_answers(p_tenant uuid, p_user uuid, p_chat text, p_chat_id uuid) returns setof uuid
language plpgsql
as $$
declare
  chat uuid;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  chat := parlance.chat_of_app(p_user, p_chat, p_chat_id);
  return query
    select l.id from (
      select m.id, m.seq, m.status, m.heartbeat_at from parlance.chat_messages m
      where m.session_id = chat order by m.seq desc limit 40) l
    where l.status = 'streaming' and l.heartbeat_at >= now() - interval '60 seconds'
    order by l.seq desc;
end
$$;

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  target regprocedure;
begin
  foreach target in array array[
    'chat_of_app(uuid, text, uuid)',
    'message_of_app(uuid, text, uuid)',
    'begin_app_turn(uuid, uuid, uuid, text, uuid, text, uuid, uuid, text, jsonb, text, text, integer, text, uuid, text, uuid,
      boolean, text, bytea, uuid, jsonb, jsonb)',
    'running_answers(uuid, uuid, text, uuid)'
  ]::regprocedure[] loop
    execute format('revoke all on function %s from public', target);
    execute format('grant execute on function %s to %I', target, app);
  end loop;
end
$$;
