-- Since when the tenant's administrators may read what its users say. Its users are told; conversations that began before stay theirs.
-- Null: they may not.
alter table tenants add column share_conversations_since timestamptz;

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
begin
  execute format('grant update (share_conversations_since) on tenants to %I', app);
end
$$;
