-- Which ways of finding passages were left out of an answer, because they failed or took too long.
alter table chat_messages add column degraded jsonb not null default '[]';

-- As in 0021_turn.sql, with it.
drop function read_answer(uuid, uuid, uuid, integer, integer, boolean, boolean);

create function read_answer(
  p_tenant uuid, p_user uuid, p_answer uuid, p_from integer, p_most integer, p_sources boolean, p_reasoning boolean,
  out session_id uuid, out question_id uuid, out model text, out provider text, out status text, out error_code text,
  out finish_reason text, out prompt_tokens integer, out completion_tokens integer, out usage_exact boolean,
  out sources jsonb, out reasoning text, out size integer, out rest bytea,
  out degraded jsonb
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
         octet_length(m.content), substring(convert_to(m.content, 'UTF8') from p_from + 1 for p_most),
         case when p_sources then m.degraded end
    into session_id, question_id, model, provider, status, error_code, finish_reason, prompt_tokens, completion_tokens,
         usage_exact, sources, reasoning, size, rest, degraded
  -- Offset 0: what is computed from a row is computed before the join, whose index serves plain columns only under
  -- row-level security.
  from (select a.*, a.status = 'streaming' and a.heartbeat_at < now() - interval '60 seconds' as gone,
               coalesce(a.parent_seq, a.seq - 1) as parent
        from parlance.chat_messages a where a.id = p_answer and a.role = 'assistant' offset 0) m
  join parlance.chat_sessions s on s.id = m.session_id and (p_user is null or s.user_id = p_user)
  join parlance.chat_messages q on q.session_id = m.session_id and q.seq = m.parent;
end
$$;

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  target constant regprocedure := 'read_answer(uuid, uuid, uuid, integer, integer, boolean, boolean)'::regprocedure;
begin
  execute format('revoke all on function %s from public', target);
  execute format('grant execute on function %s to %I', target, app);
end
$$;
