#include "controller/api/routes.hpp"

#include "controller/api/handlers.hpp"

namespace loa::api {

using enum http::Method;
using enum Right;

namespace {

// What a machine may read too.
Route open_to(Scope scope, Route route) {
  route.scope = scope;
  return route;
}

Route urgent(Route route) {
  route.lane = store::Lane::urgent;
  return route;
}

Route fresh(Route route) {
  route.fresh = true;
  return route;
}

}  // namespace

const std::vector<Route>& routes() {
  static const std::vector<Route> table = {
      {post, "/api/v1/session", anyone, sign_in},
      {get, "/api/v1/session", signed_in, get_session},
      {del, "/api/v1/session", signed_in, sign_out},
      {put, "/api/v1/session/password", signed_in, change_password},
      {post, "/api/v1/session/proof", signed_in, prove_again},
      {get, "/api/v1/second-factor", signed_in, get_second_factor},
      fresh({post, "/api/v1/second-factor", signed_in, begin_second_factor}),
      fresh({del, "/api/v1/second-factor", signed_in, remove_second_factor}),
      {post, "/api/v1/second-factor/confirm", signed_in, confirm_second_factor},
      fresh({post, "/api/v1/second-factor/recovery-codes", signed_in, renew_recovery_codes}),
      {post, "/api/v1/invitations", anyone, redeem_invitation},
      {get, "/api/v1/sessions", signed_in, list_sessions},
      {del, "/api/v1/sessions", signed_in, end_other_sessions},
      {del, "/api/v1/sessions/{id}", signed_in, end_session},

      {get, "/api/v1/users", administer, list_users},
      fresh({post, "/api/v1/users", administer, create_user}),
      {get, "/api/v1/users/{id}", administer, get_user},
      fresh({patch, "/api/v1/users/{id}", administer, change_user}),
      fresh({post, "/api/v1/users/{id}/invitation", administer, invite_user}),
      {del, "/api/v1/users/{id}/invitation", administer, withdraw_invitation},
      fresh({del, "/api/v1/users/{id}/second-factor", administer, remove_user_second_factor}),
      {get, "/api/v1/users/{id}/sessions", administer, list_user_sessions},
      {del, "/api/v1/users/{id}/sessions", administer, end_user_sessions},
      {del, "/api/v1/users/{id}/sessions/{session}", administer, end_user_session},

      open_to(Scope::read_areas, {get, "/api/v1/areas", see, list_areas}),
      {post, "/api/v1/areas", administer, create_area},
      open_to(Scope::read_areas, {get, "/api/v1/areas/{id}", see, get_area}),
      {patch, "/api/v1/areas/{id}", administer, change_area},
      {put, "/api/v1/areas/{id}/policy", administer, set_area_policy},
      {put, "/api/v1/areas/{id}/settings", control_nodes, set_area_settings},
      urgent({post, "/api/v1/areas/{id}/stop", control_nodes, stop_area}),
      {post, "/api/v1/area-imports", administer, import_areas, "text/csv"},

      open_to(Scope::read_nodes, {get, "/api/v1/nodes", see, list_nodes}),
      {post, "/api/v1/nodes", administer, create_node},
      open_to(Scope::read_nodes, {get, "/api/v1/nodes/{id}", see, get_node}),
      open_to(Scope::read_records, {get, "/api/v1/nodes/{id}/logs", see, list_node_logs}),
      open_to(Scope::read_records, {get, "/api/v1/nodes/{id}/record-proof", see, prove_node_records}),
      {patch, "/api/v1/nodes/{id}", administer, change_node},
      {put, "/api/v1/nodes/{id}/settings", control_nodes, set_node_settings},
      urgent({post, "/api/v1/nodes/{id}/orders", control_nodes, order_node}),
      {post, "/api/v1/nodes/{id}/revoke", administer, revoke_node},
      {post, "/api/v1/node-replacements", administer, replace_node},
      {post, "/api/v1/node-imports", administer, import_nodes, "text/csv"},
      {post, "/api/v1/refused-boards", anyone, tell_refused_board, "application/jose"},
      open_to(Scope::read_nodes, {get, "/api/v1/receipts", see, list_receipts}),

      open_to(Scope::read_programmes, {get, "/api/v1/programmes", see, list_programmes}),
      {post, "/api/v1/programmes", write_programmes, create_programme},
      open_to(Scope::read_programmes, {get, "/api/v1/programmes/{id}", see, get_programme}),
      {patch, "/api/v1/programmes/{id}", write_programmes, change_programme},
      {post, "/api/v1/programmes/{id}/audio", write_programmes, upload_audio, ""},
      {post, "/api/v1/programmes/{id}/speech", write_programmes, make_speech},
      {post, "/api/v1/programmes/{id}/submit", write_programmes, submit_programme},
      {post, "/api/v1/programmes/{id}/approve", approve_programmes, approve_programme},
      {post, "/api/v1/programmes/{id}/return", approve_programmes, return_programme},
      {post, "/api/v1/programmes/{id}/archive", write_programmes, archive_programme},
      {get, "/api/v1/jobs/{id}", see, get_job},
      {get, "/api/v1/voices", see, list_voices},

      open_to(Scope::read_broadcasts, {get, "/api/v1/streams", see, list_streams}),
      {post, "/api/v1/streams", write_programmes, create_stream},
      open_to(Scope::read_broadcasts, {get, "/api/v1/streams/{id}", see, get_stream}),
      {patch, "/api/v1/streams/{id}", write_programmes, change_stream},
      {post, "/api/v1/streams/{id}/approve", approve_programmes, approve_stream},
      {put, "/api/v1/streams/{id}/plain-http", allow_plain_http, set_stream_plain_http},
      {post, "/api/v1/streams/{id}/retire", schedule, retire_stream},

      open_to(Scope::read_broadcasts, {get, "/api/v1/broadcasts", see, list_broadcasts}),
      {post, "/api/v1/broadcasts", schedule, create_broadcast},
      open_to(Scope::read_broadcasts, {get, "/api/v1/broadcasts/{id}", see, get_broadcast}),
      {post, "/api/v1/broadcasts/{id}/cancel", schedule, cancel_broadcast},
      {post, "/api/v1/broadcast-previews", schedule, preview_broadcast},
      open_to(Scope::read_broadcasts, {get, "/api/v1/occurrences", see, list_occurrences}),
      open_to(Scope::read_records, {get, "/api/v1/play-records", see, list_play_records}),

      open_to(Scope::read_alerts, {get, "/api/v1/alerts", see, list_alerts}),
      urgent({post, "/api/v1/alerts", raise_alerts, prepare_alert}),
      urgent(open_to(Scope::read_alerts, {get, "/api/v1/alerts/{id}", see, get_alert})),
      urgent({post, "/api/v1/alerts/{id}/confirm", raise_alerts, confirm_alert}),
      urgent({post, "/api/v1/alerts/{id}/cancel", raise_alerts, cancel_alert}),
      {get, "/api/v1/stock-clips", see, list_stock_clips},
      {get, "/api/v1/areas/{id}/stock-clips", see, list_area_stock_clips},
      {put, "/api/v1/areas/{id}/stock-clips/{name}", approve_programmes, put_area_stock_clip},
      {del, "/api/v1/areas/{id}/stock-clips/{name}", approve_programmes, drop_area_stock_clip},

      open_to(Scope::read_alarms, {get, "/api/v1/alarms", see, list_alarms}),
      {post, "/api/v1/alarms/{id}/acknowledge", see_audit, acknowledge_alarm},
      {get, "/api/v1/hold", see, get_hold},
      {post, "/api/v1/hold/alerts/{id}/keep", raise_alerts, keep_alert},
      {post, "/api/v1/hold/end", administer, end_hold},
      {get, "/api/v1/keys", see_audit, get_keys},
      open_to(Scope::read_nodes, {get, "/api/v1/refusals", see_audit, list_refusals}),
      open_to(Scope::read_audit, {get, "/api/v1/audit", see_audit, list_audit}),
      {get, "/api/v1/tokens", administer, list_tokens},
      fresh({post, "/api/v1/tokens", administer, create_token}),
      {del, "/api/v1/tokens/{id}", administer, revoke_token},
      {get, "/api/v1/events", see, stream_events},
      {get, "/healthz", anyone, health},
      {get, "/media/{file}", anyone, get_clip},
  };
  return table;
}

}  // namespace loa::api
