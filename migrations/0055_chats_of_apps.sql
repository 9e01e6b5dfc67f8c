-- no-transaction
-- By itself, and while others write: the table may be large.
create unique index concurrently chat_sessions_external on parlance.chat_sessions (tenant_id, user_id, external_id) where external_id is not null;
