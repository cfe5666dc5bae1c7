CREATE TABLE alarms (
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
CREATE TABLE alerts (
  id text primary key,
  revision bigint not null,
  message text not null,
  status text not null,
  refs text not null,
  area text not null references areas (id),
  sent bigint not null,
  expires bigint not null,
  event text not null,
  title text not null,
  language text not null,
  origin_system text,
  origin_id text,
  origin_revision bigint,
  stock_clip text not null,
  clip_sha256 text references clips (sha256),
  repeats integer not null,
  repeat_every_ms bigint not null,
  lasts_ms bigint not null,
  token_hash text not null,
  confirm_before bigint not null,
  creator text not null,
  created bigint not null,
  confirmed bigint,
  confirmed_by text not null,
  cancelled bigint,
  cancelled_by text not null
, script text not null default '', speech text not null default 'none', speech_problem text not null default '');
CREATE TABLE api_tokens (
  id text primary key,
  token_hash text not null unique,
  name text not null,
  area text not null references areas (id),
  scopes text not null,
  creator text not null references users (id),
  created bigint not null,
  expires bigint not null,
  last_used bigint,
  last_address text not null,
  revoked bigint,
  revoked_by text not null
);
CREATE TABLE area_stock_clips (
  area text not null references areas (id),
  name text not null,
  sha256 text not null references clips (sha256),
  title text not null,
  primary key (area, name)
);
CREATE TABLE areas (
  id text primary key,
  parent text references areas (id),
  code text not null,
  old_codes text not null,
  name text not null,
  kind text not null,
  time_zone text not null,
  latitude double precision,
  longitude double precision,
  km2 double precision,
  self_approval smallint,
  windows text,
  max_session_minutes integer,
  max_sessions_a_day integer,
  session_gap_minutes integer,
  mute smallint,
  volume integer,
  alert_volume integer,
  volume_by_hour text
, stand_in text);
CREATE TABLE audit (
  number bigint primary key,
  at bigint not null,
  user_id text not null,
  address text not null,
  action text not null,
  subject text not null,
  id text not null,
  area text not null,
  detail text not null
, previous_hash text not null default '', hash text not null default '');
CREATE TABLE broadcast_areas (
  broadcast text not null references broadcasts (id),
  area text not null references areas (id),
  primary key (broadcast, area)
);
CREATE TABLE broadcast_nodes (
  broadcast text not null references broadcasts (id),
  node text not null references nodes (id),
  primary key (broadcast, node)
);
CREATE TABLE broadcast_substitutes (
  broadcast text not null references broadcasts (id),
  place integer not null,
  programme text not null references programmes (id),
  primary key (broadcast, place)
);
CREATE TABLE broadcasts (
  id text primary key,
  area text not null references areas (id),
  class text not null,
  start text not null,
  time_zone text not null,
  rrule text not null,
  exdates text not null,
  rdates text not null,
  cancelled_occurrences text not null,
  volume integer not null,
  after_interrupt text not null,
  late text not null,
  late_limit_ms bigint not null,
  creator text not null,
  created bigint not null,
  cancelled bigint,
  cancelled_by text not null,
  cancel_reason text not null
, programme text references programmes (id), stream text references streams (id), duration_ms bigint);
CREATE TABLE clips (
  sha256 text primary key,
  bytes bigint not null,
  duration_ms bigint not null,
  loudness_lufs double precision not null,
  true_peak_dbtp double precision not null,
  peak_limited smallint not null,
  made_from text not null,
  source_name text not null,
  created bigint not null
);
CREATE TABLE grants (
  user_id text not null references users (id),
  role text not null,
  area text not null references areas (id),
  primary key (user_id, role, area)
);
CREATE TABLE hold_notes (
  hold bigint not null references recovery_holds (number),
  kind text not null,
  id text not null,
  detail text not null,
  primary key (hold, kind, id)
);
CREATE TABLE invitations (
  user_id text primary key references users (id),
  token_hash text not null unique,
  creator text not null,
  created bigint not null,
  expires bigint not null
);
CREATE TABLE kept_alerts (
  hold bigint not null references recovery_holds (number),
  alert text not null references alerts (id),
  kept bigint not null,
  kept_by text not null,
  primary key (hold, alert)
);
CREATE TABLE known_devices (
  user_id text not null references users (id),
  token_hash text not null,
  created bigint not null,
  last_used bigint not null,
  primary key (user_id, token_hash)
);
CREATE TABLE log_batches (
  node text not null references nodes (id),
  log_id text not null,
  first_number bigint not null,
  last_number bigint not null,
  issued bigint not null,
  jws text not null,
  received bigint not null,
  primary key (node, log_id, first_number, last_number)
);
CREATE TABLE log_positions (
  node text not null,
  log_id text not null,
  complete_to bigint not null,
  highest bigint not null, reported bigint not null default 0, lacking_since bigint,
  primary key (node, log_id)
);
CREATE TABLE marks (
  name text primary key,
  value bigint not null
);
CREATE TABLE media_jobs (
  id text primary key,
  programme text references programmes (id),
  area text not null references areas (id),
  kind text not null,
  source text not null,
  source_name text not null,
  state text not null,
  percent integer not null,
  clip_sha256 text references clips (sha256),
  error_code text not null,
  error text not null,
  creator text not null,
  created bigint not null,
  finished bigint
);
CREATE TABLE node_keys (
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
CREATE TABLE node_states (
  node text primary key references nodes (id),
  session text not null,
  session_number bigint not null,
  sequence bigint not null,
  issued bigint not null,
  nonce text not null,
  lifecycle text not null,
  formats text not null,
  plan_held bigint not null,
  plan_verified bigint not null,
  plan_highest bigint not null,
  key_set bigint not null,
  areas text not null,
  log_id text not null,
  log_number bigint not null,
  log_acked bigint not null,
  refusal_code text,
  refusal_where text,
  refusal_message text,
  refusal_at bigint,
  refusals text not null,
  clock text not null,
  clock_offset_ms bigint not null,
  muted smallint not null,
  volume integer not null,
  sounding text not null,
  level_dbfs double precision,
  level_kind text not null,
  controller_heard smallint not null,
  clips_wanted bigint not null,
  clips_held bigint not null,
  disk_free bigint not null,
  disk_budget bigint not null,
  signal_percent integer,
  version text not null,
  os text not null,
  received bigint not null,
  packet text not null
, clock_bound_ms bigint, amplifier text, amplifier_dbfs double precision, disk text, supply text, supply_mv bigint, temperature_c double precision, data_used bigint, data_budget bigint, safe_mode text);
CREATE TABLE nodes (
  id text primary key,
  code text not null,
  name text not null,
  area text not null references areas (id),
  signing_key text not null,
  certificate_serial text not null,
  latitude double precision,
  longitude double precision,
  mute smallint,
  volume integer,
  alert_volume integer,
  volume_by_hour text,
  created bigint not null,
  retired bigint
, stand_in text);
CREATE TABLE occurrences (
  node text not null,
  id text not null,
  area text not null,
  broadcast text not null,
  alert text not null,
  programme text not null,
  title text not null,
  class text not null,
  due bigint not null,
  duration_ms bigint not null,
  revision bigint not null,
  veto text not null,
  withdrawn smallint not null,
  log_id text,
  number bigint, plain_http smallint not null default 0,
  primary key (node, id)
);
CREATE TABLE orders (
  id text primary key,
  node text not null references nodes (id),
  kind text not null,
  occurrence text not null,
  from_number bigint not null,
  issued bigint not null,
  expires bigint not null,
  creator text not null
);
CREATE TABLE plan_revisions (
  node text not null references nodes (id),
  revision bigint not null,
  made bigint not null,
  until_time bigint not null,
  content_hash text not null,
  packet_hash text not null,
  primary key (node, revision)
);
CREATE TABLE play_records (
  node text not null,
  log_id text not null,
  number bigint not null,
  previous_hash text not null,
  hash text not null,
  chain_ok smallint not null,
  occurrence text not null,
  broadcast text not null,
  alert text not null,
  programme text not null,
  title text not null,
  legal_field text not null,
  language text not null,
  class text not null,
  origin_system text,
  origin_id text,
  origin_revision bigint,
  due bigint not null,
  started bigint,
  start_error_us bigint,
  heard_ms bigint not null,
  planned_ms bigint not null,
  clip_sha256 text not null,
  volume integer not null,
  level_dbfs double precision,
  level_kind text not null,
  clock text not null,
  outcome text not null,
  reason text not null,
  interrupted_by text not null,
  recorded bigint not null,
  received bigint not null, amplifier_dbfs double precision, clock_bound_ms bigint,
  primary key (node, log_id, number)
);
CREATE TABLE programmes (
  id text primary key,
  area text not null references areas (id),
  title text not null,
  legal_field text not null,
  legal_references text not null,
  issuing_body text not null,
  language text not null,
  script text not null,
  origin_system text,
  origin_id text,
  origin_revision bigint,
  clip_sha256 text references clips (sha256),
  state text not null,
  author text not null,
  content_hash text not null,
  approved_hash text not null,
  approver text not null,
  return_reason text not null,
  created bigint not null,
  changed bigint not null,
  submitted bigint,
  decided bigint
);
CREATE TABLE receipts (
  id text primary key,
  node text not null,
  issued bigint not null,
  about text not null,
  subject text not null,
  revision bigint not null,
  accepted smallint not null,
  code text not null,
  place text not null,
  message text not null,
  key_id text not null,
  received bigint not null
);
CREATE TABLE recovery_codes (
  user_id text not null references users (id),
  hash text not null,
  used bigint,
  primary key (user_id, hash)
);
CREATE TABLE recovery_holds (
  number bigint primary key,
  begun bigint not null,
  reason text not null,
  backup_made bigint,
  ended bigint,
  ended_by text not null
);
CREATE TABLE refusals (
  node text not null,
  about text not null,
  code text not null,
  count bigint not null,
  place text not null,
  message text not null,
  last bigint not null,
  primary key (node, about, code)
);
CREATE TABLE retained_messages (
  topic text primary key,
  revision bigint not null,
  packet text not null
);
CREATE TABLE schema_version (number integer not null);
CREATE TABLE second_factors (
  user_id text primary key references users (id),
  secret text not null,
  pending text not null,
  pending_until bigint not null,
  confirmed bigint,
  last_step bigint not null
);
CREATE TABLE sign_in_attempts (
  at bigint not null,
  login text not null,
  address text not null,
  succeeded smallint not null
);
CREATE TABLE snapshot_revisions (
  area text primary key references areas (id),
  revision bigint not null,
  issued bigint not null
);
CREATE TABLE stock_clips (
  name text primary key,
  sha256 text not null references clips (sha256),
  title text not null
);
CREATE TABLE streams (
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
CREATE TABLE user_sessions (
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
CREATE TABLE users (
  id text primary key,
  login text not null unique,
  name text not null,
  password_hash text not null,
  disabled smallint not null,
  created bigint not null
);
CREATE INDEX alarms_last on alarms (last);
CREATE UNIQUE INDEX alarms_open on alarms (kind, subject) where ended is null;
CREATE INDEX alerts_area on alerts (area, expires);
CREATE INDEX api_tokens_area on api_tokens (area, created);
CREATE INDEX areas_code on areas (code);
CREATE INDEX areas_parent on areas (parent);
CREATE INDEX audit_area on audit (area, number);
CREATE INDEX broadcasts_area on broadcasts (area, created);
CREATE INDEX broadcasts_programme on broadcasts (programme);
CREATE INDEX broadcasts_stream on broadcasts (stream);
CREATE INDEX media_jobs_state on media_jobs (state);
CREATE INDEX nodes_area on nodes (area);
CREATE UNIQUE INDEX nodes_live_code on nodes (code) where retired is null;
CREATE INDEX occurrences_alert on occurrences (alert);
CREATE INDEX occurrences_broadcast on occurrences (broadcast, due);
CREATE INDEX occurrences_due on occurrences (due);
CREATE INDEX orders_expires on orders (expires);
CREATE INDEX orders_node on orders (node, issued);
CREATE INDEX programmes_area on programmes (area, changed);
CREATE INDEX receipts_node on receipts (node, received);
CREATE INDEX receipts_subject on receipts (subject);
CREATE INDEX sign_in_attempts_at on sign_in_attempts (at);
CREATE INDEX streams_area on streams (area, changed);
CREATE INDEX user_sessions_user on user_sessions (user_id);
