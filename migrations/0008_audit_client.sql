-- Where a deed was asked for. Null for rows from before, and where the host does not tell.
alter table audit_log add column client_ip inet;
