-- Superusers make superusers. No role of the service may write the column; this function may, for one user of one tenant.
do $$
declare
  definer constant text := current_setting('parlance.role_prefix') || '_definer';
begin
  execute format('grant update (is_superuser, updated_at) on users to %I', definer);
end
$$;

-- Makes a user a superuser, or one no more; false if there is no such user.
create function set_superuser(p_tenant uuid, p_user uuid, p_value boolean) returns boolean
language plpgsql security definer
set search_path = parlance, pg_temp
as $$
declare
  done boolean;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  update users u set is_superuser = p_value, updated_at = now()
  where u.tenant_id = p_tenant and u.id = p_user;
  done := found;
  perform set_config('app.tenant_id', '', true);
  return done;
end
$$;
call run_as_definer('set_superuser(uuid, uuid, boolean)', 'platform');
