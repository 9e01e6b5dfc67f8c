-- What a tenant knows.
create table documents (
  tenant_id uuid not null default current_tenant() references tenants (id) on delete cascade,
  id uuid not null,
  title text not null,
  source_url text,
  status text not null,
  error text,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  check (char_length(title) between 1 and 300),
  check (status in ('pending', 'ready', 'failed'))
);

create table document_chunks (
  tenant_id uuid not null default current_tenant(),
  id uuid not null,
  document_id uuid not null,
  ordinal integer not null,
  text text not null,
  -- Title (weight A) and text, stemmed.
  terms tsvector not null,
  primary key (tenant_id, id),
  unique (tenant_id, document_id, ordinal),
  foreign key (tenant_id, document_id) references documents (tenant_id, id) on delete cascade
);

call guard_tenant_table('documents', 'select, insert, update, delete');
call guard_tenant_table('document_chunks', 'select, insert, update, delete');
