-- The text that an alert speaks with its own clip, and stock clips of an area's own.
alter table alerts add column script text not null default '';
alter table alerts add column speech text not null default 'none';
alter table alerts add column speech_problem text not null default '';
create table area_stock_clips (
  area text not null references areas (id),
  name text not null,
  sha256 text not null references clips (sha256),
  title text not null,
  primary key (area, name)
);
