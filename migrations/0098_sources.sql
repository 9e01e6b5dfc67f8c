-- Besides web sites, connectors read buckets of whatever speaks S3's protocol, and Git repositories.
alter table connectors drop constraint connectors_kind_check,
  add constraint connectors_kind_check check (kind in ('site', 'bucket', 'repository')) not valid,
  -- The secret of its access key, or its token, sealed for this row, and how that ends.
  add column sealed bytea,
  add column secret_last4 text;
alter table connector_runs
  -- Where the list of what there is goes on.
  add column list_from text;
alter table connector_pages
  -- The version that the list names, which is not read yet.
  add column listed_as text;
