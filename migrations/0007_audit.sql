-- Who did what to what. Written in the transaction of the deed; nobody may change or remove a row.
create table audit_log (
  tenant_id uuid not null default current_tenant(),
  id uuid not null,
  at timestamptz not null default now(),
  actor_tenant_id uuid not null,
  actor_id uuid not null,
  action text not null,
  target text not null,
  request_id text,
  primary key (tenant_id, id)
);
call guard_tenant_table('audit_log', 'select, insert');

do $$
declare
  platform constant text := current_setting('parlance.role_prefix') || '_platform';
begin
  execute format('create policy platform on audit_log for insert to %I with check (true)', platform);
  execute format('grant insert on audit_log to %I', platform);
end
$$;
