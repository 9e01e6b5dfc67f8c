-- As in 0014_changes.sql, with `json` instead of `jsonb`: that takes every number which a row holds in a column of `json`, such as 1e200000
-- of what was copied from elsewhere, and refused the change of such a row.
create or replace function tell_change() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
declare
  changed constant json := case tg_op when 'DELETE' then row_to_json(old) else row_to_json(new) end;
begin
  perform pg_notify('parlance', tg_argv[0] || ' ' || (changed ->> tg_argv[1]));
  return null;
end
$$;
