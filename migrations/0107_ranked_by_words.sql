-- As `passages_by_words` of 0099_plan_once.sql, where its plan is explained. It tells the rank (BM25), too, by which what is found is put
-- in order with what vectors find. And its budget is counted in passages instead of documents: it is passages that are read, and
-- a document has one or a thousand of them.
create function ranked_by_words(
  p_words text[], p_said real[], p_budget integer, p_min_score real, p_limit integer, p_filter jsonb default null,
  p_reader uuid default null, p_all boolean default false
)
returns table (document_id uuid, chunk_id uuid, title text, source_url text, text text, score real, rank real)
language plpgsql stable rows 20
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
begin
  return query
    with reader as materialized (
      -- Administrators read all documents.
      select p_all or coalesce((select u.role = 'admin' from parlance.users u where u.id = p_reader), false) as reads_all,
        coalesce((select u.groups from parlance.users u where u.id = p_reader), '{}') as groups
    ), limited as materialized (
      select p_filter is not null or exists (
        select from parlance.documents d, reader r
        where d.groups <> '{}' and not r.reads_all and not d.groups && r.groups) as is_so
    ), stemmers as materialized (
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
    ), allowed as materialized (
      select d.id from parlance.documents d, reader r, limited t
      where t.is_so and d.status = 'ready' and (p_filter is null or parlance.metadata_fits(d.metadata, p_filter))
        and (d.groups = '{}' or r.reads_all or d.groups && r.groups)
    ), allowed_documents as materialized (
      select count(*) as n from allowed
    ), lexeme as materialized (
      select f.lexeme, f.documents, ln(1 + (greatest(c.chunks - f.chunks, 0) + 0.5) / (f.chunks + 0.5)) as weight,
        ln(1 + (greatest(greatest(c.chunks, 1000) - f.chunks, 0) + 0.5) / (f.chunks + 0.5)) as rarity,
        row_number() over rarest <= 2
          or sum(case when not t.is_so then f.chunks else f.chunks * least(a.n::float8 / f.documents, 1) end) over rarest <= p_budget as is_read
      from same f, corpus c, allowed_documents a, limited t
      window rarest as (order by f.chunks, f.lexeme)
    ), rarity as materialized (
      -- Also of a word that no passage has, as far as that says anything.
      select word.word, coalesce(max(l.rarity), max(s.said) * ln(1 + (greatest(c.chunks, 1000) + 0.5) / 0.5)) as rarity
      from word join unnest(p_words, p_said) s(word, said) on s.word = word.word
      cross join corpus c left join lexeme l on l.lexeme = word.lexeme
      group by word.word, c.chunks
    ), hit as materialized (
      select p.document_id, u.ordinal, l.lexeme, l.weight, u.count
      from lexeme l
      join limited t on not t.is_so
      cross join lateral (
        select w.document_id, w.ordinals, w.counts from parlance.document_words w where w.lexeme = l.lexeme offset 0
      ) p
      cross join lateral unnest(p.ordinals, p.counts) u(ordinal, count)
      where l.is_read and not exists (
        select from parlance.documents d where d.status <> 'ready' and d.id = p.document_id)
      union all
      -- Of a word that fewer documents have than the filter allows, all of them are looked at.
      select p.document_id, u.ordinal, l.lexeme, l.weight, u.count
      from lexeme l
      join allowed_documents n on l.documents <= n.n
      join limited t on t.is_so
      cross join lateral (
        select w.document_id, w.ordinals, w.counts from parlance.document_words w where w.lexeme = l.lexeme offset 0
      ) p
      cross join lateral unnest(p.ordinals, p.counts) u(ordinal, count)
      where l.is_read and p.document_id in (select a.id from allowed a)
      union all
      -- Of others, only those that it allows.
      select p.document_id, u.ordinal, l.lexeme, l.weight, u.count
      from lexeme l
      join allowed_documents n on l.documents > n.n
      join limited t on t.is_so
      cross join allowed a
      cross join lateral (
        select w.document_id, w.ordinals, w.counts from parlance.document_words w
        where w.lexeme = l.lexeme and w.document_id = a.id
        offset 0
      ) p
      cross join lateral unnest(p.ordinals, p.counts) u(ordinal, count)
      where l.is_read and t.is_so
    ), candidate as materialized (
      select h.document_id, h.ordinal from hit h
      group by 1, 2
      order by sum(h.weight * h.count * 2.2 / (h.count + 1.2::float8))::real desc, h.document_id, h.ordinal
      limit 100
    ), matched as materialized (
      select h.document_id, h.ordinal, h.lexeme, h.weight, h.count
      from hit h join candidate using (document_id, ordinal)
      union all
      select c.document_id, c.ordinal, l.lexeme, l.weight, u.count
      from (select distinct c.document_id from candidate c) d
      cross join lexeme l
      cross join lateral (
        select w.ordinals, w.counts from parlance.document_words w
        where w.lexeme = l.lexeme and w.document_id = d.document_id
        offset 0
      ) p
      cross join lateral unnest(p.ordinals, p.counts) u(ordinal, count)
      join candidate c on c.document_id = d.document_id and c.ordinal = u.ordinal
      where not l.is_read
    ), readable as materialized (
      select c.document_id, c.ordinal, p.id, p.words
      from candidate c
      cross join reader r
      cross join lateral (
        select d.groups from parlance.documents d where d.id = c.document_id and d.status = 'ready' offset 0
      ) d
      cross join lateral (
        select p.id, p.words from parlance.document_chunks p
        where p.document_id = c.document_id and p.ordinal = c.ordinal
        offset 0
      ) p
      where d.groups = '{}' or r.reads_all or d.groups && r.groups
    ), ranked as materialized (
      select p.document_id, p.id, array_agg(m.lexeme) as lexemes,
        sum(m.weight * m.count * 2.2 / (m.count + 1.2 * (0.25 + 0.75 * p.words / corpus.length)))::real as rank
      from readable p
      join matched m using (document_id, ordinal)
      cross join corpus
      group by p.document_id, p.id
    ), shared as materialized (
      select r.document_id, r.id, r.rank,
        (select sum(y.rarity) from rarity y where exists (
           select from word where word.word = y.word and word.lexeme = any (r.lexemes)))
          / (select sum(y.rarity) from rarity y) as share
      from ranked r
    ), best as materialized (
      select s.document_id, s.id, s.rank, s.share from shared s
      where s.share >= p_min_score
      order by s.rank desc, s.id
      limit p_limit
    )
    select b.document_id, b.id, d.title, d.source_url, c.text, b.share::real, b.rank
    from best b
    cross join lateral (select d.title, d.source_url from parlance.documents d where d.id = b.document_id offset 0) d
    cross join lateral (select c.text from parlance.document_chunks c where c.id = b.id offset 0) c
    order by b.rank desc, b.id;
end
$$;

-- For processes of the release before, until they are gone.
create or replace function passages_by_words(
  p_words text[], p_said real[], p_budget integer, p_min_score real, p_limit integer, p_filter jsonb default null,
  p_reader uuid default null, p_all boolean default false
)
returns table (document_id uuid, chunk_id uuid, title text, source_url text, text text, score real)
language sql stable rows 20
as $$
  select f.document_id, f.chunk_id, f.title, f.source_url, f.text, f.score
  from ranked_by_words(p_words, p_said, p_budget, p_min_score, p_limit, p_filter, p_reader, p_all) f;
$$;

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  target constant regprocedure := 'ranked_by_words(text[], real[], integer, real, integer, jsonb, uuid, boolean)'::regprocedure;
begin
  execute format('revoke all on function %s from public', target);
  execute format('grant execute on function %s to %I', target, app);
end
$$;
