-- What a tenant has read again and again, so that its documents follow it: a web site.
create table connectors (
  tenant_id uuid not null default current_tenant() references tenants (id) on delete cascade,
  id uuid not null,
  name text not null,
  kind text not null check (kind in ('site')),
  -- What of it is read, and how much at most.
  settings jsonb not null,
  -- What its documents are told as.
  language text,
  metadata jsonb not null default '{}',
  -- The groups of users whom its documents are for; of everybody if there is none.
  groups text[] not null default '{}',
  -- How long from the end of a run to the next one; null: only when somebody asks.
  every_hours integer check (every_hours between 1 and 8760),
  is_on boolean not null default true,
  -- Whose limits hold: a person's, or those of an API key.
  user_id uuid not null,
  api_key_id uuid,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  check (char_length(name) between 1 and 100),
  check (cardinality(groups) <= 50)
);
call guard_tenant_table('connectors', 'select, insert, update, delete');

-- One reading of it, from its beginning to its end.
create table connector_runs (
  tenant_id uuid not null default current_tenant(),
  id uuid not null,
  connector_id uuid not null,
  -- `partial`: something was left out, and nothing was deleted because it was not found.
  status text not null default 'running' check (status in ('running', 'done', 'partial', 'failed', 'cancelled')),
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  -- Whether it is known where to begin.
  is_begun boolean not null default false,
  -- How long to wait from one page to the next, as the site wishes.
  pause_ms integer not null default 1000,
  -- What it lets programs read; while the run is going on.
  robots text,
  -- How often in a row its host did not answer, or wanted to be left alone.
  refusals integer not null default 0,
  -- Whether pages of before were looked at to which it found no way.
  looked_again boolean not null default false,
  found integer not null default 0,
  added integer not null default 0,
  changed integer not null default 0,
  unchanged integer not null default 0,
  removed integer not null default 0,
  skipped integer not null default 0,
  failed integer not null default 0,
  -- Why it ended as it did, in a sentence, and the first pages that came to nothing, with the reason.
  error text,
  problems jsonb not null default '[]',
  primary key (tenant_id, id),
  foreign key (tenant_id, connector_id) references connectors (tenant_id, id) on delete cascade,
  check ((status = 'running') = (finished_at is null))
);
create index connector_runs_of on connector_runs (tenant_id, connector_id, id);
create unique index connector_runs_running on connector_runs (tenant_id, connector_id) where status = 'running';
call guard_tenant_table('connector_runs', 'select, insert, update, delete');

-- A page as it was when it was last read. It is also the list of what a run still has to read.
create table connector_pages (
  tenant_id uuid not null default current_tenant(),
  connector_id uuid not null,
  url text not null,
  -- The run that found it last, and what is left to do there: `again` is a page of before that this run found no way to.
  run_id uuid not null,
  state text not null default 'todo' check (state in ('todo', 'again', 'done')),
  -- How many links from where it began.
  depth integer not null,
  document_id uuid,
  -- What the site says of this version, and what this service found in it.
  etag text,
  last_modified text,
  hash bytea,
  links text[] not null default '{}',
  -- How many runs, one after the other, found no way to it.
  missed integer not null default 0,
  primary key (tenant_id, connector_id, url),
  foreign key (tenant_id, connector_id) references connectors (tenant_id, id) on delete cascade
);
create index connector_pages_left on connector_pages (tenant_id, connector_id, state, depth) where state <> 'done';
call guard_tenant_table('connector_pages', 'select, insert, update, delete');

-- Whose the document is: that connector changes and deletes it, and nobody else.
alter table documents add column connector_id uuid,
  add constraint documents_connector foreign key (tenant_id, connector_id) references connectors (tenant_id, id) not valid;
create index documents_of_connector on documents (tenant_id, connector_id) where connector_id is not null;

-- A reading is a job; its `document_id` is the connector's.
alter table jobs drop constraint jobs_kind_check,
  add constraint jobs_kind_check check (kind in ('extract', 'index', 'forget', 'purge', 'sync')) not valid;
