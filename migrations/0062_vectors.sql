-- Where a tenant's vectors are, who makes them, and what else is asked for a question before passages are found.
alter table tenants
  -- Null: at Pinecone, where it has an index and keys.
  add column vectors text,
  -- Null: OpenAI.
  add column embedding_provider text,
  -- Whether a question is put in words of its own before it is looked for, where it follows others.
  add column rewrite_questions boolean not null default false,
  -- Who puts what was found in order; null: nobody.
  add column rerank_provider text,
  add column rerank_model text,
  add constraint tenants_vectors check (vectors in ('none', 'postgres', 'pinecone')),
  add constraint tenants_embedding_provider check (embedding_provider ~ '^[a-z][a-z0-9-]{0,31}$'),
  add constraint tenants_rerank_provider check (rerank_provider ~ '^[a-z][a-z0-9-]{0,31}$'),
  add constraint tenants_rerank check ((rerank_provider is null) = (rerank_model is null));

-- Vectors of one model in one place: those of two models are never compared. A tenant has one that serves; one that is built beside
-- it serves from the moment in which it is whole, and then the other is cleared away.
create table embedding_sets (
  tenant_id uuid not null default current_tenant() references tenants (id) on delete cascade,
  id uuid not null,
  place text not null,
  endpoint text not null,
  model text not null,
  -- Numbers in a vector.
  dimensions integer not null,
  state text not null,
  -- Whether it has the tenant's plain namespace at Pinecone, as the first has.
  is_first boolean not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, place, endpoint, model),
  check (place in ('postgres', 'pinecone')),
  check (state in ('building', 'serving', 'retired')),
  check (dimensions between 1 and 20000)
);
create unique index embedding_sets_serving on embedding_sets (tenant_id) where state = 'serving';
call guard_tenant_table('embedding_sets', 'select, insert, update, delete');

-- What vectors were made of a document's passages within the last days: trying again, and another version that says mostly the
-- same, need not pay again.
create table embedding_cache (
  tenant_id uuid not null default current_tenant(),
  document_id uuid not null,
  endpoint text not null,
  model text not null,
  -- SHA-256 of the text.
  hash bytea not null,
  -- 32-bit floats, the low byte first.
  embedding bytea not null,
  made_at timestamptz not null default now(),
  primary key (tenant_id, document_id, endpoint, model, hash),
  foreign key (tenant_id, document_id) references documents (tenant_id, id) on delete cascade
);
create index embedding_cache_made on embedding_cache (tenant_id, made_at);
call guard_tenant_table('embedding_cache', 'select, insert, delete');

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
begin
  execute format('grant update (vectors, embedding_provider, rewrite_questions, rerank_provider, rerank_model) on tenants to %I', app);
end
$$;
