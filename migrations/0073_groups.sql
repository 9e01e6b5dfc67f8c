-- Documents for some of a tenant's users: those who are in one of their groups, and administrators. Without groups, one is for
-- everybody.
alter table documents
  add column groups text[] not null default '{}',
  add constraint documents_groups check (cardinality(groups) <= 50) not valid;
create index documents_limited on documents (tenant_id) where groups <> '{}';

-- As before, of the documents that the reader may read: who that is, and in which groups, is read now. Nobody reads what
-- everybody may, so that the calls of the release before find nothing else.
drop function passages_by_words(text[], real[], integer, real, integer, jsonb);
create function passages_by_words(
  p_words text[], p_said real[], p_budget integer, p_min_score real, p_limit integer, p_filter jsonb default null,
  p_reader uuid default null, p_all boolean default false
)
returns table (document_id uuid, chunk_id uuid, title text, source_url text, text text, score real)
language sql stable rows 20
as $$
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
        or sum(case when not t.is_so then f.documents else least(f.documents, a.n) end) over rarest <= p_budget as is_read
    from same f, corpus c, allowed_documents a, limited t
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
    join limited t on not t.is_so
    join parlance.document_words p on p.lexeme = l.lexeme
    cross join lateral unnest(p.ordinals, p.counts) u(ordinal, count)
    where l.is_read and not exists (
      select from parlance.documents d where d.status <> 'ready' and d.id = p.document_id)
    union all
    -- Of a word that fewer documents have than the filter allows, all of them are looked at.
    select p.document_id, u.ordinal, l.lexeme, l.weight, u.count
    from lexeme l
    join allowed_documents n on l.documents <= n.n
    join limited t on t.is_so
    join parlance.document_words p on p.lexeme = l.lexeme
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
      (select sum(y.rarity) from rarity y where exists (
         select from word where word.word = y.word and word.lexeme = any (array_agg(m.lexeme))))
        / (select sum(y.rarity) from rarity y) as share
    from matched m
    join parlance.document_chunks c on c.document_id = m.document_id and c.ordinal = m.ordinal
    join parlance.documents d on d.id = c.document_id and d.status = 'ready'
    join reader r on d.groups = '{}' or r.reads_all or d.groups && r.groups
    cross join corpus
    group by c.document_id, c.id, c.text, d.title, d.source_url
  )
  select r.document_id, r.id, r.title, r.source_url, r.text, r.share::real
  from ranked r
  where r.share >= p_min_score
  order by r.rank desc, r.id
  limit p_limit
$$;

drop function passages_by_id(uuid, uuid[], jsonb);
create function passages_by_id(
  p_tenant uuid, p_ids uuid[], p_filter jsonb default null, p_reader uuid default null, p_all boolean default false
)
returns table (document_id uuid, chunk_id uuid, title text, source_url text, text text, score real, ordinal integer,
  page integer, heading text[])
language plpgsql
as $$
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  return query
    select c.document_id, c.id, d.title, d.source_url, c.text, 0::real, c.ordinal, c.page, c.heading
    from parlance.document_chunks c
    join parlance.documents d on d.tenant_id = c.tenant_id and d.id = c.document_id
    where d.status = 'ready' and c.id = any (p_ids)
      and (p_filter is null or parlance.metadata_fits(d.metadata, p_filter))
      and (d.groups = '{}' or p_all or exists (
        select from parlance.users u where u.id = p_reader and (u.role = 'admin' or u.groups && d.groups)));
end
$$;

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  target regprocedure;
begin
  foreach target in array array[
    'passages_by_words(text[], real[], integer, real, integer, jsonb, uuid, boolean)',
    'passages_by_id(uuid, uuid[], jsonb, uuid, boolean)'
  ]::regprocedure[] loop
    execute format('revoke all on function %s from public', target);
    execute format('grant execute on function %s to %I', target, app);
  end loop;
end
$$;
