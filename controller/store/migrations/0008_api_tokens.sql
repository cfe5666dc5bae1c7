-- Tokens with which machines read: for one area and some scopes, for a time.
create table api_tokens (
  id text primary key,
  token_hash text not null unique,
  name text not null,
  area text not null references areas (id),
  scopes text not null,
  creator text not null references users (id),
  created bigint not null,
  expires bigint not null,
  last_used bigint,
  last_address text not null,
  revoked bigint,
  revoked_by text not null
);
create index api_tokens_area on api_tokens (area, created);
