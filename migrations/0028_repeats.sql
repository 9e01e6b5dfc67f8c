-- Every request that makes something may be sent twice, also by who is no user of the tenant: a superuser who has assumed
-- it. So a key's user need not live there; who deletes a user deletes its keys. What was asked for is told by a code that
-- nobody without SECRET_KEY can try bodies against: some hold a password.
alter table idempotency_keys
  drop constraint idempotency_keys_tenant_id_user_id_fkey,
  -- Not checked for what is there, which the owner of the table may not see: the constraint above has done that.
  add foreign key (tenant_id) references tenants (id) on delete cascade not valid;

do $$
declare
  platform constant text := current_setting('parlance.role_prefix') || '_platform';
begin
  -- Creating a tenant takes its key in the transaction that creates it: in the superuser's own tenant, and no other keys.
  execute format('create policy platform on idempotency_keys to %I
    using (route = ''POST /tenants'') with check (route = ''POST /tenants'')', platform);
  execute format('grant select, insert, update on idempotency_keys to %I', platform);
end
$$;
