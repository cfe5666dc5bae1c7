-- What stands in where a clip is not there: an area's announcement, by the name of a stock clip, and a broadcast's substitutes in their order.
alter table areas add column stand_in text;
alter table nodes add column stand_in text;
create table broadcast_substitutes (
  broadcast text not null references broadcasts (id),
  place integer not null,
  programme text not null references programmes (id),
  primary key (broadcast, place)
);
