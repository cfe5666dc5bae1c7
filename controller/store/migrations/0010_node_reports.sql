-- What a node's clock, amplifier, disk and surroundings were like, as its states and records say.
alter table node_states add column clock_bound_ms bigint;
alter table node_states add column amplifier text;
alter table node_states add column amplifier_dbfs double precision;
alter table node_states add column disk text;
alter table node_states add column supply text;
alter table node_states add column supply_mv bigint;
alter table node_states add column temperature_c double precision;
alter table node_states add column data_used bigint;
alter table node_states add column data_budget bigint;
alter table node_states add column safe_mode text;
alter table play_records add column amplifier_dbfs double precision;
alter table play_records add column clock_bound_ms bigint;
