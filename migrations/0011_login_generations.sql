-- Whether somebody has used the tokens of a login's current generation. Until then its client may never have received
-- them, and the refresh token before still gets them again. A login that is renewed by the release before this one
-- counts as used, which shortens that time and nothing else.
alter table login_sessions add column used boolean not null default true;
