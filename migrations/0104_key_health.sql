-- What came of a tenant's own provider key when it was last tried: by a test, or where the provider refused it. Null is unknown,
-- and a failure that is null is none.
alter table tenant_secrets
  add column checked_at timestamptz,
  add column failure text check (failure ~ '^[a-z_]{1,64}$');
