-- How a conversation came about: `chat`, or `api` for one that a client of OpenAI's API made with a single request, which
-- keeps its own history. Those of a server are many, and hardly any is gone on with.
alter table chat_sessions add column origin text not null default 'chat',
  add constraint chat_sessions_origin check (origin in ('chat', 'api'));
-- What begins a turn says it, for its own transaction: the conversation is written once, and by the same statement as before.
alter table chat_sessions alter column origin set default coalesce(nullif(current_setting('app.origin', true), ''), 'chat');
create index chat_sessions_by_origin on chat_sessions (tenant_id, user_id, origin, id);

-- As before, but that the conversation which it starts has this origin.
create function begin_turn(
  p_tenant uuid, p_new_session uuid, p_user uuid, p_session uuid, p_title text, p_question_id uuid, p_answer_id uuid,
  p_question text, p_metadata jsonb, p_provider text, p_model text, p_prompt_version integer, p_after uuid, p_beside uuid,
  p_beside_role text, p_key text, p_body_hash bytea, p_api_key uuid, p_limits jsonb, p_asked jsonb, p_origin text,
  out outcome text, out made uuid, out session_id uuid, out question_id uuid, out question text, out history jsonb,
  out refusal jsonb, out nearest jsonb
)
language plpgsql
as $$
declare
  origin constant text := set_config('app.origin', p_origin, true);
  begun record;
begin
  begun := parlance.begin_turn(p_tenant, p_new_session, p_user, p_session, p_title, p_question_id, p_answer_id, p_question,
    p_metadata, p_provider, p_model, p_prompt_version, p_after, p_beside, p_beside_role, p_key, p_body_hash, p_api_key,
    p_limits, p_asked);
  outcome := begun.outcome;
  made := begun.made;
  session_id := begun.session_id;
  question_id := begun.question_id;
  question := begun.question;
  history := begun.history;
  refusal := begun.refusal;
  nearest := begun.nearest;
end
$$;

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  target constant regprocedure := 'begin_turn(uuid, uuid, uuid, uuid, text, uuid, uuid, text, jsonb, text, text, integer,
    uuid, uuid, text, text, bytea, uuid, jsonb, jsonb, text)'::regprocedure;
begin
  execute format('revoke all on function %s from public', target);
  execute format('grant execute on function %s to %I', target, app);
end
$$;
