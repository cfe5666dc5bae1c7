-- Relays: the streams that broadcasts may be of in place of a programme, and which soundings came without TLS.
create table streams (
  id text primary key,
  area text not null references areas (id),
  name text not null,
  url text not null,
  language text not null,
  state text not null,
  content_hash text not null,
  approved_hash text not null,
  set_by text not null,
  set_at bigint not null,
  approver text not null,
  decided bigint,
  plain_http smallint not null,
  plain_http_by text not null,
  plain_http_at bigint,
  created bigint not null,
  changed bigint not null,
  retired bigint,
  retired_by text not null
);
create index streams_area on streams (area, changed);
-- A broadcast is of a programme or of a stream, so the programme may be null.
drop index broadcasts_programme;
alter table broadcasts add column of_programme text references programmes (id);
update broadcasts set of_programme = programme;
alter table broadcasts drop column programme;
alter table broadcasts rename column of_programme to programme;
create index broadcasts_programme on broadcasts (programme);
alter table broadcasts add column stream text references streams (id);
alter table broadcasts add column duration_ms bigint;
create index broadcasts_stream on broadcasts (stream);
alter table occurrences add column plain_http smallint not null default 0;
