-- Every pair of keys that a board got or asked for: its bundle's first, then its own. Those in force are named in `nodes` too.
create table node_keys (
  node text not null references nodes (id),
  serial text not null,
  signing_key text not null,
  bundled smallint not null,
  request text not null,
  certificate text not null,
  issued bigint not null,
  not_after bigint not null,
  used bigint,
  ended bigint,
  primary key (node, serial)
);
insert into node_keys
select id, certificate_serial, signing_key, 1, '', '', created, created + 157680000000, null, retired from nodes;
