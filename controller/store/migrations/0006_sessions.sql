-- Sessions with a name of their own, a last use and what they were begun with; who was signed in signs in again. And the devices that a
-- person has signed in on.
drop table user_sessions;
create table user_sessions (
  id text primary key,
  token_hash text not null unique,
  user_id text not null references users (id),
  created bigint not null,
  expires bigint not null,
  last_used bigint not null,
  proven bigint not null,
  address text not null,
  agent text not null
);
create index user_sessions_user on user_sessions (user_id);
create table known_devices (
  user_id text not null references users (id),
  token_hash text not null,
  created bigint not null,
  last_used bigint not null,
  primary key (user_id, token_hash)
);
