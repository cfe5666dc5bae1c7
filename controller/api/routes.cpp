#include "controller/api/routes.hpp"

#include "controller/api/handlers.hpp"

namespace loa::api {

using enum http::Method;
using enum Right;

const std::vector<Route>& routes() {
  static const std::vector<Route> table = {
      {post, "/api/v1/session", anyone, sign_in},
      {get, "/api/v1/session", signed_in, get_session},
      {del, "/api/v1/session", signed_in, sign_out},
      {put, "/api/v1/session/password", signed_in, change_password},

      {get, "/api/v1/users", administer, list_users},
      {post, "/api/v1/users", administer, create_user},
      {get, "/api/v1/users/{id}", administer, get_user},
      {patch, "/api/v1/users/{id}", administer, change_user},

      {get, "/api/v1/areas", see, list_areas},
      {post, "/api/v1/areas", administer, create_area},
      {get, "/api/v1/areas/{id}", see, get_area},
      {patch, "/api/v1/areas/{id}", administer, change_area},
      {put, "/api/v1/areas/{id}/policy", administer, set_area_policy},
      {put, "/api/v1/areas/{id}/settings", control_nodes, set_area_settings},
      {post, "/api/v1/areas/{id}/stop", control_nodes, stop_area},
      {post, "/api/v1/area-imports", administer, import_areas},

      {get, "/api/v1/nodes", see, list_nodes},
      {post, "/api/v1/nodes", administer, create_node},
      {get, "/api/v1/nodes/{id}", see, get_node},
      {patch, "/api/v1/nodes/{id}", administer, change_node},
      {put, "/api/v1/nodes/{id}/settings", control_nodes, set_node_settings},
      {post, "/api/v1/nodes/{id}/orders", control_nodes, order_node},
      {get, "/api/v1/receipts", see, list_receipts},

      {get, "/api/v1/programmes", see, list_programmes},
      {post, "/api/v1/programmes", write_programmes, create_programme},
      {get, "/api/v1/programmes/{id}", see, get_programme},
      {patch, "/api/v1/programmes/{id}", write_programmes, change_programme},
      {post, "/api/v1/programmes/{id}/audio", write_programmes, upload_audio},
      {post, "/api/v1/programmes/{id}/speech", write_programmes, make_speech},
      {post, "/api/v1/programmes/{id}/submit", write_programmes, submit_programme},
      {post, "/api/v1/programmes/{id}/approve", approve_programmes, approve_programme},
      {post, "/api/v1/programmes/{id}/return", approve_programmes, return_programme},
      {post, "/api/v1/programmes/{id}/archive", write_programmes, archive_programme},
      {get, "/api/v1/jobs/{id}", see, get_job},
      {get, "/api/v1/voices", see, list_voices},

      {get, "/api/v1/broadcasts", see, list_broadcasts},
      {post, "/api/v1/broadcasts", schedule, create_broadcast},
      {get, "/api/v1/broadcasts/{id}", see, get_broadcast},
      {post, "/api/v1/broadcasts/{id}/cancel", schedule, cancel_broadcast},
      {post, "/api/v1/broadcast-previews", schedule, preview_broadcast},
      {get, "/api/v1/occurrences", see, list_occurrences},
      {get, "/api/v1/play-records", see, list_play_records},

      {get, "/api/v1/alerts", see, list_alerts},
      {post, "/api/v1/alerts", raise_alerts, prepare_alert},
      {get, "/api/v1/alerts/{id}", see, get_alert},
      {post, "/api/v1/alerts/{id}/confirm", raise_alerts, confirm_alert},
      {post, "/api/v1/alerts/{id}/cancel", raise_alerts, cancel_alert},
      {get, "/api/v1/stock-clips", see, list_stock_clips},

      {get, "/api/v1/alarms", see, list_alarms},
      {post, "/api/v1/alarms/{id}/acknowledge", see_audit, acknowledge_alarm},
      {get, "/api/v1/hold", see, get_hold},
      {post, "/api/v1/hold/alerts/{id}/keep", raise_alerts, keep_alert},
      {post, "/api/v1/hold/end", administer, end_hold},
      {get, "/api/v1/keys", see_audit, get_keys},
      {get, "/api/v1/refusals", see_audit, list_refusals},
      {get, "/api/v1/audit", see_audit, list_audit},
      {get, "/api/v1/events", see, stream_events},
      {get, "/healthz", anyone, health},
      {get, "/media/{file}", anyone, get_clip},
  };
  return table;
}

}  // namespace loa::api
