-- What a person should look into. Of one kind and subject at most one is open; `area` is empty where it belongs to no branch.
create table alarms (
  id text primary key,
  kind text not null,
  subject text not null,
  area text not null,
  detail text not null,
  first bigint not null,
  last bigint not null,
  count bigint not null,
  ended bigint,
  acknowledged bigint,
  acknowledged_by text not null
);
create unique index alarms_open on alarms (kind, subject) where ended is null;
create index alarms_last on alarms (last);
