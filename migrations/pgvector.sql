-- Vectors in PostgreSQL, where the extension pgvector is there, in a version that knows half precision (0.7). `parlance migrate` runs
-- this after the numbered migrations, every time: the extension may come later than they do.
--
-- No index over all tenants: it would find a small tenant's passages last, and tell by how many it finds how near those of others
-- are. A tenant's own are read from first to last. Where that is much, the signs of their numbers are, which are a sixteenth as long
-- (binary quantization), and then the numbers of the two thousand that share most signs with the question's.
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

  if to_regclass('parlance.chunk_signs') is null then
    create table parlance.chunk_signs (
      tenant_id uuid not null default parlance.current_tenant(),
      set_id uuid not null,
      chunk_id uuid not null,
      document_id uuid not null,
      signs bit varying not null,
      primary key (tenant_id, set_id, chunk_id),
      foreign key (tenant_id, set_id, chunk_id) references parlance.chunk_vectors (tenant_id, set_id, chunk_id) on delete cascade
    );
    -- By a trigger: processes of the release before store vectors meanwhile.
    execute format($function$
      create function parlance.store_chunk_signs() returns trigger
      language plpgsql
      as $body$
      begin
        insert into parlance.chunk_signs as s (tenant_id, set_id, chunk_id, document_id, signs)
        values (new.tenant_id, new.set_id, new.chunk_id, new.document_id, %1$s.binary_quantize(new.embedding))
        on conflict (tenant_id, set_id, chunk_id) do update set signs = excluded.signs, document_id = excluded.document_id;
        return null;
      end
      $body$$function$, ext);
    create trigger store_chunk_signs after insert or update on parlance.chunk_vectors
      for each row execute function parlance.store_chunk_signs();
    -- Of what there is, whose ever it is: some seconds for a million, in which full text answers alone.
    alter table parlance.chunk_vectors no force row level security;
    execute format($copy$
      insert into parlance.chunk_signs (tenant_id, set_id, chunk_id, document_id, signs)
      select v.tenant_id, v.set_id, v.chunk_id, v.document_id, %1$s.binary_quantize(v.embedding) from parlance.chunk_vectors v$copy$, ext);
    alter table parlance.chunk_vectors force row level security;
    call parlance.guard_tenant_table('parlance.chunk_signs', 'select, insert, update, delete');
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
    declare
      asked constant %1$s.halfvec := p_vector::%1$s.halfvec;
      numbers constant integer := %1$s.vector_dims(asked);
      -- Where it takes longer to read all numbers than to look up those of two thousand; and not of a model most of whose numbers have
      -- the same sign, which tells nothing.
      by_signs constant boolean := 10000000
          < numbers * coalesce((select sum(d.chunks) from parlance.documents d where d.status = 'ready'), 0)
        and bit_count(%1$s.binary_quantize(asked)) between numbers / 4 and numbers - numbers / 4;
    begin
      return query
      with question as materialized (select asked as vector, %1$s.binary_quantize(asked) as signs),
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
      likely as materialized (
        select s.chunk_id
        from parlance.chunk_signs s, question q
        where s.tenant_id = p_tenant and s.set_id = p_set and s.document_id not in (select h.id from hidden h)
        -- As it is, in quotes: without them it is one of a single bit.
        order by s.signs::"bit" operator(%1$s.<~>) q.signs
        limit greatest(2000, p_most)
      ),
      near as materialized (
        select v.chunk_id, v.embedding operator(%1$s.<=>) q.vector as distance
        from parlance.chunk_vectors v, question q
        where not by_signs
          and v.tenant_id = p_tenant and v.set_id = p_set and v.document_id not in (select h.id from hidden h)
        union all
        select v.chunk_id, v.embedding operator(%1$s.<=>) q.vector as distance
        from likely l
        cross join question q
        cross join lateral (
          select n.chunk_id, n.embedding from parlance.chunk_vectors n
          where n.tenant_id = p_tenant and n.set_id = p_set and n.chunk_id = l.chunk_id
          offset 0
        ) v
        where by_signs
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
