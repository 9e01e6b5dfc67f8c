-- Tenants: a slug that people type, and everything that makes its chat its own.
create table tenants (
  id uuid primary key,
  slug text not null,
  name text not null,
  status text not null default 'active',
  system_prompt text not null default '',
  allowed_origins text[] not null default '{}',
  provider text not null default 'openai',
  chat_model text,
  embedding_model text,
  temperature real,
  max_output_tokens integer not null default 1024,
  history_token_budget integer not null default 3000,
  retrieval_enabled boolean not null default true,
  retrieval_top_k integer not null default 5,
  retrieval_min_score real not null default 0.3,
  pinecone_index text,
  pinecone_host text,
  pinecone_environment text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint tenants_slug_key unique (slug),
  check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  check (char_length(name) between 1 and 200),
  check (status in ('active', 'suspended')),
  check (provider in ('openai', 'deepseek', 'local')),
  check (temperature between 0 and 2),
  check (max_output_tokens between 1 and 32768),
  check (history_token_budget between 0 and 200000),
  check (retrieval_top_k between 1 and 20),
  check (retrieval_min_score between 0 and 1)
);
create index tenants_allowed_origins on tenants using gin (allowed_origins);

alter table tenants enable row level security;
alter table tenants force row level security;

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  platform constant text := current_setting('parlance.role_prefix') || '_platform';
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  -- A request sees and edits its own tenant; only the platform creates one or changes its status.
  execute format('create policy app_reads_own on tenants for select to %I using (id = (select parlance.current_tenant()))', app);
  execute format('create policy app_edits_own on tenants for update to %I
    using (id = (select parlance.current_tenant())) with check (id = (select parlance.current_tenant()))', app);
  execute format('grant select on tenants to %I', app);
  execute format('grant update (name, system_prompt, allowed_origins, provider, chat_model, embedding_model,
    temperature, max_output_tokens, history_token_budget, retrieval_enabled, retrieval_top_k,
    retrieval_min_score, pinecone_index, pinecone_host, pinecone_environment, updated_at) on tenants to %I', app);

  execute format('create policy platform on tenants to %I using (true) with check (true)', platform);
  execute format('grant select, insert, update (status, updated_at) on tenants to %I', platform);

  execute format('create policy definer on tenants to %I using (true) with check (true)', definer);
  execute format('grant select, insert on tenants to %I', definer);
end
$$;

-- A tenant's own provider keys, sealed before they get here.
create table tenant_secrets (
  tenant_id uuid not null default current_tenant() references tenants (id) on delete cascade,
  id uuid not null,
  provider text not null,
  sealed bytea not null,
  last4 text not null,
  set_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, provider),
  check (provider in ('openai', 'deepseek', 'pinecone'))
);
call guard_tenant_table('tenant_secrets', 'select, insert, update, delete');
