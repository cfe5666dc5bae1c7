-- A controller whose database may be older than what it last published: it publishes nothing until its hold has ended.
create table recovery_holds (
  number bigint primary key,
  begun bigint not null,
  reason text not null,
  backup_made bigint,
  ended bigint,
  ended_by text not null
);
-- Alerts in force at that moment that an approver lets go on; the others end with the hold.
create table kept_alerts (
  hold bigint not null references recovery_holds (number),
  alert text not null references alerts (id),
  kept bigint not null,
  kept_by text not null,
  primary key (hold, alert)
);
-- What was found at the beginning of a hold: boards and certificates whose end the backup did not know, boards that it does not know.
create table hold_notes (
  hold bigint not null references recovery_holds (number),
  kind text not null,
  id text not null,
  detail text not null,
  primary key (hold, kind, id)
);
