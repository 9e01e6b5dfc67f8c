-- Full text by an index of our own: which words are in which passages, in a table whose key is used under row-level
-- security. The operators of full text are not leakproof, so that under a policy no index serves them, and a search
-- read every passage of its tenant. Words are folded and cut by the service; here they are only stemmed, by the dictionaries
-- that come with PostgreSQL, so that the server's locale does not matter.
alter table documents
  -- An ISO 639 code; null if nobody knows.
  add column language text,
  -- How many passages it has, and how many words those have together: a long passage is likelier to hold a word.
  add column chunks integer not null default 0,
  add column words integer not null default 0;
create index documents_counted on documents (tenant_id) include (chunks, words) where status = 'ready';
create index documents_unready on documents (tenant_id, id) where status <> 'ready';
alter table document_chunks add column words integer not null default 0, alter column terms drop not null;

create table document_words (
  tenant_id uuid not null default current_tenant(),
  lexeme text not null,
  document_id uuid not null,
  -- In which of its passages, and how often in each.
  ordinals integer[] not null,
  counts smallint[] not null,
  primary key (tenant_id, lexeme, document_id),
  foreign key (tenant_id, document_id) references documents (tenant_id, id) on delete cascade
);
create index document_words_of on document_words (tenant_id, document_id);
call guard_tenant_table('document_words', 'select, insert, delete');

-- By which dictionaries a tenant's documents are stemmed: a question is stemmed by all of them.
create table document_stemmers (
  tenant_id uuid not null default current_tenant(),
  stemmer text not null,
  primary key (tenant_id, stemmer)
);
call guard_tenant_table('document_stemmers', 'select, insert');

-- What these words are stemmed to: a word that a dictionary skips is nothing.
create function stems(p_stemmers text[], p_words text[]) returns table (word text, lexeme text)
language sql stable rows 10
as $$
  select distinct w.word, l.lexeme
  from unnest(p_words) w(word), unnest(p_stemmers) s(stemmer),
    lateral unnest(ts_lexize(('pg_catalog.' || s.stemmer)::regdictionary, w.word)) l(lexeme)
$$;

-- Writes down which words are in which passages of a document, how many there are, and by which dictionary they are stemmed.
create function index_document(p_document uuid, p_stemmer text, p_words text[], p_ordinals integer[], p_counts integer[])
returns void
language sql
as $$
  insert into parlance.document_words (lexeme, document_id, ordinals, counts)
  select n.lexeme, p_document, array_agg(n.ordinal order by n.ordinal), array_agg(least(n.count, 32767)::smallint order by n.ordinal)
  from (
    select s.lexeme, w.ordinal, sum(w.count) as count
    from unnest(p_words, p_ordinals, p_counts) w(word, ordinal, count)
    join parlance.stems(array[p_stemmer], array(select distinct unnest(p_words))) s on s.word = w.word
    group by 1, 2
  ) n
  group by 1;
  update parlance.document_chunks c set words = w.words
  from (select w.ordinal, sum(w.count) as words from unnest(p_ordinals, p_counts) w(ordinal, count) group by 1) w
  where c.document_id = p_document and c.ordinal = w.ordinal;
  update parlance.documents d set (chunks, words) = (
    select count(*), coalesce(sum(c.words), 0) from parlance.document_chunks c where c.document_id = p_document)
  where d.id = p_document;
  insert into parlance.document_stemmers (stemmer) values (p_stemmer) on conflict do nothing;
$$;

-- The passages that share the most with these words, best first: by BM25 (Robertson and Zaragoza 2009, in Lucene's variant),
-- which any shared word adds to, the more the fewer passages have it. `score` is the share of the words that a passage has, each
-- as heavy as it is rare: 0 to 1. What is rare is not seen among few passages: they are taken for the first of a
-- thousand there. Of a word that no passage has, p_said is how much that says: 1, or less. Words are read from the rarest on, until p_budget documents' are read, but at least two; of the
-- hundred passages that have most of those, all words count.
create function passages_by_words(
  p_words text[], p_said real[], p_budget integer, p_min_score real, p_limit integer
)
returns table (document_id uuid, chunk_id uuid, title text, source_url text, text text, score real)
language sql stable rows 20
as $$
  with stemmers as materialized (
    select coalesce(nullif(array(select d.stemmer from parlance.document_stemmers d), '{}'), '{english_stem}') as names
  ), skipped as materialized (
    -- The language of the question is that of which it has most words that say nothing; those are not looked for in any.
    select array_agg(w.word) as words, rank() over (order by count(*) desc) as nth
    from stemmers, unnest(stemmers.names) n(name), unnest(p_words) w(word)
    where ts_lexize(('pg_catalog.' || n.name)::regdictionary, w.word) = '{}'
    group by n.name
  ), word as materialized (
    select s.word, s.lexeme
    from stemmers, parlance.stems(stemmers.names, p_words) s
    where not exists (select from skipped k where k.nth = 1 and s.word = any (k.words))
  ), corpus as materialized (
    select sum(d.chunks)::float8 as chunks, greatest(sum(d.words)::float8 / nullif(sum(d.chunks), 0), 1) as length
    from parlance.documents d where d.status = 'ready'
  ), found as materialized (
    -- How many documents have it, of very many about; and in the first of those, how many passages each.
    select l.lexeme, n.documents, n.documents * least(n.chunks, 1000000) as chunks
    from (select distinct lexeme from word) l,
    lateral (
      select (select count(*) from (select from parlance.document_words p where p.lexeme = l.lexeme limit 20001) p) as documents,
             (select avg(cardinality(p.ordinals))::float8
              from (select p.ordinals from parlance.document_words p where p.lexeme = l.lexeme limit 200) p) as chunks
      -- Once, however often it is named.
      offset 0
    ) n
    where n.documents > 0
  ), same as materialized (
    -- What a word is stemmed to in several languages is one word, as frequent as the most frequent of it.
    select f.lexeme, f.documents, max(o.chunks) as chunks
    from found f join word w on w.lexeme = f.lexeme join word v on v.word = w.word join found o on o.lexeme = v.lexeme
    group by 1, 2
  ), lexeme as materialized (
    select f.lexeme, ln(1 + (greatest(c.chunks - f.chunks, 0) + 0.5) / (f.chunks + 0.5)) as weight,
      ln(1 + (greatest(greatest(c.chunks, 1000) - f.chunks, 0) + 0.5) / (f.chunks + 0.5)) as rarity,
      row_number() over rarest <= 2 or sum(f.documents) over rarest <= p_budget as is_read
    from same f, corpus c
    window rarest as (order by f.documents, f.lexeme)
  ), rarity as materialized (
    -- Also of a word that no passage has, as far as that says anything.
    select word.word, coalesce(max(l.rarity), max(s.said) * ln(1 + (greatest(c.chunks, 1000) + 0.5) / 0.5)) as rarity
    from word join unnest(p_words, p_said) s(word, said) on s.word = word.word
    cross join corpus c left join lexeme l on l.lexeme = word.lexeme
    group by word.word, c.chunks
  ), hit as materialized (
    select p.document_id, u.ordinal, l.lexeme, l.weight, u.count
    from lexeme l
    join parlance.document_words p on p.lexeme = l.lexeme
    cross join lateral unnest(p.ordinals, p.counts) u(ordinal, count)
    where l.is_read and not exists (
      select from parlance.documents d where d.status <> 'ready' and d.id = p.document_id)
  ), candidate as materialized (
    select h.document_id, h.ordinal from hit h
    group by 1, 2
    order by sum(h.weight * h.count * 2.2 / (h.count + 1.2)) desc
    limit 100
  ), matched as (
    select h.* from hit h join candidate using (document_id, ordinal)
    union all
    select c.document_id, c.ordinal, l.lexeme, l.weight, u.count
    from (select distinct c.document_id from candidate c) d
    cross join lexeme l
    join parlance.document_words p on p.lexeme = l.lexeme and p.document_id = d.document_id
    cross join lateral unnest(p.ordinals, p.counts) u(ordinal, count)
    join candidate c on c.document_id = d.document_id and c.ordinal = u.ordinal
    where not l.is_read
  ), ranked as (
    select c.document_id, c.id, c.text, d.title, d.source_url,
      sum(m.weight * m.count * 2.2 / (m.count + 1.2 * (0.25 + 0.75 * c.words / corpus.length))) as rank,
      (select sum(r.rarity) from rarity r where exists (
         select from word where word.word = r.word and word.lexeme = any (array_agg(m.lexeme))))
        / (select sum(r.rarity) from rarity r) as share
    from matched m
    join parlance.document_chunks c on c.document_id = m.document_id and c.ordinal = m.ordinal
    join parlance.documents d on d.id = c.document_id and d.status = 'ready'
    cross join corpus
    group by c.document_id, c.id, c.text, d.title, d.source_url
  )
  select r.document_id, r.id, r.title, r.source_url, r.text, r.share::real
  from ranked r
  where r.share >= p_min_score
  order by r.rank desc, r.id
  limit p_limit
$$;

-- As index_document, for a document that is stemmed by PostgreSQL alone, as English: what the release before this one adds, and
-- what there was before it.
create function index_terms(p_document uuid) returns void
language sql
as $$
  insert into parlance.document_words (lexeme, document_id, ordinals, counts)
  select t.lexeme, p_document, array_agg(c.ordinal order by c.ordinal),
    array_agg(cardinality(t.positions)::smallint order by c.ordinal)
  from parlance.document_chunks c, unnest(c.terms) t
  where c.document_id = p_document
  group by t.lexeme
  on conflict do nothing;
  update parlance.document_chunks c set words = (select coalesce(sum(cardinality(t.positions)), 0) from unnest(c.terms) t)
  where c.document_id = p_document;
  update parlance.documents d set (chunks, words) = (
    select count(*), coalesce(sum(c.words), 0) from parlance.document_chunks c where c.document_id = p_document)
  where d.id = p_document;
  insert into parlance.document_stemmers (stemmer) values ('english_stem') on conflict do nothing;
$$;
create function index_added_terms() returns trigger
language plpgsql
as $$
begin
  perform parlance.index_terms(a.document_id) from (select distinct document_id from added where terms is not null) a;
  return null;
end
$$;
create trigger index_added_terms after insert on document_chunks referencing new table as added
  for each statement execute function index_added_terms();

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
  target regprocedure;
  name text;
begin
  foreach name in array array['document_words', 'document_chunks', 'document_stemmers'] loop
    execute format('create policy definer on %I to %I using (true) with check (true)', name, definer);
  end loop;
  execute format('grant select, update (words) on document_chunks to %I', definer);
  execute format('grant update (chunks, words) on documents to %I', definer);
  execute format('grant insert on document_words, document_stemmers to %I', definer);
  foreach target in array array[
    'stems(text[], text[])',
    'index_document(uuid, text, text[], integer[], integer[])',
    'passages_by_words(text[], real[], integer, real, integer)',
    'index_terms(uuid)',
    'index_added_terms()'
  ]::regprocedure[] loop
    execute format('revoke all on function %s from public', target);
    execute format('grant execute on function %s to %I', target, app);
  end loop;
  execute format('grant execute on function index_terms(uuid) to %I', definer);
end
$$;

-- By which dictionary what there is will be stemmed is written down before that is done: whoever adds a document meanwhile
-- does not wait for it.
create function note_stemmers() returns void
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  tenant uuid;
begin
  for tenant in select t.id from tenants t loop
    perform set_config('app.tenant_id', tenant::text, true);
    insert into document_stemmers (stemmer) values ('english_stem');
  end loop;
  perform set_config('app.tenant_id', '', true);
end
$$;
do $$
begin
  execute format('grant execute on function note_stemmers() to %I', current_user);
end
$$;
call run_as_definer('note_stemmers()', 'app');
select note_stemmers();
drop function note_stemmers();
