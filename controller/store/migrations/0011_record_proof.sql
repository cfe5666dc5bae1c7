-- What a board signed of its log can be proved again: each batch that brought something keeps its signature, and each log the highest number
-- that its board named.
create table log_batches (
  node text not null references nodes (id),
  log_id text not null,
  first_number bigint not null,
  last_number bigint not null,
  issued bigint not null,
  jws text not null,
  received bigint not null,
  primary key (node, log_id, first_number, last_number)
);
alter table log_positions add column reported bigint not null default 0;
alter table log_positions add column lacking_since bigint;
