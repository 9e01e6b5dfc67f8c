-- Which servers answer is the deployment's configuration: a provider is any of their names, and no longer one of two.
-- A name that the configuration has no more is no fault of the row: `local` answers until another is chosen.
alter table tenants
  drop constraint tenants_provider_check,
  add constraint tenants_provider_check check (provider ~ '^[a-z][a-z0-9-]{0,31}$');

alter table tenant_secrets
  drop constraint tenant_secrets_provider_check,
  add constraint tenant_secrets_provider_check check (provider ~ '^[a-z][a-z0-9-]{0,31}$');
