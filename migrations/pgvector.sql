-- Vectors in PostgreSQL, where the extension pgvector is there, in a version that knows half precision (0.7). `parlance migrate` runs
-- this after the numbered migrations, every time: the extension may come later than they do.
--
-- No index: one over all tenants would find a small tenant's passages last, and tell by how many it finds how near those of
-- others are. A tenant's own are read from first to last, by the key.
do $vectors$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  -- The extension's schema, quoted.
  ext constant text := (
    select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector');
  target regprocedure;
begin
  if ext is null or to_regtype(ext || '.halfvec') is null then
    return;
  end if;

  if to_regclass('parlance.chunk_vectors') is null then
    execute format($table$
      create table parlance.chunk_vectors (
        tenant_id uuid not null default parlance.current_tenant(),
        set_id uuid not null,
        chunk_id uuid not null,
        document_id uuid not null,
        embedding %s.halfvec not null,
        primary key (tenant_id, set_id, chunk_id),
        foreign key (tenant_id, set_id) references parlance.embedding_sets (tenant_id, id) on delete cascade,
        foreign key (tenant_id, document_id) references parlance.documents (tenant_id, id) on delete cascade
      )$table$, ext);
    -- In the row itself: reading each from a place of its own takes three times as long.
    alter table parlance.chunk_vectors alter column embedding set storage plain;
    create index chunk_vectors_of on parlance.chunk_vectors (tenant_id, document_id);
    call parlance.guard_tenant_table('parlance.chunk_vectors', 'select, insert, update, delete');
  end if;

  -- Stores vectors, written as pgvector writes them, in the place of those that are there.
  execute format($function$
    create or replace function parlance.store_chunk_vectors(
      p_tenant uuid, p_set uuid, p_document uuid, p_chunks uuid[], p_vectors text[]
    )
    returns void
    language plpgsql
    as $body$
    begin
      perform set_config('app.tenant_id', p_tenant::text, true);
      insert into parlance.chunk_vectors as v (set_id, chunk_id, document_id, embedding)
      select p_set, n.chunk_id, p_document, n.vector::%1$s.halfvec
      from unnest(p_chunks, p_vectors) n(chunk_id, vector)
      on conflict (tenant_id, set_id, chunk_id) do update set embedding = excluded.embedding, document_id = excluded.document_id;
    end
    $body$$function$, ext);

  -- The passages whose vectors are nearest, nearest first, of documents that can be found, that a filter allows, if there is
  -- one, and that the reader may read. `score` is the cosine of the angle between. Planned once for each connection, maybe before
  -- there is much: what is not to be found is a list that is hashed, and vectors are read by the key.
  drop function if exists parlance.near_chunk_vectors(uuid, uuid, text, integer, jsonb);
  execute format($function$
    create or replace function parlance.near_chunk_vectors(
      p_tenant uuid, p_set uuid, p_vector text, p_most integer, p_filter jsonb, p_reader uuid default null,
      p_all boolean default false
    )
    returns table (chunk_id uuid, score real)
    language plpgsql stable rows 50
    set plan_cache_mode = force_generic_plan
    set enable_seqscan = off
    as $body$
    #variable_conflict use_column
    begin
      return query
      -- Read as numbers once, not for each row that it is compared with.
      with question as materialized (select p_vector::%1$s.halfvec as vector),
      hidden as materialized (
        -- Also what is being deleted.
        select d.id from parlance.documents d where d.status <> 'ready'
        union all
        select d.id from parlance.documents d
        where d.groups <> '{}' and not p_all and not exists (
          select from parlance.users u where u.id = p_reader and (u.role = 'admin' or u.groups && d.groups))
        union all
        select d.id from parlance.documents d where p_filter is not null and not parlance.metadata_fits(d.metadata, p_filter)
      ),
      near as materialized (
        select v.chunk_id, v.embedding operator(%1$s.<=>) q.vector as distance
        from parlance.chunk_vectors v, question q
        where v.tenant_id = p_tenant and v.set_id = p_set and v.document_id not in (select h.id from hidden h)
        order by distance
        limit p_most
      )
      select n.chunk_id, (1 - n.distance)::real from near n order by n.distance;
    end
    $body$$function$, ext);

  create or replace function parlance.delete_chunk_vectors(p_tenant uuid, p_chunks uuid[]) returns void
  language plpgsql
  as $body$
  begin
    perform set_config('app.tenant_id', p_tenant::text, true);
    delete from parlance.chunk_vectors v where v.chunk_id = any (p_chunks);
  end
  $body$;

  foreach target in array array[
    'parlance.store_chunk_vectors(uuid, uuid, uuid, uuid[], text[])',
    'parlance.near_chunk_vectors(uuid, uuid, text, integer, jsonb, uuid, boolean)',
    'parlance.delete_chunk_vectors(uuid, uuid[])'
  ]::regprocedure[] loop
    execute format('revoke all on function %s from public', target);
    execute format('grant execute on function %s to %I', target, app);
  end loop;
end
$vectors$;
