-- One-time links to set a password, second factors with sealed secrets, and hashes of recovery codes.
create table invitations (
  user_id text primary key references users (id),
  token_hash text not null unique,
  creator text not null,
  created bigint not null,
  expires bigint not null
);
create table second_factors (
  user_id text primary key references users (id),
  secret text not null,
  pending text not null,
  pending_until bigint not null,
  confirmed bigint,
  last_step bigint not null
);
create table recovery_codes (
  user_id text not null references users (id),
  hash text not null,
  used bigint,
  primary key (user_id, hash)
);
