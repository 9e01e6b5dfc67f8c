-- How a deed ended, and what else may be told of it: names and reasons, never a value or a secret. Who tries to log in is
-- nobody yet.
alter table audit_log
  add column outcome text not null default 'success' check (outcome in ('success', 'failure', 'denied')),
  add column detail text check (char_length(detail) <= 500),
  alter column actor_tenant_id drop not null,
  alter column actor_id drop not null;

-- One action or one actor among many rows; the primary key serves the list of all.
create index audit_log_action on audit_log (tenant_id, action, id);
create index audit_log_actor on audit_log (tenant_id, actor_id, id);
