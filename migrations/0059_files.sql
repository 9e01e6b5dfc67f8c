-- Files: kept as they were sent, and read by a job. The version that is to come waits beside the one that is there, which answers
-- until the next one was read.
create table document_files (
  tenant_id uuid not null default current_tenant(),
  document_id uuid not null,
  is_next boolean not null,
  -- Null for a text that was sent as such: a long one is read like a file.
  name text,
  media_type text not null,
  content bytea not null,
  -- What the document is told as from then on.
  title text not null,
  source_url text,
  language text,
  metadata jsonb not null,
  hash bytea not null,
  primary key (tenant_id, document_id, is_next),
  foreign key (tenant_id, document_id) references documents (tenant_id, id) on delete cascade
);
-- Most are compressed already.
alter table document_files alter column content set storage external;
call guard_tenant_table('document_files', 'select, insert, update, delete');

alter table documents
  -- Of the file that it was read from, if it was one.
  add column file_name text,
  add column media_type text,
  add column pages integer;

alter table document_chunks
  -- Where the passage begins, and under which headings.
  add column page integer,
  add column heading text[] not null default '{}';

-- As before, with where a passage is. The release before reads by name, and finds what it knows.
drop function passages_by_id(uuid, uuid[], jsonb);
create function passages_by_id(p_tenant uuid, p_ids uuid[], p_filter jsonb default null)
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
      and (p_filter is null or parlance.metadata_fits(d.metadata, p_filter));
end
$$;
do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
begin
  revoke all on function passages_by_id(uuid, uuid[], jsonb) from public;
  execute format('grant execute on function passages_by_id(uuid, uuid[], jsonb) to %I', app);
end
$$;
