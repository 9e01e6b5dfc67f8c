-- What people think of the answers they got: of each answer, whoever asked. And which questions got none that was good.
create table message_feedback (
  tenant_id uuid not null default current_tenant(),
  message_id uuid not null,
  rating text not null,
  comment text,
  rated_at timestamptz not null default now(),
  primary key (tenant_id, message_id),
  foreign key (tenant_id, message_id) references chat_messages (tenant_id, id) on delete cascade,
  check (rating in ('up', 'down')),
  check (char_length(comment) between 1 and 2000)
);
call guard_tenant_table('message_feedback', 'select, insert, update, delete');

-- Since when the tenant's administrators see questions that got no good answer, and not only how many there are. Its users are
-- told; what they asked before stays theirs. Null: they do not.
alter table tenants add column share_unanswered_since timestamptz;

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
begin
  execute format('grant update (share_unanswered_since) on tenants to %I', app);
end
$$;
