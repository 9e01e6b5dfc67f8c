-- A turn that reserves what it may take before it begins, and settles it as it ends: in the same statements as before, and
-- with them as they are, since the release before this one calls them.

-- As begin_turn without limits. `refusal` is the limit that keeps it from being begun (`limited`), `nearest` the limit to
-- tokens or money of which least is left. What was asked before under the same key is no further question.
create function begin_turn(
  p_tenant uuid, p_new_session uuid, p_user uuid, p_session uuid, p_title text, p_question_id uuid, p_answer_id uuid,
  p_question text, p_metadata jsonb, p_provider text, p_model text, p_prompt_version integer, p_after uuid, p_beside uuid,
  p_beside_role text, p_key text, p_body_hash bytea, p_api_key uuid, p_limits jsonb, p_asked jsonb,
  out outcome text, out made uuid, out session_id uuid, out question_id uuid, out question text, out history jsonb,
  out refusal jsonb, out nearest jsonb
)
language plpgsql
as $$
declare
  is_repeat boolean;
  asked_before integer;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  made := p_answer_id;
  is_repeat := p_key is not null and exists (
    select from parlance.idempotency_keys k
    where k.user_id = p_user and k.route = 'POST /chat' and k.key = p_key and k.created_at >= now() - interval '24 hours');
  if p_beside_role = 'assistant' then
    -- The question is one that is stored.
    select ceil(octet_length(q.content) / 3.0) into asked_before
    from (select m.session_id, coalesce(m.parent_seq, m.seq - 1) as seq
          from parlance.chat_messages m where m.id = p_beside offset 0) a
    join parlance.chat_messages q on q.session_id = a.session_id and q.seq = a.seq;
    p_asked := p_asked || jsonb_build_object(
      'prompt_tokens', (p_asked ->> 'prompt_tokens')::integer + coalesce(asked_before, 0),
      'cost', (p_asked ->> 'cost')::bigint
        + ceil(coalesce(asked_before, 0) * (p_asked ->> 'input_price')::numeric / 1000)::bigint);
  end if;
  -- The conversation first, as whoever deletes one: what is counted is not held while it is waited for.
  if p_session is not null or p_after is not null or p_beside is not null then
    perform 1 from parlance.chat_sessions s
    where s.user_id = p_user and s.id = coalesce(p_session, (
      select m.session_id from parlance.chat_messages m where m.id = coalesce(p_after, p_beside)))
    for no key update;
  end if;
  if not is_repeat then
    select r.refusal, r.nearest into refusal, nearest
    from parlance.reserve(p_answer_id, p_user, p_api_key, p_limits, p_asked) r;
    if refusal is not null then
      outcome := 'limited';
      return;
    end if;
  end if;
  select b.outcome, b.made, b.session_id, b.question_id, b.question, b.history
    into outcome, made, session_id, question_id, question, history
  from parlance.begin_turn(p_tenant, p_new_session, p_user, p_session, p_title, p_question_id, p_answer_id, p_question,
    p_metadata, p_provider, p_model, p_prompt_version, p_after, p_beside, p_beside_role, p_key, p_body_hash) b;
  if outcome = 'begun' and is_repeat then
    -- Whoever had the key is gone at this very moment.
    raise exception 'a key was given back' using errcode = 'serialization_failure';
  elsif outcome <> 'begun' and not is_repeat then
    delete from parlance.reservations r where r.id = p_answer_id;
  end if;
end
$$;

-- As end_answer, and settles what was reserved by the calls that were made, also where there is no answer any more.
create function end_answer(
  p_tenant uuid, p_answer uuid, p_status text, p_content text, p_reasoning text, p_finish_reason text, p_error_code text,
  p_prompt_tokens integer, p_completion_tokens integer, p_usage_exact boolean, p_sources jsonb, p_provider text,
  p_model text, p_user uuid, p_api_key uuid, p_calls jsonb
) returns boolean
language plpgsql
as $$
declare
  ended boolean;
begin
  -- First the answer, then what was reserved for it, then what is counted, as the sweep does: else each could wait for the other.
  ended := parlance.end_answer(p_tenant, p_answer, p_status, p_content, p_reasoning, p_finish_reason, p_error_code,
    p_prompt_tokens, p_completion_tokens, p_usage_exact, p_sources, p_provider, p_model);
  perform parlance.settle(p_answer, p_user, p_api_key, p_calls);
  return ended;
end
$$;

-- As reserve and settle, for what belongs to no answer.
create function reserve_call(p_tenant uuid, p_id uuid, p_user uuid, p_api_key uuid, p_limits jsonb, p_asked jsonb) returns jsonb
language plpgsql
as $$
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  return (select r.refusal from parlance.reserve(p_id, p_user, p_api_key, p_limits, p_asked) r);
end
$$;
create function settle_calls(p_tenant uuid, p_id uuid, p_user uuid, p_api_key uuid, p_calls jsonb) returns void
language plpgsql
as $$
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  perform parlance.settle(p_id, p_user, p_api_key, p_calls);
end
$$;

-- As before, and settles what dead processes reserved; and forgets what was spent in months that are long over.
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
    perform settle_lost();
    delete from spending s where s.tenant_id = candidate and s.starts < now() - interval '3 months';
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

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  target regprocedure;
begin
  foreach target in array array[
    'begin_turn(uuid, uuid, uuid, uuid, text, uuid, uuid, text, jsonb, text, text, integer, uuid, uuid, text, text,
      bytea, uuid, jsonb, jsonb)',
    'end_answer(uuid, uuid, text, text, text, text, text, integer, integer, boolean, jsonb, text, text, uuid, uuid, jsonb)',
    'reserve_call(uuid, uuid, uuid, uuid, jsonb, jsonb)',
    'settle_calls(uuid, uuid, uuid, uuid, jsonb)'
  ]::regprocedure[] loop
    execute format('revoke all on function %s from public', target);
    execute format('grant execute on function %s to %I', target, app);
  end loop;
end
$$;
