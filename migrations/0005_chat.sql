-- Conversations.
create table chat_sessions (
  tenant_id uuid not null default current_tenant(),
  id uuid not null,
  user_id uuid not null,
  title text not null,
  -- The number of the newest message; taken under this row's lock, so that order has no gaps.
  last_seq integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
  check (char_length(title) between 1 and 200)
);
create index chat_sessions_user on chat_sessions (tenant_id, user_id, id);

create table chat_messages (
  tenant_id uuid not null default current_tenant(),
  id uuid not null,
  session_id uuid not null,
  seq integer not null,
  role text not null,
  content text not null,
  status text not null,
  provider text,
  model text,
  finish_reason text,
  error_code text,
  prompt_tokens integer,
  completion_tokens integer,
  usage_exact boolean,
  sources jsonb not null default '[]',
  metadata jsonb not null default '{}',
  -- When the answer last grew. Old and still `streaming` means that its process is gone.
  heartbeat_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, session_id, seq),
  foreign key (tenant_id, session_id) references chat_sessions (tenant_id, id) on delete cascade,
  check (role in ('user', 'assistant')),
  check (status in ('streaming', 'complete', 'stopped', 'interrupted', 'failed'))
);

call guard_tenant_table('chat_sessions', 'select, insert, update, delete');
call guard_tenant_table('chat_messages', 'select, insert, update, delete');
