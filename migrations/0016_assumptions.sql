-- A superuser's stay in a tenant: who, why, and until when. The platform writes one together with its row of the audit
-- log; a request that comes with the token of it is looked up here.
create table assumptions (
  tenant_id uuid not null default current_tenant() references tenants (id) on delete cascade,
  id uuid not null,
  actor_tenant_id uuid not null,
  actor_id uuid not null,
  -- The login it was made from: when that ends, so does this.
  actor_session_id uuid,
  reason text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, id),
  check (char_length(reason) between 1 and 500),
  check (expires_at <= created_at + interval '15 minutes')
);
call guard_tenant_table('assumptions', 'select');

do $$
declare
  platform constant text := current_setting('parlance.role_prefix') || '_platform';
begin
  execute format('create policy platform on assumptions for insert to %I with check (true)', platform);
  execute format('grant insert on assumptions to %I', platform);
end
$$;
