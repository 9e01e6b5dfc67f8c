-- Every system prompt that a tenant has had, numbered from 1. The number of the present one is told with the tenant, so that
-- each answer can say which prompt it was made with.
alter table tenants add column prompt_version integer not null default 1;

create table prompt_versions (
  tenant_id uuid not null default current_tenant() references tenants (id) on delete cascade,
  version integer not null,
  system_prompt text not null,
  set_at timestamptz not null default now(),
  -- Who set it, where that is known; the address only of a superuser, whom the tenant cannot look up.
  set_by uuid,
  set_by_email text,
  primary key (tenant_id, version)
);
call guard_tenant_table('prompt_versions', 'select');

do $$
declare
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  execute format('create policy definer on prompt_versions to %I using (true) with check (true)', definer);
  execute format('grant select, insert on prompt_versions to %I', definer);
end
$$;

-- By triggers, whoever writes: the release before this one, too, does not know of versions.
create function tenants_count_prompts() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
  new.prompt_version := old.prompt_version + 1;
  return new;
end
$$;
create trigger count_prompts before update of system_prompt on tenants
  for each row when (old.system_prompt is distinct from new.system_prompt) execute function tenants_count_prompts();

create function tenants_keep_prompts() returns trigger
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  before constant text := coalesce(current_setting('app.tenant_id', true), '');
begin
  if tg_op = 'UPDATE' and new.prompt_version = old.prompt_version then
    return null;
  end if;
  perform set_config('app.tenant_id', new.id::text, true);
  insert into prompt_versions (tenant_id, version, system_prompt, set_by, set_by_email)
  values (new.id, new.prompt_version, new.system_prompt, nullif(current_setting('app.actor_id', true), '')::uuid,
          nullif(current_setting('app.actor_email', true), ''));
  perform set_config('app.tenant_id', before, true);
  return null;
end
$$;
call run_as_definer('tenants_keep_prompts()', 'owner');
create trigger keep_prompts after insert or update of system_prompt on tenants
  for each row execute function tenants_keep_prompts();

-- What every tenant has now is its first.
create function keep_present_prompts() returns void
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  present record;
begin
  for present in select t.id, t.system_prompt, t.updated_at from tenants t loop
    perform set_config('app.tenant_id', present.id::text, true);
    insert into prompt_versions (tenant_id, version, system_prompt, set_at)
    values (present.id, 1, present.system_prompt, present.updated_at);
  end loop;
  perform set_config('app.tenant_id', '', true);
end
$$;
call run_as_definer('keep_present_prompts()', 'owner');
select keep_present_prompts();
drop function keep_present_prompts();
