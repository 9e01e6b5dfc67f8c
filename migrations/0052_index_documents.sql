-- Indexes the documents that there are, a tenant after the other. Apart from what changes their tables: documents can be added
-- and found meanwhile, and only who deletes one that is indexed already waits.
create function index_all_terms() returns void
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  tenant uuid;
begin
  for tenant in select t.id from tenants t loop
    perform set_config('app.tenant_id', tenant::text, true);
    perform index_terms(d.id) from documents d where d.chunks = 0;
  end loop;
  perform set_config('app.tenant_id', '', true);
end
$$;
do $$
begin
  execute format('grant execute on function index_all_terms() to %I', current_user);
end
$$;
call run_as_definer('index_all_terms()', 'app');
select index_all_terms();
drop function index_all_terms();
