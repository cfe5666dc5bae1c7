#pragma once
#include "controller/api/routes.hpp"

// The handlers that the route table names, by resource; each is defined in the source of its resource.
namespace loa::api {

using boost::asio::awaitable;

awaitable<Reply> sign_in(Api& api, Call call);
awaitable<Reply> get_session(Api& api, Call call);
awaitable<Reply> sign_out(Api& api, Call call);
awaitable<Reply> change_password(Api& api, Call call);
awaitable<Reply> prove_again(Api& api, Call call);
Reply get_second_factor(StoreCall& call);
awaitable<Reply> begin_second_factor(Api& api, Call call);
Reply remove_second_factor(StoreCall& call);
awaitable<Reply> confirm_second_factor(Api& api, Call call);
Reply renew_recovery_codes(StoreCall& call);
awaitable<Reply> redeem_invitation(Api& api, Call call);
awaitable<Reply> list_sessions(Api& api, Call call);
Reply end_other_sessions(StoreCall& call);
Reply end_session(StoreCall& call);

Reply list_users(StoreCall& call);
awaitable<Reply> create_user(Api& api, Call call);
Reply get_user(StoreCall& call);
awaitable<Reply> change_user(Api& api, Call call);
Reply invite_user(StoreCall& call);
Reply withdraw_invitation(StoreCall& call);
Reply remove_user_second_factor(StoreCall& call);
awaitable<Reply> list_user_sessions(Api& api, Call call);
Reply end_user_sessions(StoreCall& call);
Reply end_user_session(StoreCall& call);

Reply list_areas(StoreCall& call);
Reply create_area(StoreCall& call);
Reply get_area(StoreCall& call);
Reply change_area(StoreCall& call);
Reply set_area_policy(StoreCall& call);
Reply set_area_settings(StoreCall& call);
Reply import_areas(StoreCall& call);

Reply list_nodes(StoreCall& call);
awaitable<Reply> create_node(Api& api, Call call);
Reply get_node(StoreCall& call);
Reply change_node(StoreCall& call);
Reply set_node_settings(StoreCall& call);
awaitable<Reply> revoke_node(Api& api, Call call);
awaitable<Reply> replace_node(Api& api, Call call);
awaitable<Reply> import_nodes(Api& api, Call call);
awaitable<Reply> tell_refused_board(Api& api, Call call);
Reply order_node(StoreCall& call);
Reply stop_area(StoreCall& call);
Reply list_receipts(StoreCall& call);

Reply list_programmes(StoreCall& call);
Reply create_programme(StoreCall& call);
Reply get_programme(StoreCall& call);
Reply change_programme(StoreCall& call);
Reply submit_programme(StoreCall& call);
Reply approve_programme(StoreCall& call);
Reply return_programme(StoreCall& call);
Reply archive_programme(StoreCall& call);

awaitable<Reply> upload_audio(Api& api, Call call);
awaitable<Reply> make_speech(Api& api, Call call);
awaitable<Reply> get_job(Api& api, Call call);
awaitable<Reply> list_voices(Api& api, Call call);

Reply list_streams(StoreCall& call);
Reply create_stream(StoreCall& call);
Reply get_stream(StoreCall& call);
Reply change_stream(StoreCall& call);
Reply approve_stream(StoreCall& call);
Reply set_stream_plain_http(StoreCall& call);
Reply retire_stream(StoreCall& call);

Reply list_broadcasts(StoreCall& call);
Reply create_broadcast(StoreCall& call);
Reply get_broadcast(StoreCall& call);
Reply cancel_broadcast(StoreCall& call);
Reply preview_broadcast(StoreCall& call);

Reply list_occurrences(StoreCall& call);
Reply list_play_records(StoreCall& call);
Reply list_node_logs(StoreCall& call);
awaitable<Reply> prove_node_records(Api& api, Call call);

Reply list_alerts(StoreCall& call);
awaitable<Reply> prepare_alert(Api& api, Call call);
Reply get_alert(StoreCall& call);
awaitable<Reply> confirm_alert(Api& api, Call call);
Reply cancel_alert(StoreCall& call);
Reply list_stock_clips(StoreCall& call);
Reply list_area_stock_clips(StoreCall& call);
Reply put_area_stock_clip(StoreCall& call);
Reply drop_area_stock_clip(StoreCall& call);

Reply list_alarms(StoreCall& call);
Reply acknowledge_alarm(StoreCall& call);

Reply list_tokens(StoreCall& call);
Reply create_token(StoreCall& call);
Reply revoke_token(StoreCall& call);
awaitable<Reply> get_hold(Api& api, Call call);
awaitable<Reply> keep_alert(Api& api, Call call);
Reply end_hold(StoreCall& call);

awaitable<Reply> get_keys(Api& api, Call call);
Reply list_refusals(StoreCall& call);
Reply list_audit(StoreCall& call);
awaitable<Reply> stream_events(Api& api, Call call);
awaitable<Reply> health(Api& api, Call call);
awaitable<Reply> get_clip(Api& api, Call call);

}  // namespace loa::api
