-- When a user last set another password. A token of the service before this one belongs to no login that could be
-- ended, so this ends it.
alter table users add column password_changed_at timestamptz;

do $$
declare
  app constant text := current_setting('parlance.role_prefix') || '_app';
begin
  execute format('grant update (password_changed_at) on users to %I', app);
end
$$;
