-- What was erased when a tenant, one of its users or visitors left: the receipt. It names nobody but by ids and the tenant's slug.
create table erasures (
  id uuid primary key,
  kind text not null check (kind in ('tenant', 'user', 'visitor')),
  tenant uuid not null,
  slug text not null,
  -- The user or visitor; of a tenant, the tenant.
  subject uuid not null,
  asked_at timestamptz not null default now(),
  -- How many rows there were in each table when it began.
  found jsonb not null,
  -- What became of vectors that are not in this database.
  vectors text not null default 'none',
  finished_at timestamptz,
  -- How many of these rows are gone, and how many are kept.
  removed jsonb,
  kept jsonb
);
create unique index erasures_underway on erasures (subject) where finished_at is null;
alter table erasures enable row level security;
alter table erasures force row level security;

-- How many rows of the tenant each table has, under its row-level security.
create function rows_of_tenant() returns table (name text, rows bigint)
language plpgsql stable
set search_path = parlance, pg_temp
as $$
declare
  place record;
begin
  for place in
    select c.relname, c.oid::regclass as relation from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    where c.relnamespace = 'parlance'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    order by c.relname
  loop
    return query execute format('select %L::text, count(*) from %s', place.relname, place.relation);
  end loop;
end
$$;
revoke all on function rows_of_tenant() from public;

-- How many rows of each table belong to one of the tenant's users, or name it.
create function rows_of_user(p_user uuid) returns table (name text, rows bigint)
language plpgsql stable
set search_path = parlance, pg_temp
as $$
declare
  place record;
begin
  for place in
    select c.relname, c.oid::regclass as relation,
      string_agg(format('%I = $1', a.attname), ' or ' order by a.attname) as condition
    from pg_class c
    join pg_attribute t on t.attrelid = c.oid and t.attname = 'tenant_id' and not t.attisdropped
    join pg_attribute a on a.attrelid = c.oid and not a.attisdropped and a.atttypid = 'uuid'::regtype
      and (a.attname in ('user_id', 'actor_id', 'created_by', 'set_by', 'subject') or (c.relname in ('users', 'legacy_rows') and a.attname = 'id'))
    where c.relnamespace = 'parlance'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    group by c.relname, c.oid
    order by c.relname
  loop
    return query execute format('select %L::text, count(*) from %s where %s', place.relname, place.relation, place.condition) using p_user;
  end loop;
  return query
    select 'chat_messages', count(*) from chat_messages m join chat_sessions s on s.id = m.session_id where s.user_id = p_user
    union all
    select 'message_feedback', count(*) from message_feedback f join chat_messages m on m.id = f.message_id
      join chat_sessions s on s.id = m.session_id where s.user_id = p_user;
end
$$;
revoke all on function rows_of_user(uuid) from public;

-- Deletes a suspended tenant with whatever is left of it; what was spent, and who did what, refers to it no more than by its id.
create function drop_tenant(p_tenant uuid) returns boolean
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  delete from tenants where id = p_tenant and status = 'suspended';
  if not found then
    return false;
  end if;
  -- What does not refer to the tenant, and says something about its documents.
  delete from document_stemmers where tenant_id = p_tenant;
  return true;
end
$$;
call run_as_definer('drop_tenant(uuid)', 'owner');

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
  owner constant text := current_setting('parlance.role_prefix') || '_owner';
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  execute format('create policy owner on erasures to %I using (true) with check (true)', owner);
  execute format('grant execute on function rows_of_tenant(), rows_of_user(uuid) to %I', app);
  execute format('grant delete on tenants to %I', definer);
  execute format('grant select, delete on document_stemmers to %I', definer);
end
$$;
