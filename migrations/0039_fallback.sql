-- Who answers where a tenant's provider cannot: another server, as the tenant wants it. Null: nobody does. That it is another is
-- checked by whoever sets it, and where it is used: the release before this one changes the provider without knowing of it.
alter table tenants
  add column fallback_provider text,
  add column fallback_model text,
  add constraint tenants_fallback_provider check (fallback_provider ~ '^[a-z][a-z0-9-]{0,31}$');

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
begin
  execute format('grant update (fallback_provider, fallback_model) on tenants to %I', app);
end
$$;
