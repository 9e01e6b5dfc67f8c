-- How long a tenant keeps conversations after they were last written to. Null: until somebody deletes them.
alter table tenants add column retention_days integer,
  add constraint tenants_retention check (retention_days between 1 and 3650);

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  execute format('grant update (retention_days) on tenants to %I', app);
  execute format('create policy definer on chat_sessions to %I using (true) with check (true)', definer);
  execute format('grant select, delete on chat_sessions to %I', definer);
end
$$;

-- Deletes up to p_limit conversations, with their messages, of the first tenant after p_after that keeps some for a time only:
-- those that are older. `tenant` is whose they were; null when there is none. Under that tenant's own row-level security. Safe
-- to run by several at once. An id tells when a conversation was started (UUIDv7), so that no index of their age is kept up
-- with every question.
create function purge_chats(p_after uuid, p_limit bigint, out tenant uuid, out deleted bigint)
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  days integer;
  long_ago timestamptz;
begin
  deleted := 0;
  select t.id, t.retention_days into tenant, days from tenants t
  where t.retention_days is not null and (p_after is null or t.id > p_after)
  order by t.id limit 1;
  if tenant is null then
    return;
  end if;
  perform set_config('app.tenant_id', tenant::text, true);
  long_ago := now() - make_interval(days => days);
  delete from chat_sessions s
  where s.tenant_id = tenant and s.id in (
    select o.id from chat_sessions o
    where o.tenant_id = tenant and o.updated_at < long_ago
      and o.id < rpad(lpad(to_hex((extract(epoch from long_ago) * 1000)::bigint), 12, '0'), 32, '0')::uuid
    order by o.id limit p_limit)
    -- Once more, for one that is written to at this moment.
    and s.updated_at < long_ago;
  get diagnostics deleted = row_count;
  perform set_config('app.tenant_id', '', true);
end
$$;
call run_as_definer('purge_chats(uuid, bigint)', 'app');
