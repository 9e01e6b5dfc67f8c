-- What the service does in four transactions, as four functions: each is one message, and the tenant that it sets ends
-- with its statement. The statements are those of shared/db, with the same plans under the same policies.
set search_path = parlance;

create or replace function bare_begin(text, uuid, uuid, uuid, text, uuid, uuid, text, jsonb, text, text)
returns table (session uuid, history jsonb)
language plpgsql as $$
begin
  perform set_config('app.tenant_id', $1, true);
  return query
    with started as (
      insert into chat_sessions (id, user_id, title, last_seq)
      select $2, $3, $5, 2 where $4 is null
      returning id, last_seq
    ), continued as (
      update chat_sessions set last_seq = last_seq + 2, updated_at = now()
      where id = $4 and user_id = $3
      returning id, last_seq
    ), turn as (
      select * from started union all select * from continued
    ), question as (
      insert into chat_messages (id, session_id, seq, role, content, status, metadata)
      select $6, id, last_seq - 1, 'user', $8, 'complete', $9 from turn
    ), answer as (
      insert into chat_messages (id, session_id, seq, role, content, status, provider, model)
      select $7, id, last_seq, 'assistant', '', 'streaming', $10, $11 from turn
    )
    select turn.id, (
      select coalesce(jsonb_agg(jsonb_build_object('role', h.role, 'content', h.content) order by h.seq), '[]')
      from (select m.seq, m.role, m.content from chat_messages m
            where m.session_id = turn.id and m.content <> ''
            order by m.seq desc limit 40) h
    )
    from turn;
end
$$;

create or replace function bare_by_text(text, text, integer, real)
returns table (document_id uuid, chunk_id uuid, title text, source_url text, text text, score real)
language plpgsql as $$
begin
  perform set_config('app.tenant_id', $1, true);
  return query
    with question as (
      select array_agg(lexeme) as words,
             string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', ' | ')::tsquery as query
      from unnest(to_tsvector('english', left($2, 4000)))
    ), found as (
      select c.document_id, c.id, d.title, d.source_url, c.text,
             ts_rank_cd(c.terms, q.query, 1) as rank,
             ((select count(*) from unnest(q.words) w where w = any (tsvector_to_array(c.terms)))::real
               / cardinality(q.words))::real as share
      from question q, document_chunks c
      join documents d on d.tenant_id = c.tenant_id and d.id = c.document_id
      where d.status = 'ready' and c.terms @@ q.query
    )
    select f.document_id, f.id, f.title, f.source_url, f.text, f.share
    from found f
    where f.share >= $4
    order by f.share desc, f.rank desc, f.id
    limit $3;
end
$$;

create or replace function bare_by_id(text, uuid[])
returns table (document_id uuid, chunk_id uuid, title text, source_url text, text text, score real)
language plpgsql as $$
begin
  perform set_config('app.tenant_id', $1, true);
  return query
    select c.document_id, c.id, d.title, d.source_url, c.text, 0::real
    from document_chunks c
    join documents d on d.tenant_id = c.tenant_id and d.id = c.document_id
    where d.status = 'ready' and c.id = any ($2);
end
$$;

create or replace function bare_end(text, uuid, text, integer, integer, jsonb) returns void
language plpgsql as $$
begin
  perform set_config('app.tenant_id', $1, true);
  update chat_messages set
    status = 'complete', content = $3, finish_reason = 'stop', error_code = null, prompt_tokens = $4,
    completion_tokens = $5, usage_exact = true, sources = $6, heartbeat_at = now()
  where id = $2 and status = 'streaming';
end
$$;
