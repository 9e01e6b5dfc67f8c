-- no-transaction
-- By itself, and while others write: the table may be large.
create unique index concurrently chat_messages_external on parlance.chat_messages (tenant_id, session_id, external_id) where external_id is not null;
