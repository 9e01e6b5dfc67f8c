-- What `parlance partition-messages` works with while it is under way: functions that the owner alone may call. Each start makes them
-- anew; they go with the table as it was. What there is meanwhile:
--   chat_messages_partitioned   what is to take the place of chat_messages, with partitions chat_messages_p00, ...
--   chat_messages_whole         the table as it was, from the moment of the change until it is dropped
--   message_partitioning        how far it is
-- The owner is bound by row-level security here as everywhere: it sees one tenant at a time, by a policy that ends with this.

-- All that two forms of a table must have in common, one a line.
create or replace function partitioning_shape(p_table regclass) returns setof text
language sql stable
set search_path = pg_catalog
as $$
  select format('column %s %s %s %s %s %s %s %s', row_number() over (order by a.attnum), a.attname,
    format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attcollation, a.attgenerated, pg_get_expr(d.adbin, d.adrelid),
    (select array_agg(acl::text order by acl::text) from unnest(a.attacl) acl))
  from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped
  union all
  select format('constraint %s %s', conname, replace(pg_get_constraintdef(oid), ' NOT VALID', ''))
  from pg_constraint where conrelid = p_table and contype in ('c', 'f')
  union all
  select format('index %s %s', regexp_replace(c.relname, '_partitioned$', ''),
    coalesce(pg_get_constraintdef(k.oid), format('%s %s', i.indisunique, substr(pg_get_indexdef(c.oid), strpos(pg_get_indexdef(c.oid), ' USING ')))))
  from pg_index i join pg_class c on c.oid = i.indexrelid
  left join pg_constraint k on k.conindid = i.indexrelid and k.conrelid = p_table and k.contype in ('p', 'u', 'x')
  where i.indrelid = p_table
  union all
  select format('policy %s %s %s %s %s %s', polname, polpermissive, polcmd, array(select unnest(polroles) order by 1),
    pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
  from pg_policy where polrelid = p_table and polname <> 'partitioning'
  union all
  select format('table %s %s %s %s', c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner),
    (select array_agg(acl::text order by acl::text) from unnest(c.relacl) acl))
  from pg_class c where c.oid = p_table
$$;

-- What chat_messages has and the other one has not, or the other way round.
create or replace function partitioning_differences() returns setof text
language sql stable
set search_path = pg_catalog
as $$
  with whole(line) as (select parlance.partitioning_shape(to_regclass('parlance.chat_messages'))),
  made(line) as (select parlance.partitioning_shape(to_regclass('parlance.chat_messages_partitioned')))
  (select line from whole except select line from made) union all (select line from made except select line from whole)
$$;

-- The foreign keys by which others name messages.
create or replace function partitioning_references(p_table regclass) returns table (id oid, name text, source regclass)
language sql stable
set search_path = pg_catalog
as $$
  select k.oid, k.conname::text, k.conrelid::regclass from pg_constraint k
  where k.confrelid = p_table and k.contype = 'f' and k.conrelid <> p_table and k.conparentid = 0
  order by k.conrelid::regclass::text, k.conname
$$;

-- A name of something new beside something old.
create or replace function partitioning_name(p_name name, p_end text) returns text
language sql immutable
set search_path = pg_catalog
as $$ select left(p_name::text, 62 - length(p_end)) || '_' || p_end $$;

-- Gives a table what a role may do with another one, and nothing else.
create or replace function partitioning_grants(p_from regclass, p_to regclass) returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  it record;
begin
  for it in
    select distinct g.grantee from pg_class c, aclexplode(c.relacl) g where c.oid = p_to and g.grantee <> c.relowner
  loop
    execute format('revoke all on %s from %s', p_to, case it.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(it.grantee)) end);
  end loop;
  for it in
    select g.*, null::name as column_of from pg_class c, aclexplode(c.relacl) g where c.oid = p_from and g.grantee <> c.relowner
    union all
    select g.*, a.attname from pg_attribute a, aclexplode(a.attacl) g where a.attrelid = p_from and not a.attisdropped
  loop
    execute format('grant %s%s on %s to %s%s', it.privilege_type, ' (' || quote_ident(it.column_of) || ')', p_to,
      case it.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(it.grantee)) end,
      case when it.is_grantable then ' with grant option' end);
  end loop;
end
$$;

-- Gives a table the policies of another one: all of them, or those that take something away.
create or replace function partitioning_policies(p_from regclass, p_to regclass, p_all boolean) returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  it record;
begin
  execute format('alter table %s enable row level security', p_to);
  execute format('alter table %s force row level security', p_to);
  for it in
    select p.*, (select string_agg(case r when 0 then 'public' else quote_ident(pg_get_userbyid(r)) end, ', ') from unnest(p.polroles) r) as roles
    from pg_policy p where p.polrelid = p_from and p.polname <> 'partitioning' and (p_all or not p.polpermissive)
  loop
    execute format('create policy %I on %s as %s for %s to %s%s%s', it.polname, p_to,
      case when it.polpermissive then 'permissive' else 'restrictive' end,
      case it.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end, it.roles,
      ' using (' || pg_get_expr(it.polqual, p_from) || ')', ' with check (' || pg_get_expr(it.polwithcheck, p_from) || ')');
  end loop;
end
$$;

-- Gives a table the keys and indexes of another one. Their names are not free yet.
create or replace function partitioning_indexes(p_from regclass, p_to regclass) returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  it record;
  name text;
begin
  for it in
    select c.oid, c.relname, i.indisunique, pg_get_indexdef(c.oid) as def, pg_get_constraintdef(k.oid) as key, obj_description(c.oid, 'pg_class') as said
    from pg_index i join pg_class c on c.oid = i.indexrelid
    left join pg_constraint k on k.conindid = i.indexrelid and k.conrelid = p_from and k.contype in ('p', 'u', 'x')
    where i.indrelid = p_from
    order by not i.indisprimary, c.relname
  loop
    name := parlance.partitioning_name(it.relname, 'partitioned');
    if it.key is not null then
      execute format('alter table %s add constraint %I %s', p_to, name, it.key);
    else
      execute format('create %s index %I on %s %s', case when it.indisunique then 'unique' end, name, p_to, substr(it.def, strpos(it.def, ' USING ')));
    end if;
    if it.said is not null then
      execute format('comment on index parlance.%I is %L', name, it.said);
    end if;
  end loop;
end
$$;

-- Makes the partitioned table, which has nothing in it and is named by nobody.
create or replace function partitioning_make(p_partitions integer) returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  whole constant regclass := 'parlance.chat_messages';
  made regclass;
  part text;
  options text;
  it record;
begin
  create table parlance.message_partitioning (
    is_only boolean primary key default true check (is_only),
    partitions integer not null,
    stage text not null check (stage in ('made', 'copying', 'copied', 'changed', 'given up')),
    -- Up to which message of which tenant all are copied (the last id there is: all of it), and how many that were.
    tenant uuid not null default '00000000-0000-0000-0000-000000000000',
    after uuid not null default 'ffffffff-ffff-ffff-ffff-ffffffffffff',
    copied bigint not null default 0
  );
  alter table parlance.message_partitioning enable row level security;
  alter table parlance.message_partitioning force row level security;
  execute format('create policy owner on parlance.message_partitioning to %I using (true) with check (true)', current_user);
  insert into parlance.message_partitioning (partitions, stage) values (p_partitions, 'made');

  select spcname into it from pg_class c join pg_tablespace t on t.oid = c.reltablespace where c.oid = whole;
  if found then
    perform set_config('default_tablespace', it.spcname, true);
  end if;
  create table parlance.chat_messages_partitioned (like parlance.chat_messages including all excluding indexes excluding statistics)
    partition by hash (tenant_id);
  made := 'parlance.chat_messages_partitioned';
  execute format('comment on table %s is %L', made, obj_description(whole, 'pg_class'));
  perform parlance.partitioning_grants(whole, made);
  perform parlance.partitioning_policies(whole, made, true);
  perform parlance.partitioning_indexes(whole, made);

  -- What is set for the storage of a table is set for each of its partitions, since it has none of its own.
  select string_agg(format('%s = %L', split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)), ', ') into options
  from (
    select unnest(c.reloptions) as o from pg_class c where c.oid = whole
    union all
    select 'toast.' || unnest(t.reloptions) from pg_class c join pg_class t on t.oid = c.reltoastrelid where c.oid = whole
  ) of_storage;
  for n in 0 .. p_partitions - 1 loop
    part := format('parlance.chat_messages_p%s', lpad(n::text, greatest(2, length(n::text)), '0'));
    execute format('create table %s partition of %s for values with (modulus %s, remainder %s)%s', part, made, p_partitions, n, ' with (' || options || ')');
    -- Nobody reaches a partition by its own name but whoever backs up.
    for it in
      select g.grantee from pg_class c, aclexplode(c.relacl) g join pg_roles r on r.oid = g.grantee
      where c.oid = part::regclass and g.grantee <> c.relowner and not r.rolbypassrls
    loop
      execute format('revoke all on %s from %I', part, pg_get_userbyid(it.grantee));
    end loop;
    perform parlance.partitioning_policies(whole, part::regclass, false);
  end loop;
  for it in
    select a.attname, a.attstattarget, a.attoptions from pg_attribute a where a.attrelid = whole and a.attnum > 0 and not a.attisdropped
  loop
    if coalesce(it.attstattarget, -1) <> -1 then
      execute format('alter table %s alter column %I set statistics %s', made, it.attname, it.attstattarget);
    end if;
    if it.attoptions is not null then
      execute format('alter table %s alter column %I set (%s)', made, it.attname, array_to_string(it.attoptions, ', '));
    end if;
  end loop;
end
$$;

-- Has it go with the conversations, as the table as it is does.
create or replace function partitioning_attach() returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  it record;
begin
  -- A foreign key is held against the rows that there are, of which there are none; but the policies ask whose they are.
  perform set_config('app.tenant_id', '00000000-0000-0000-0000-000000000000', true);
  for it in
    select k.conname, pg_get_constraintdef(k.oid) as key from pg_constraint k
    where k.conrelid = 'parlance.chat_messages'::regclass and k.contype = 'f'
      and not exists (select from pg_constraint there where there.conrelid = 'parlance.chat_messages_partitioned'::regclass and there.conname = k.conname)
  loop
    execute format('alter table parlance.chat_messages_partitioned add constraint %I %s', it.conname, it.key);
  end loop;
end
$$;

-- From now on what is written to the table is written to the other one, too: row by row, in the same transaction, whoever writes.
create or replace function partitioning_follow() returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  names text;
  news text;
  given text;
begin
  select string_agg(quote_ident(attname), ', ' order by attnum), string_agg(format('new.%I', attname), ', ' order by attnum),
    string_agg(format('%1$I = excluded.%1$I', attname), ', ' order by attnum) into names, news, given
  from pg_attribute where attrelid = 'parlance.chat_messages'::regclass and attnum > 0 and not attisdropped and attgenerated = '';
  execute format($carry$
    create or replace function parlance.carry_message() returns trigger
    language plpgsql security definer
    set search_path = pg_catalog
    as $body$
    declare
      before constant text := coalesce(current_setting('app.tenant_id', true), '');
    begin
      if tg_op = 'DELETE' or tg_op = 'UPDATE' and (old.tenant_id, old.id) <> (new.tenant_id, new.id) then
        perform set_config('app.tenant_id', old.tenant_id::text, true);
        delete from parlance.chat_messages_partitioned where tenant_id = old.tenant_id and id = old.id;
      end if;
      if tg_op <> 'DELETE' then
        perform set_config('app.tenant_id', new.tenant_id::text, true);
        insert into parlance.chat_messages_partitioned (%s) values (%s)
        on conflict (tenant_id, id) do update set %s;
      end if;
      perform set_config('app.tenant_id', before, true);
      return null;
    end
    $body$ $carry$, names, news, given);
  revoke all on function parlance.carry_message() from public;
  execute format('create policy partitioning on parlance.chat_messages to %I using (true) with check (true)', current_user);
  execute format('create policy partitioning on parlance.chat_messages_partitioned to %I using (true) with check (true)', current_user);
  create trigger carry_message after insert or update or delete on parlance.chat_messages
    for each row execute function parlance.carry_message();
  alter table parlance.chat_messages enable always trigger carry_message;
  update parlance.message_partitioning set stage = 'copying';
end
$$;

-- Whether the trigger is there and works.
create or replace function partitioning_follows() returns boolean
language sql stable
set search_path = pg_catalog
as $$
  select exists (select from pg_trigger where tgrelid = 'parlance.chat_messages'::regclass and tgname = 'carry_message' and tgenabled = 'A')
$$;

-- The tenant after that one; null if there is none. Of the tenants it knows nothing else.
create or replace function partitioning_tenant(p_after uuid) returns uuid
language sql stable security definer
set search_path = parlance, pg_temp
as $$ select t.id from tenants t where t.id > p_after order by t.id limit 1 $$;

-- Copies the next messages of a tenant. `last` is where to go on; null when there are no more. Nobody can delete a row that this reads
-- before it is copied, nor is one copied that somebody deletes; whoever changes it carries the change over.
create or replace function partitioning_copy(p_tenant uuid, p_after uuid, p_most integer, out last uuid, out added bigint)
language plpgsql
set search_path = pg_catalog
as $$
declare
  names constant text := (
    select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
    where attrelid = 'parlance.chat_messages'::regclass and attnum > 0 and not attisdropped and attgenerated = '');
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  execute format('
    with next as materialized (
      select * from parlance.chat_messages m where m.tenant_id = $1 and m.id > $2 order by m.id limit $3 for key share
    ), added as (
      insert into parlance.chat_messages_partitioned (%1$s) select %1$s from next on conflict (tenant_id, id) do nothing returning id
    )
    select (select id from next order by id desc limit 1), (select count(*) from added)', names)
  using p_tenant, p_after, p_most into last, added;
  update parlance.message_partitioning
  set tenant = p_tenant, after = coalesce(last, 'ffffffff-ffff-ffff-ffff-ffffffffffff'), copied = copied + added;
end
$$;

-- Compares the next messages of a tenant in both tables, by their number and by a sum over all that they say, at one moment.
create or replace function partitioning_compare(p_tenant uuid, p_after uuid, p_most integer, out last uuid, out seen bigint, out is_same boolean)
language plpgsql
set search_path = pg_catalog
as $$
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  with edge as materialized (
    select (select m.id from parlance.chat_messages m where m.tenant_id = p_tenant and m.id > p_after order by m.id offset p_most - 1 limit 1) as id
  ), whole as (
    select count(*) as n, coalesce(sum(hashtextextended(m::text, 0)::numeric), 0) as s from parlance.chat_messages m
    where m.tenant_id = p_tenant and m.id > p_after and m.id <= (select coalesce(id, 'ffffffff-ffff-ffff-ffff-ffffffffffff') from edge)
  ), made as (
    select count(*) as n, coalesce(sum(hashtextextended(m::text, 0)::numeric), 0) as s from parlance.chat_messages_partitioned m
    where m.tenant_id = p_tenant and m.id > p_after and m.id <= (select coalesce(id, 'ffffffff-ffff-ffff-ffff-ffffffffffff') from edge)
  )
  select edge.id, whole.n, (whole.n, whole.s) = (made.n, made.s) into last, seen, is_same from edge, whole, made;
end
$$;

-- Has a table that names messages name the partitioned ones, too. What there is was named by the key that is there, and was carried over.
create or replace function partitioning_point(p_key oid) returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  it record;
begin
  perform set_config('app.tenant_id', '00000000-0000-0000-0000-000000000000', true);
  select conrelid::regclass as source, parlance.partitioning_name(conname, 'partitioned') as name, replace(replace(pg_get_constraintdef(oid),
    ' NOT VALID', ''), 'REFERENCES parlance.chat_messages(', 'REFERENCES parlance.chat_messages_partitioned(') as key
  into strict it from pg_constraint where oid = p_key;
  if not exists (select from pg_constraint where conrelid = it.source and conname = it.name) then
    lock table parlance.chat_messages_partitioned in share row exclusive mode;
    -- Whoever has the next one and waits for this is let go before PostgreSQL looks for deadlocks.
    perform set_config('lock_timeout', '100ms', true);
    execute format('alter table %s add constraint %I %s not valid', it.source, it.name, it.key);
  end if;
end
$$;

-- Says that the rows that were there hold to it, too, as they did to the key before. It keeps nobody from writing.
create or replace function partitioning_validate(p_key oid) returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  it record;
begin
  perform set_config('app.tenant_id', '00000000-0000-0000-0000-000000000000', true);
  select conrelid::regclass as source, parlance.partitioning_name(conname, 'partitioned') as name, convalidated into strict it from pg_constraint where oid = p_key;
  if it.convalidated then
    execute format('alter table %s validate constraint %I', it.source, it.name);
  end if;
end
$$;

-- What the change needs besides the table itself, which is locked already. Who has one of these and waits for that is let go before
-- PostgreSQL looks for deadlocks, and goes on.
create or replace function partitioning_lock() returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  it record;
begin
  perform set_config('lock_timeout', '100ms', true);
  lock table parlance.chat_messages_partitioned in access exclusive mode;
  for it in select distinct source from parlance.partitioning_references('parlance.chat_messages') loop
    execute format('lock table %s in access exclusive mode', it.source);
  end loop;
end
$$;

-- Lets the partitioned table take the place of the other one, with all its names.
create or replace function partitioning_change() returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  it record;
begin
  drop trigger carry_message on parlance.chat_messages;
  for it in select * from parlance.partitioning_references('parlance.chat_messages') loop
    execute format('alter table %s drop constraint %I', it.source, it.name);
    execute format('alter table %s rename constraint %I to %I', it.source, parlance.partitioning_name(it.name, 'partitioned'), it.name);
  end loop;
  for it in
    select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = 'parlance.chat_messages'::regclass
  loop
    execute format('alter index parlance.%I rename to %I', it.relname, parlance.partitioning_name(it.relname, 'whole'));
    execute format('alter index parlance.%I rename to %I', parlance.partitioning_name(it.relname, 'partitioned'), it.relname);
  end loop;
  drop policy partitioning on parlance.chat_messages;
  drop policy partitioning on parlance.chat_messages_partitioned;
  alter table parlance.chat_messages rename to chat_messages_whole;
  alter table parlance.chat_messages_partitioned rename to chat_messages;
  update parlance.message_partitioning set stage = 'changed';
end
$$;

-- Takes a table out of the way of the conversations: the whole one after the change, or the other one where it was given up.
create or replace function partitioning_detach(p_table regclass) returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  it record;
begin
  for it in
    select conname, confrelid::regclass as target from pg_constraint where conrelid = p_table and contype = 'f' and conparentid = 0
  loop
    execute format('lock table %s in access exclusive mode', it.target);
    perform set_config('lock_timeout', '100ms', true);
    execute format('alter table %s drop constraint %I', p_table, it.conname);
  end loop;
end
$$;

-- Takes back that a table names the partitioned messages.
create or replace function partitioning_unpoint(p_key oid) returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  it record;
begin
  select conrelid::regclass as source, conname as name into strict it from pg_constraint where oid = p_key;
  lock table parlance.chat_messages_partitioned in access exclusive mode;
  perform set_config('lock_timeout', '100ms', true);
  execute format('alter table %s drop constraint %I', it.source, it.name);
end
$$;

-- Nothing is carried over any more.
create or replace function partitioning_give_up() returns void
language plpgsql
set search_path = pg_catalog
as $$
begin
  drop trigger if exists carry_message on parlance.chat_messages;
  drop policy if exists partitioning on parlance.chat_messages;
  update parlance.message_partitioning set stage = 'given up';
end
$$;

-- Drops what is not used any more, and all that was here for it.
create or replace function partitioning_end() returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  it record;
begin
  drop table if exists parlance.chat_messages_whole, parlance.chat_messages_partitioned, parlance.message_partitioning;
  drop function if exists parlance.carry_message();
  for it in
    select oid::regprocedure as it from pg_proc where pronamespace = 'parlance'::regnamespace and starts_with(proname, 'partitioning_')
  loop
    execute format('drop function %s', it.it);
  end loop;
end
$$;

do $$
declare
  it record;
begin
  call parlance.run_as_definer('parlance.partitioning_tenant(uuid)', 'owner');
  for it in
    select oid::regprocedure as it from pg_proc where pronamespace = 'parlance'::regnamespace and starts_with(proname, 'partitioning_')
  loop
    execute format('revoke all on function %s from public', it.it);
  end loop;
end
$$;
