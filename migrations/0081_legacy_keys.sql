-- What else an adoption remembers of rows of the service before this one: ids that other rows there refer to and that are not the
-- key (`user_key`, `session_key`), and each setting of a tenant as it was copied (`setting`), so that what has changed there since can
-- be told from what has been changed here.
alter table legacy_rows drop constraint legacy_rows_kind_check,
  add constraint legacy_rows_kind_check check (kind in ('user', 'user_key', 'email', 'session', 'session_key', 'setting'));
