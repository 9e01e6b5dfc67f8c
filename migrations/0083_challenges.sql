-- Whether whoever is new at a site does a little work first. Those that there are do without: their pages may have clients that
-- know nothing of it. A challenge that was solved is noted among the identity tokens that were used: it, too, is good once.
alter table sites
  add column challenge text not null default 'off',
  add constraint sites_challenge check (challenge in ('off', 'under_load', 'always')) not valid;
