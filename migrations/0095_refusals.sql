-- As before, and what a provider refused for its own reasons has names of its own now: what it says, its length, the form of
-- the answer. None of it is sent again.
create or replace function said_before(p_session uuid, p_seq integer, p_branched boolean) returns jsonb
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
    ), judged as (
      select l.seq, l.role, l.content,
        coalesce(
          l.error_code in ('provider_rejected', 'content_filter', 'context_length_exceeded', 'format_rejected')
          or l.finish_reason = 'content_filter', false) as refused
      from last l
    ), answered as (
      select j.seq, j.role, j.content,
        j.refused or j.role = 'user' and coalesce(lead(j.refused) over (order by j.seq), false) as refused
      from judged j
    )
    select coalesce(jsonb_agg(jsonb_build_object('role', a.role, 'content', a.content) order by a.seq), '[]')
    from answered a where a.content <> '' and not a.refused
  );
end
$$;
