-- What the program of schema 9 kept after an announcement and an alert on three nodes, as SQLite writes it out (.dump).
-- Its people sign in with `first-password-of-a-test`.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE schema_version (number integer not null);
INSERT INTO schema_version VALUES(1);
INSERT INTO schema_version VALUES(2);
INSERT INTO schema_version VALUES(3);
INSERT INTO schema_version VALUES(4);
INSERT INTO schema_version VALUES(5);
INSERT INTO schema_version VALUES(6);
INSERT INTO schema_version VALUES(7);
INSERT INTO schema_version VALUES(8);
INSERT INTO schema_version VALUES(9);
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
);
INSERT INTO areas VALUES('hue',NULL,'46','','Thành phố Huế','province','',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO areas VALUES('hue-19753','hue','19753','19750 19753 19756 19759 19762 19768','Phường Phú Xuân','ward','',16.478500000000000369,107.57720000000000481,10.400000000000000355,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO areas VALUES('hue-20056','hue','20056','20047 20053 20056 20104','Xã A Lưới 1','commune','',16.340900000000001313,107.14870000000000515,199.0999999999999943,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
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
);
INSERT INTO nodes VALUES('n-hi2exjuhkrjlomdfglm5wjf4hm','PX-01','Nhà văn hóa tổ 5','hue-19753','529d1abffe9b6bce223b7a8d73a5416c4b3d5205956baf939fa51ea8e6b11a37','5aae22e8cd42968c793cd17b95f99f5a',NULL,NULL,NULL,NULL,NULL,NULL,1795839646425,NULL);
INSERT INTO nodes VALUES('n-ucv4yyfvnriff6r76qo2r4hube','PX-02','Chợ Đông Ba','hue-19753','c4878f9d3f0809a1d0c5a5d4aace41366cc21b4435414b78473466684245c204','49b3785bf61b28e207d1959c28a4a002',NULL,NULL,NULL,NULL,NULL,NULL,1795839646493,NULL);
INSERT INTO nodes VALUES('n-hlow4owhxs767jgekcadegr55e','AL-01','Nhà Gươl trung tâm xã','hue-20056','ed4301a4f452f64c61aa8eee9fb9bace9256fb2cb04e91dbab30e941d9b51a7d','5de9a8cde80ba45a528af1c73478887d',NULL,NULL,NULL,NULL,NULL,NULL,1795839646553,NULL);
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
);
INSERT INTO node_states VALUES('n-ucv4yyfvnriff6r76qo2r4hube','s-ioq4rosvrqzbpupaz5ghsgw5mm',2,9223372036854775807,1795839675556,'','gone','1',1795839648979,1795839648979,1795839648979,1,'hue:0 hue-19753:1795839675516','log-cqduksdzl7c574ugyj3x4vvucm',2,2,NULL,NULL,NULL,NULL,'','head',-1,0,100,'',-15.549750137768892699,'digital',1,11,11,65713557504,2147483648,NULL,'0.1.0','Debian GNU/Linux 12 (bookworm)',1795839675559,'eyJhbGciOiJFZERTQSIsImtpZCI6Im4tdWN2NHl5ZnZucmlmZjZyNzZxbzJyNGh1YmUiLCJ0eXAiOiJsb2Etc3RhdGUifQ.eyJ2IjoxLCJhdWQiOiJjb250cm9sbGVyIiwibm9kZSI6Im4tdWN2NHl5ZnZucmlmZjZyNzZxbzJyNGh1YmUiLCJpYXQiOjE3OTU4Mzk2NzU1NTYsInNlc3Npb24iOiJzLWlvcTRyb3N2cnF6YnB1cGF6NWdoc2d3NW1tIiwic2Vzc2lvbl9udW1iZXIiOjIsInNlcXVlbmNlIjo5MjIzMzcyMDM2ODU0Nzc1ODA3LCJub25jZSI6IiIsImxpZmVjeWNsZSI6ImdvbmUiLCJmb3JtYXRzIjpbMV0sInBsYW5faGVsZCI6MTc5NTgzOTY0ODk3OSwicGxhbl92ZXJpZmllZCI6MTc5NTgzOTY0ODk3OSwicGxhbl9oaWdoZXN0IjoxNzk1ODM5NjQ4OTc5LCJrZXlfc2V0IjoxLCJhcmVhcyI6W3siYXJlYSI6Imh1ZSIsImFsZXJ0X3JldmlzaW9uIjowfSx7ImFyZWEiOiJodWUtMTk3NTMiLCJhbGVydF9yZXZpc2lvbiI6MTc5NTgzOTY3NTUxNn1dLCJsb2dfaWQiOiJsb2ctY3FkdWtzZHpsN2M1NzR1Z3lqM3g0dnZ1Y20iLCJsb2dfbnVtYmVyIjoyLCJsb2dfYWNrZWQiOjIsInJlZnVzYWxzIjp7fSwiY2xvY2siOiJoZWFkIiwiY2xvY2tfb2Zmc2V0X21zIjotMSwibXV0ZWQiOmZhbHNlLCJ2b2x1bWUiOjEwMCwic291bmRpbmciOiIiLCJsZXZlbF9kYmZzIjotMTUuNTQ5NzUwMTM3NzY4ODkzLCJsZXZlbF9raW5kIjoiZGlnaXRhbCIsImNvbnRyb2xsZXJfaGVhcmQiOnRydWUsImNsaXBzX3dhbnRlZCI6MTEsImNsaXBzX2hlbGQiOjExLCJkaXNrX2ZyZWUiOjY1NzEzNTU3NTA0LCJkaXNrX2J1ZGdldCI6MjE0NzQ4MzY0OCwidmVyc2lvbiI6IjAuMS4wIiwib3MiOiJEZWJpYW4gR05VL0xpbnV4IDEyIChib29rd29ybSkifQ.epbsBXXcyo_QJazpvgTNR6rmcwTr82Qp96mLVTKrxYCkssVHz2I_f6jJtoROr5h4o5LBvD77Ry9TuMVhc_j7CQ');
INSERT INTO node_states VALUES('n-hi2exjuhkrjlomdfglm5wjf4hm','s-d2lyaazuahkmil4hyggzbdk5uy',2,9223372036854775807,1795839675552,'','gone','1',1795839648975,1795839648975,1795839648975,1,'hue:0 hue-19753:1795839675516','log-oq7zus6e5vb5o6rjejkqkwvnti',2,2,NULL,NULL,NULL,NULL,'','head',0,0,100,'',-15.549750137768892699,'digital',1,11,11,65710927872,2147483648,NULL,'0.1.0','Debian GNU/Linux 12 (bookworm)',1795839675554,'eyJhbGciOiJFZERTQSIsImtpZCI6Im4taGkyZXhqdWhrcmpsb21kZmdsbTV3amY0aG0iLCJ0eXAiOiJsb2Etc3RhdGUifQ.eyJ2IjoxLCJhdWQiOiJjb250cm9sbGVyIiwibm9kZSI6Im4taGkyZXhqdWhrcmpsb21kZmdsbTV3amY0aG0iLCJpYXQiOjE3OTU4Mzk2NzU1NTIsInNlc3Npb24iOiJzLWQybHlhYXp1YWhrbWlsNGh5Z2d6YmRrNXV5Iiwic2Vzc2lvbl9udW1iZXIiOjIsInNlcXVlbmNlIjo5MjIzMzcyMDM2ODU0Nzc1ODA3LCJub25jZSI6IiIsImxpZmVjeWNsZSI6ImdvbmUiLCJmb3JtYXRzIjpbMV0sInBsYW5faGVsZCI6MTc5NTgzOTY0ODk3NSwicGxhbl92ZXJpZmllZCI6MTc5NTgzOTY0ODk3NSwicGxhbl9oaWdoZXN0IjoxNzk1ODM5NjQ4OTc1LCJrZXlfc2V0IjoxLCJhcmVhcyI6W3siYXJlYSI6Imh1ZSIsImFsZXJ0X3JldmlzaW9uIjowfSx7ImFyZWEiOiJodWUtMTk3NTMiLCJhbGVydF9yZXZpc2lvbiI6MTc5NTgzOTY3NTUxNn1dLCJsb2dfaWQiOiJsb2ctb3E3enVzNmU1dmI1bzZyamVqa3Frd3ZudGkiLCJsb2dfbnVtYmVyIjoyLCJsb2dfYWNrZWQiOjIsInJlZnVzYWxzIjp7fSwiY2xvY2siOiJoZWFkIiwiY2xvY2tfb2Zmc2V0X21zIjowLCJtdXRlZCI6ZmFsc2UsInZvbHVtZSI6MTAwLCJzb3VuZGluZyI6IiIsImxldmVsX2RiZnMiOi0xNS41NDk3NTAxMzc3Njg4OTMsImxldmVsX2tpbmQiOiJkaWdpdGFsIiwiY29udHJvbGxlcl9oZWFyZCI6dHJ1ZSwiY2xpcHNfd2FudGVkIjoxMSwiY2xpcHNfaGVsZCI6MTEsImRpc2tfZnJlZSI6NjU3MTA5Mjc4NzIsImRpc2tfYnVkZ2V0IjoyMTQ3NDgzNjQ4LCJ2ZXJzaW9uIjoiMC4xLjAiLCJvcyI6IkRlYmlhbiBHTlUvTGludXggMTIgKGJvb2t3b3JtKSJ9.AoNH7r1yKLLnSQQ2M_kUMH9Wn4GUbDX6hfk9HA7qKn4Lg4Yex3TXu-7eijUTt_sSgEQeXNzw5w197vjwJOSSDg');
INSERT INTO node_states VALUES('n-hlow4owhxs767jgekcadegr55e','s-mte5qaz4cymdmypiti63wjjyqm',2,9223372036854775807,1795839675552,'','gone','1',1795839648978,1795839648978,1795839648978,1,'hue:0 hue-20056:0','log-4dcbjuekcd3atihu5kvetn4ucq',1,1,NULL,NULL,NULL,NULL,'','head',0,0,100,'',-15.557769627088910979,'digital',1,12,12,65957253120,2147483648,NULL,'0.1.0','Debian GNU/Linux 12 (bookworm)',1795839675554,'eyJhbGciOiJFZERTQSIsImtpZCI6Im4taGxvdzRvd2h4czc2N2pnZWtjYWRlZ3I1NWUiLCJ0eXAiOiJsb2Etc3RhdGUifQ.eyJ2IjoxLCJhdWQiOiJjb250cm9sbGVyIiwibm9kZSI6Im4taGxvdzRvd2h4czc2N2pnZWtjYWRlZ3I1NWUiLCJpYXQiOjE3OTU4Mzk2NzU1NTIsInNlc3Npb24iOiJzLW10ZTVxYXo0Y3ltZG15cGl0aTYzd2pqeXFtIiwic2Vzc2lvbl9udW1iZXIiOjIsInNlcXVlbmNlIjo5MjIzMzcyMDM2ODU0Nzc1ODA3LCJub25jZSI6IiIsImxpZmVjeWNsZSI6ImdvbmUiLCJmb3JtYXRzIjpbMV0sInBsYW5faGVsZCI6MTc5NTgzOTY0ODk3OCwicGxhbl92ZXJpZmllZCI6MTc5NTgzOTY0ODk3OCwicGxhbl9oaWdoZXN0IjoxNzk1ODM5NjQ4OTc4LCJrZXlfc2V0IjoxLCJhcmVhcyI6W3siYXJlYSI6Imh1ZSIsImFsZXJ0X3JldmlzaW9uIjowfSx7ImFyZWEiOiJodWUtMjAwNTYiLCJhbGVydF9yZXZpc2lvbiI6MH1dLCJsb2dfaWQiOiJsb2ctNGRjYmp1ZWtjZDNhdGlodTVrdmV0bjR1Y3EiLCJsb2dfbnVtYmVyIjoxLCJsb2dfYWNrZWQiOjEsInJlZnVzYWxzIjp7fSwiY2xvY2siOiJoZWFkIiwiY2xvY2tfb2Zmc2V0X21zIjowLCJtdXRlZCI6ZmFsc2UsInZvbHVtZSI6MTAwLCJzb3VuZGluZyI6IiIsImxldmVsX2RiZnMiOi0xNS41NTc3Njk2MjcwODg5MTEsImxldmVsX2tpbmQiOiJkaWdpdGFsIiwiY29udHJvbGxlcl9oZWFyZCI6dHJ1ZSwiY2xpcHNfd2FudGVkIjoxMiwiY2xpcHNfaGVsZCI6MTIsImRpc2tfZnJlZSI6NjU5NTcyNTMxMjAsImRpc2tfYnVkZ2V0IjoyMTQ3NDgzNjQ4LCJ2ZXJzaW9uIjoiMC4xLjAiLCJvcyI6IkRlYmlhbiBHTlUvTGludXggMTIgKGJvb2t3b3JtKSJ9.jW55_Ci4lS89uOmnUIZmmTkEteH05KD572yPE-tzl6yePbi2hvbzh2gRbkUIR4E4dK7waNfo5nlWPR532kLdCg');
CREATE TABLE users (
  id text primary key,
  login text not null unique,
  name text not null,
  password_hash text not null,
  disabled smallint not null,
  created bigint not null
);
INSERT INTO users VALUES('u-7qvqyvhl2hccu6xtk55kqgbdpa','admin','admin','$argon2id$v=19$m=65536,t=2,p=1$HHYoeq+r71Dm6qU6/B59eA$RF1Wv75C+UiEKAZ/EHVqLUFulKpJgKN+Vqw7tzuMuXY',0,1795839644964);
INSERT INTO users VALUES('u-v7dsemu3dnpdvplh5arbc6c5z4','officer','Cán bộ văn hóa','$argon2id$v=19$m=65536,t=2,p=1$fr1xJXbdQD1Am9mVetUxNw$GEkKGSqPGqYSr0Ua2mkhZ4yU9yIJXSLG8/Tz3qag+DU',0,1795839645659);
INSERT INTO users VALUES('u-5j57z6gp34ubk6h337kopc3bfq','approver','Lãnh đạo duyệt tin','$argon2id$v=19$m=65536,t=2,p=1$9aTURjbKEybcqz5vrLbM0g$/MelAMeMc7ByD480wBk2Pad7tba2mT10Z9Nm9oKcnc4',0,1795839645824);
INSERT INTO users VALUES('u-mf3jbrqrvgtz2ojkh6nlzedwdu','monitor','Sở Văn hóa và Thể thao','$argon2id$v=19$m=65536,t=2,p=1$6N4yANznJZyuM/Xl7XGEGA$dztGXn+4mN8tTasEInITxn8HLm/Cu0h/NsFA1Nbluw8',0,1795839645982);
CREATE TABLE grants (
  user_id text not null references users (id),
  role text not null,
  area text not null references areas (id),
  primary key (user_id, role, area)
);
INSERT INTO grants VALUES('u-7qvqyvhl2hccu6xtk55kqgbdpa','admin','hue');
INSERT INTO grants VALUES('u-v7dsemu3dnpdvplh5arbc6c5z4','author','hue-19753');
INSERT INTO grants VALUES('u-v7dsemu3dnpdvplh5arbc6c5z4','author','hue-20056');
INSERT INTO grants VALUES('u-5j57z6gp34ubk6h337kopc3bfq','approver','hue-19753');
INSERT INTO grants VALUES('u-5j57z6gp34ubk6h337kopc3bfq','approver','hue-20056');
INSERT INTO grants VALUES('u-mf3jbrqrvgtz2ojkh6nlzedwdu','monitor','hue');
CREATE TABLE sign_in_attempts (
  at bigint not null,
  login text not null,
  address text not null,
  succeeded smallint not null
);
INSERT INTO sign_in_attempts VALUES(1795839645590,'admin','127.0.0.1',1);
INSERT INTO sign_in_attempts VALUES(1795839646243,'officer','127.0.0.1',1);
INSERT INTO sign_in_attempts VALUES(1795839646377,'approver','127.0.0.1',1);
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
INSERT INTO clips VALUES('2cadf782cce605bfbc167a5e05048268a7d1cb0e9efa805f62fc1873e27b5577',9993,3000,0.0,0.0,0,'stock','tone.opus',1795839645332);
INSERT INTO clips VALUES('c66e912d7e94301a3bb3fb5fa57ec91a33d21c52293a7720f75707b1bdccf4da',9929,2950,0.0,0.0,0,'stock','chime.opus',1795839645332);
INSERT INTO clips VALUES('76ad98c460d398b2a5137196187071a2dd3fa90ee62ea4d6fd3351cb74bc93f3',12841,4410,0.0,0.0,0,'stock','exercise.opus',1795839645332);
INSERT INTO clips VALUES('54047dfceded803b14897924966900172fc12e5b8a348d6411907345fa57489a',11636,3890,0.0,0.0,0,'stock','test.opus',1795839645332);
INSERT INTO clips VALUES('acf3b4f5df116a5f55814849fd7554c4c6d7e7339a36c67ef1b85696c175d6cb',27233,8960,0.0,0.0,0,'stock','flood.opus',1795839645332);
INSERT INTO clips VALUES('8d899f0f09b28bd88949f655a384833a7d6247a1e2870cadfaf839343c325876',25452,8420,0.0,0.0,0,'stock','storm.opus',1795839645332);
INSERT INTO clips VALUES('babb177159395db074c3f9a3e534d49f2f59af3b37893e905915a64dff316e36',24234,8020,0.0,0.0,0,'stock','fire.opus',1795839645332);
INSERT INTO clips VALUES('fbc44eb4d242e294cf31611c1398619c3514a86e3e9326d99ee8416f757c3782',21432,7240,0.0,0.0,0,'stock','landslide.opus',1795839645332);
INSERT INTO clips VALUES('e0701fdc40925f4ec81236188da522603208975d69794b626a531e75458518f3',25179,8360,0.0,0.0,0,'stock','evacuation.opus',1795839645332);
INSERT INTO clips VALUES('d0d9f5228e1a9d71a70d4757215d9c8486d63fbe89fa5a62a0068053217db843',17504,5970,0.0,0.0,0,'stock','tsunami.opus',1795839645332);
INSERT INTO clips VALUES('e1007ea15e4500931f36e5f63a84398219db853494133a235aae28ffc6c9ed4f',16480,5330,0.0,0.0,0,'stock','general.opus',1795839645332);
INSERT INTO clips VALUES('6e3d4d85c37d3d771d29f39ee9dc946848690c9c4b2a607578b0a2e4ab9977c5',22241,7030,-16.094103736236252899,-1.1268987926218523298,0,'speech','espeak/vi',1795839648649);
CREATE TABLE stock_clips (
  name text primary key,
  sha256 text not null references clips (sha256),
  title text not null
);
INSERT INTO stock_clips VALUES('tone','2cadf782cce605bfbc167a5e05048268a7d1cb0e9efa805f62fc1873e27b5577','');
INSERT INTO stock_clips VALUES('chime','c66e912d7e94301a3bb3fb5fa57ec91a33d21c52293a7720f75707b1bdccf4da','');
INSERT INTO stock_clips VALUES('exercise','76ad98c460d398b2a5137196187071a2dd3fa90ee62ea4d6fd3351cb74bc93f3','Chú ý. Đây là diễn tập. Xin nhắc lại, đây là diễn tập.');
INSERT INTO stock_clips VALUES('test','54047dfceded803b14897924966900172fc12e5b8a348d6411907345fa57489a','Đây là thử loa. Xin nhắc lại, đây là thử loa.');
INSERT INTO stock_clips VALUES('flood','acf3b4f5df116a5f55814849fd7554c4c6d7e7339a36c67ef1b85696c175d6cb','Khẩn cấp. Nước lũ đang lên nhanh. Bà con hãy rời khỏi vùng trũng thấp, đến nơi cao, an toàn, và làm theo hướng dẫn của chính quyền.');
INSERT INTO stock_clips VALUES('storm','8d899f0f09b28bd88949f655a384833a7d6247a1e2870cadfaf839343c325876','Khẩn cấp. Bão sắp đổ bộ. Bà con hãy vào nơi trú ẩn kiên cố, không ra ngoài, và làm theo hướng dẫn của chính quyền.');
INSERT INTO stock_clips VALUES('fire','babb177159395db074c3f9a3e534d49f2f59af3b37893e905915a64dff316e36','Khẩn cấp. Có cháy lớn. Bà con hãy rời xa nơi cháy, nhường đường cho xe chữa cháy, gọi số một một bốn khi cần.');
INSERT INTO stock_clips VALUES('landslide','fbc44eb4d242e294cf31611c1398619c3514a86e3e9326d99ee8416f757c3782','Khẩn cấp. Có nguy cơ sạt lở đất. Bà con ở sườn dốc, ven suối hãy rời đi ngay, đến nơi an toàn.');
INSERT INTO stock_clips VALUES('evacuation','e0701fdc40925f4ec81236188da522603208975d69794b626a531e75458518f3','Khẩn cấp. Bà con hãy sơ tán ngay theo hướng dẫn của chính quyền, mang theo giấy tờ, thuốc men, giúp đỡ người già và trẻ em.');
INSERT INTO stock_clips VALUES('tsunami','d0d9f5228e1a9d71a70d4757215d9c8486d63fbe89fa5a62a0068053217db843','Khẩn cấp. Cảnh báo sóng thần. Bà con hãy rời xa bờ biển, đến nơi cao ngay lập tức.');
INSERT INTO stock_clips VALUES('general','e1007ea15e4500931f36e5f63a84398219db853494133a235aae28ffc6c9ed4f','Khẩn cấp. Bà con chú ý lắng nghe thông báo của chính quyền và làm theo hướng dẫn.');
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
INSERT INTO programmes VALUES('p-vnnj7u45fl6vcpihmddvqkfe34','hue-19753','Đăng ký tạm trú','Hộ tịch, cư trú','68/2020/QH14','','vi','Kính thưa bà con. Từ ngày 1/7/2021, người thuê nhà đăng ký tạm trú tại công an phường.',NULL,NULL,NULL,'6e3d4d85c37d3d771d29f39ee9dc946848690c9c4b2a607578b0a2e4ab9977c5','approved','u-v7dsemu3dnpdvplh5arbc6c5z4','b38a7ab8487b9373e3954429805d3ad332c1ab9bd81e0d0a84bb90b8d91d416e','b38a7ab8487b9373e3954429805d3ad332c1ab9bd81e0d0a84bb90b8d91d416e','u-5j57z6gp34ubk6h337kopc3bfq','',1795839648168,1795839648923,1795839648894,1795839648923);
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
INSERT INTO media_jobs VALUES('j-bf5vcteuptrza6ianegvl6pskm','p-vnnj7u45fl6vcpihmddvqkfe34','hue-19753','speech','Kính thưa bà con. Từ ngày 1/7/2021, người thuê nhà đăng ký tạm trú tại công an phường.','espeak/vi','done',100,'6e3d4d85c37d3d771d29f39ee9dc946848690c9c4b2a607578b0a2e4ab9977c5','','','u-v7dsemu3dnpdvplh5arbc6c5z4',1795839648244,1795839648649);
CREATE TABLE broadcasts (
  id text primary key,
  programme text not null references programmes (id),
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
);
INSERT INTO broadcasts VALUES('b-lgrqv4do2q3trpme2jqbgf4dcq','p-vnnj7u45fl6vcpihmddvqkfe34','hue-19753','normal','2026-11-28T11:20:56','Asia/Ho_Chi_Minh','','','','',100,'resume','join',0,'u-v7dsemu3dnpdvplh5arbc6c5z4',1795839648953,NULL,'','');
CREATE TABLE broadcast_areas (
  broadcast text not null references broadcasts (id),
  area text not null references areas (id),
  primary key (broadcast, area)
);
INSERT INTO broadcast_areas VALUES('b-lgrqv4do2q3trpme2jqbgf4dcq','hue-19753');
INSERT INTO broadcast_areas VALUES('b-lgrqv4do2q3trpme2jqbgf4dcq','hue-20056');
CREATE TABLE broadcast_nodes (
  broadcast text not null references broadcasts (id),
  node text not null references nodes (id),
  primary key (broadcast, node)
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
);
INSERT INTO alerts VALUES('l-roxwa6p6z77vcpsyxhluf5jqau',2,'cancel','exercise','','hue-19753',1795839663157,1795839963157,'flood','Diễn tập báo lũ','vi',NULL,NULL,NULL,'flood',NULL,1,0,300000,'bf24f4007430f9c269038780dcc04773b167da62a8908a454108031378e264c8',1795839963144,'u-5j57z6gp34ubk6h337kopc3bfq',1795839663144,1795839663157,'u-5j57z6gp34ubk6h337kopc3bfq',1795839675489,'u-5j57z6gp34ubk6h337kopc3bfq');
CREATE TABLE snapshot_revisions (
  area text primary key references areas (id),
  revision bigint not null,
  issued bigint not null
);
INSERT INTO snapshot_revisions VALUES('hue-19753',1795839675516,1795839675516);
CREATE TABLE plan_revisions (
  node text not null references nodes (id),
  revision bigint not null,
  made bigint not null,
  until_time bigint not null,
  content_hash text not null,
  packet_hash text not null,
  primary key (node, revision)
);
INSERT INTO plan_revisions VALUES('n-hi2exjuhkrjlomdfglm5wjf4hm',1795839646483,1795839646483,1797181200000,'321dd61524d0ad2587a488f7bb7d2059b7ebfdec1b7a95ca078918bf117238a4','fe1c2376b80953d9c4c07661680cd3cc97ce570643d0560a2e30ba3a7a4792c2');
INSERT INTO plan_revisions VALUES('n-ucv4yyfvnriff6r76qo2r4hube',1795839646548,1795839646548,1797181200000,'bff733c2b4e944e27aa5baf4b107ef9537e99b70763d760c4c0b0bb7785cd9eb','c8efed06d74a11dd67334d642cf68bbbb004e1d7c2e62b6a664b179b65a80ee9');
INSERT INTO plan_revisions VALUES('n-hlow4owhxs767jgekcadegr55e',1795839646608,1795839646608,1797181200000,'da7c3099a405eccba6ece2116d28c6d51b125a9e69e80ba0669169d0e1215e8f','78e210720fb9c9bfc7fe97b6ee9d32bc6959a07e2baaa4b41728175b832e5695');
INSERT INTO plan_revisions VALUES('n-hi2exjuhkrjlomdfglm5wjf4hm',1795839648975,1795839648975,1797181200000,'5819939e71878044a3feacc2e892628638a0e14d195eb7b299c10ef5474d2e92','1d39bb0c672c4cc4d8f591b67354f383e1f52021447db44599122797f38c6c4a');
INSERT INTO plan_revisions VALUES('n-hlow4owhxs767jgekcadegr55e',1795839648978,1795839648978,1797181200000,'6f5e14f06e550fdf857842fd60bcb059f57348b18920e7205865ef1caf7dd30e','4031612ca2dab774efaeadd707c6a748b531d6a184406fb9f37a66d45c8db352');
INSERT INTO plan_revisions VALUES('n-ucv4yyfvnriff6r76qo2r4hube',1795839648979,1795839648979,1797181200000,'333896fbe962d541959b4ae3c285fb4bbc80dadd8febb44cdf16eba2ef3dd071','bac619ae64c793feb8ec61d0468af5e797e6c10d97084d205d122e4ae51c408f');
CREATE TABLE retained_messages (
  topic text primary key,
  revision bigint not null,
  packet text not null
);
INSERT INTO retained_messages VALUES('loa/1/node/n-hi2exjuhkrjlomdfglm5wjf4hm/plan',1795839648975,'eyJhbGciOiJFZERTQSIsImtpZCI6ImsxLXNwcHd1cWlrc21xenJ0bHViYnk2eTZpZ3hhIiwidHlwIjoibG9hLXBsYW4ifQ.eNqFVrmS3DYQ_RUV49kSbqA3ssuJEmeO7FJNNYDGDHd5zPKYlby1kUMnTh36DxxL5Ugq_4f-xM1ZeUVagSeYIsAmXh-vX-OhOlfXclfhnKvrqrs61ore3MzH2-Gm6dtcDk1r72-KObbVrqpxYmMPNmhwJoC3u4renC57XgapxPLbVQOdv7IrQ99-tTnVLe1_7jti7G_HGl--6vffHev993V3ZLx5Svu-lJGmfVt380RjdW0UA-BAyM8_VceZ2I7_ryQfqKvXu4qtp7o78OuHquVvquuCzUi76tw3c8tLubiIDQ3TfrP1tNjHt_tjPw98-nLY1KdbfnyoOlwMq3RklxlyPKKybtlwjkCq7AmMFhJ1jLpEW9B6SsBrnZVMVinQ6L0SxVsvfJQxp1RMRj4rvr1EBqBgV-V5wKnuu-pagRWPu2dkOmOan16t4El4IUtORoCyxVDiKmgnQ8jImE5oJZZUZwceTHTKodWSvDU2WBmK_gKvLBdnjR-02-C_oSHV4yZ47zBDSMaJrCFEhVZqL4HxOUaJKmddEASRU4Qmu5K1tjJFb2ICvUaXKhi5RjdGrtFLPWyQI8YovZcWNNgchTdJF0BNVptsoKhiAYuO2gfQBMKCtOhMLkVLR9qt4jZKm03cQm2Qm77Pa2hMfK4pNhcpOZ3F2iBNYMzsrTXJJMdk8FqzNy45T0XGYB24JJc6pLiC9krrDTRsUn6gjgZsNvVmqnpCaclYIUDLoh3Z4jQGwyVQEjKjaQNGao1KW0RSoZTkElA2ZZVxbkKxBrdar8Eb7PLY1HmT9hKTMRRN5qyRApOWdEqZJGM7CYmrazBwggm0chmAiOvqFtInLoVaxS6NVmt4r8wanjtvaNfQIQeAIoqAqELMIQCn3FmLOpjAsfrslPEoOVwvEuaChZVGG520ssGvK87s30AHs6k4G01rZGuE8bkkypSD0FEu6gXKgHMghPSqJKnIxoDahOyMlCC8NhcNYNNVizNhtFsj6wAb5EUKV8hqiYPTlhI5YSNnXzqPloQVJigXOGjuJkFABYNgGiyuBK9J-Wit92txgQ3TNAv1Gnic-aleY2eRobCGBJIImbvZi2y4jkraDIlz7rJjpaMAHCc6hUI49kEr6ZmCZt3bnt3dMA28eHz9yAZDf0vDRcnbu2kar1--bPqEzbEfp2sluGkWRS91Q09qP02n_9gwzc3FBpsm4qLVDxV1GBvKz8J_wInu8e34JOkJ9yfiUVSxg_dY80TjLlgUf_xX8nm4tJcFe9inNA8DdeniwUNVL2MyXjWH4e5scq_u9DScWlI3d_HAcp7uvlFCcUeo8INgVln3Y3UJE3PCcdr_7-dsfRr6w4Atj6KL9enq3HU3fmY-Ne6cTvWxzfl8d1uII19G6NQsFfz428dfusOL2w9_vZg-vfujfTENH97x-4YO2OxLTc1y2KtP73_n9-9_Tcfdi_T3n89W2B1mPCwHnRcWpAbHcbkQcBNeBCjP9GV6W3cZ86veFZrX9UTtU5Zu625BS019qr62e6YY60Q2OViWhqwzq3lWUDRrBuQExi0cA5EgGZ4sTjD3QhSoyGAE8D7ZVUsrtYyPeWieCntqsO72C1_2TIz-_pkNj0uF5zhy2p7uE0vJsUw07OuO_4f5xIzgG8w4X-Z8g8sNorrp6-7zat_U7WfWrK4PTOd_ADHCxOk.yiNmNnUv5Ru7B2X-ExJma6LhnNYq1AXT8IchoVX1vSphfhyqNQVQZrV_8dKopQLdAq9iwNs9QI9OFwu8LJCWCg');
INSERT INTO retained_messages VALUES('loa/1/node/n-ucv4yyfvnriff6r76qo2r4hube/plan',1795839648979,'eyJhbGciOiJFZERTQSIsImtpZCI6ImsxLXNwcHd1cWlrc21xenJ0bHViYnk2eTZpZ3hhIiwidHlwIjoibG9hLXBsYW4ifQ.eNqFVjuS3DYQvcoW49kSgMZ3I7ucKHHmyC4VqwE0ZqjlkLP8jLTe2sihE6cOfQPHUjmSyvfQTdyclVekFXiCKQJs4vXn9Ws8VOfqRu4qnHN1U3XXczrr-_ty7oamFDs4e9erQR_mSNWuanBiYxeMh2C1Dy7sKnp7uuw56aUSy29XDXT-yq4M_fGrzak5Uv1z3xFjfzs2-OJlX393aOrvm-7AePOU6r6Ukab62HTzRGN1oxUD4EDIzz9Vh3nxi_-vZXAGqle7iq2nptvz64fqyN9UNwXbkXbVuW_nIy_l4iK2NEz1ZutpUcf7-tDPA5--HDb16ZYfH6oOF8MqHdhlhhwPqIxdNqylIFV2FDQIiRAjlGgKGkcp8BqykskoFQCdU6I444SLMuaUis7IZ8X7S2QhKE5Jngecmr6rblQw4nH3jExnTPPTqxU8CSdkyUmLoEzRlLgKYKX3GRnTClCCU22y5XzraJVFA5Kc0cYb6Qt8gVdGug2-B7vBf0tDasZN8M5iDj5pKzIEHxUaCU4GxucYJaqcoWAQRFYR6mxLBjAyRadjCrBGl8pruUbXWq7RSzNskCPGKJ2TJkAwOQqnE5SAQAZ01qGoYgIWiOB8AArCBGnQ6lwKSEtgV3FrBXoTt1Ab5Lbv8xoaE5-ri8lFSk5nMcZL7RkzO2N00skyGRwAe2OTdVRk9MYGm-RShxRX0E4BbKDDJuV76mjAdlNvpqojlIa0ESKALGDJFAvoNZdAyZAZDXTQEgAVGERSvpRkU6Csyyrj3IRiDW4A1uAtdnlsm7xJe4lJa4o6c9ZIBZ2WdEqZJGNbGRJXV6PnBFMAZXMIRFxXu5A-cSnUKnapQa3hndJreO684biG9tmHUEQRISofs_eBU26NQfDac6wuW6UdSg7XiYS5YGGlAQ0JlPFuXXFm_wba603F2WhaIxsttMslUabsBUR5US-lg7VBCOlUSVKRiR5B-2y1lEE40BcNYNNVizNhwK6RwYcN8iKFK2S1xMFpS4msMJGzL61DQ8II7ZX1HDR3k6BABb1gGiyueAekXDTGubW4hA3TgIV6DTzO_NSssbPIobCGeJIYMnezE1lzHZU0OSTOuc2WlY584DjRKhTCsg-gpGMK6nVvO3Z3w7TgxOOrRzYY-lsaLkp-vJum8ebFi7ZP2B76cbpRgptmUfTStPSk9tN0-o8N01xfbLBtIy5a_VBRh7Gl_Cz8e5zoDd6PT5KesD4Rj6KKHXyDDU807oJF8cd_JZ-Hy_GyYA_7lOZhoC5dPHiommVMxut2P9ydde7VHUzD6Ujq9V3cs5ynu2-UUNwRyv8gmFXG_lhdwsSccJzq__2crU9Dvx_wyKPoYn26Pnfdazczn1p7TqfmcMz5fHdbiCNfRujULhX8-NvHX7r91e2Hv66mT-_-OF5Nw4d3_L6lPbZ1aahdDnv56f3v_P79r-mwu0p___lshd1-xv1y0HlhQWpxHJcLATfhRYDyTF-mt7GXMb_qXQG8biY6PmXptukWtNQ2p-pru2eKsU5knb1haciQWc2zCgVYM0JOQduFY0GkkDRPFiuYez4KVKQxhuBcMquWVmoZH_PQPhX21GLT1QtfaiZG_-aZDY9Lhec4ctqe7hNLybFMNNRNx__DfGJG8A1mnC9zvsXlBlG97pvu86pum-Nn1qyuD0znfwCkEsSG.LoxZFAHJm6-5BDzzK9y3kt-aMxWko76BUKeeReruCJvk3_TS5AqbKymdgH3LYJRBje70vDTaZrep7k4Kz2WxBw');
INSERT INTO retained_messages VALUES('loa/1/node/n-hlow4owhxs767jgekcadegr55e/plan',1795839648978,'eyJhbGciOiJFZERTQSIsImtpZCI6ImsxLXNwcHd1cWlrc21xenJ0bHViYnk2eTZpZ3hhIiwidHlwIjoibG9hLXBsYW4ifQ.eNqFVjuS3DYQvYqK8WwJf6A3ssuJEmeO7FKxGkBjhrsccpafWclbGzl04tShb-BYKkdS-R66iZuz8oq0Ak8wRYBNvP68fo2H6lxdy12Fc66uq-7q0Pb3pr8_vBm98zd7uk2YaT9YS9WuanBiYw82aHAmgA-7it6cLnteBqnE8ttVA52_sitDf_xqc2qOVP_cd8TY344NvnzV198dmvr7pjsw3jylui9lpKk-Nt080VhdG8UAOBDy80_VYV784v8rxrauer2r2Hpquj2_fqiO_E11XbAdaVed-3Y-8lIuLmJLw1Rvtp4WdXxbH_p54NOXw6Y-3fLjQ9XhYlilA7vMkOMBFePxhnMEUmVPYLSQqGPUJdqC1lMCXuusZLJKgUbvlSjeeuGjjDmlYjLyWfHtJTIABbsqzwNOTd9V1wqseNw9I9MZ0_z0agVPwgtZcjIClC2GEldBOxlCRsZ0QivBqbbZgQcTnXJotSRvjQ1WhqK_wCvLxVnjB-02-G9oSM24Cd47zBCScSJrCFGhldpLYHyOUaLKWRcEQeQUocmuZK2tTNGbmECv0aUKRq7RjZFr9NIMG-SIMUrvpQUNNkfhTdIFUJPVJhsoqljAoqP2ATSBsCAtOpNL0dKRdqu4jdJmE7dQG-S27_MaGhOfa4rNRUpOZ7E2SBMYM3trTTLJMRm81uyNS85TkTFYBy7JpQ4prqC90noDDZuU76mjAdtNvZmqnlBaMlYI0LJoR7Y4jcFwCZSEzGjagJFao9IWkVQoJbkElE1ZZZybUKzBrdZr8Ba7PLZN3qS9xGQMRZM5a6TApCWdUibJ2E5C4uoaDJxgAq1cBiDiurqF9IlLoVaxS6PVGt4rs4bnzhuOa-iQA0ARRUBUIeYQgFPurEUdTOBYfXbKeJQcrhesWgULK402Omllg19XnNm_gQ5mU3E2mtbI1gjjc0mUKQeho1zUC5QB50AI6VVJUpGNAbUJ2RkpQXhtLhrApqsWZ8Jot0bWATbIixSukNUSB6ctJXLCRs6-dB4tCStMUC5w0NxNgoAKBsE0WFwJXpPy0Vrv1-ICG6ZpFuo18DjzU7PGziJDYQ0JJBEyd7MX2XAdlbQZEufcZcdKRwE4TnQKhXDsg1bSMwXNurc9u7thGnjx-PqRDYb-loaLkh_vpmm8fvmy7RO2h36crpXgplkUvTQtPan9NJ3-Y8M0NxcbbNuIi1Y_VNRhbCk_C_8eJ7rHt-OTpCesT8SjqGIH77HhicZdsCj--K_k83A5XhbsYZ_SPAzUpYsHD1WzjMl41e6Hu7PJvbrT03A6krq5i3uW83T3jRKKO0KFHwSzyrofq0uYmBOOU_2_n7P1aej3Ax55FF2sT1fnrrvxM_Opded0ag7HnM93t4U48mWETu1SwY-_ffyl27-4_fDXi-nTuz-OL6bhwzt-39Ie27o01C6Hvfr0_nd-__7XdNi9SH__-WyF3X7G_XLQeWFBanEclwsBN-FFgPJMX6a3dZcxv-pdoXndTHR8ytJt0y1oqW1O1dd2zxRjncgmB8vSkHVmNc8KimbNgJzAuIVjIBIkw5PFCeZeiAIVGYwA3ie7ammllvExD-1TYU8tNl298KVmYvT3z2x4XCo8x5HT9nSfWEqOZaKhbjr-H-YTM4JvMON8mfMtLjeI6qZvus-rum2On1mzuj4wnf8BPGTEQg.XnL8Dk2a1VhSXuubfVQTJ7LMr8nrCuutDJqx_5FsXPiSyYKt4mxG_S_cgKGjSLvZRQWMmJvUljuyNu2o8BBLAA');
INSERT INTO retained_messages VALUES('loa/1/area/hue-19753/alert',1795839675516,'eyJhbGciOiJFZERTQSIsImtpZCI6ImsxLXNwcHd1cWlrc21xenJ0bHViYnk2eTZpZ3hhIiwidHlwIjoibG9hLWFsZXJ0In0.eyJ2IjoxLCJhdWQiOiJodWUtMTk3NTMiLCJpYXQiOjE3OTU4Mzk2NzU1MTYsInJldiI6MTc5NTgzOTY3NTUxNiwiYWxlcnRzIjpbeyJpZCI6Imwtcm94d2E2cDZ6Nzd2Y3BzeXhobHVmNWpxYXUiLCJyZXZpc2lvbiI6MiwibWVzc2FnZSI6ImNhbmNlbCIsInN0YXR1cyI6ImV4ZXJjaXNlIiwicmVmZXJlbmNlcyI6W10sImFyZWEiOiJodWUtMTk3NTMiLCJzZW50IjoxNzk1ODM5NjYzMTU3LCJleHBpcmVzIjoxNzk1ODM5OTYzMTU3LCJldmVudCI6ImZsb29kIiwidGl0bGUiOiJEaeG7hW4gdOG6rXAgYsOhbyBsxakiLCJsYW5ndWFnZSI6InZpIiwic3RvY2tfY2xpcCI6ImZsb29kIiwicmVwZWF0cyI6MSwicmVwZWF0X2V2ZXJ5IjowfV19.ayTr1Gmwx_iIlPPmsyJ4RZEgUxR7akM9X-wErWSMKt6T7jgn76b1GRMumNRVL-8N1lqEbnRDLZptnfEghomkBg');
CREATE TABLE marks (
  name text primary key,
  value bigint not null
);
INSERT INTO marks VALUES('runs',1);
INSERT INTO marks VALUES('newest_signed',1795839675516);
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
  number bigint,
  primary key (node, id)
);
INSERT INTO occurrences VALUES('n-hi2exjuhkrjlomdfglm5wjf4hm','b-lgrqv4do2q3trpme2jqbgf4dcq@20261128T042056Z','hue-19753','b-lgrqv4do2q3trpme2jqbgf4dcq','','p-vnnj7u45fl6vcpihmddvqkfe34','Đăng ký tạm trú','normal',1795839656000,7030,1795839648975,'',0,'log-oq7zus6e5vb5o6rjejkqkwvnti',1);
INSERT INTO occurrences VALUES('n-hlow4owhxs767jgekcadegr55e','b-lgrqv4do2q3trpme2jqbgf4dcq@20261128T042056Z','hue-20056','b-lgrqv4do2q3trpme2jqbgf4dcq','','p-vnnj7u45fl6vcpihmddvqkfe34','Đăng ký tạm trú','normal',1795839656000,7030,1795839648978,'',0,'log-4dcbjuekcd3atihu5kvetn4ucq',1);
INSERT INTO occurrences VALUES('n-ucv4yyfvnriff6r76qo2r4hube','b-lgrqv4do2q3trpme2jqbgf4dcq@20261128T042056Z','hue-19753','b-lgrqv4do2q3trpme2jqbgf4dcq','','p-vnnj7u45fl6vcpihmddvqkfe34','Đăng ký tạm trú','normal',1795839656000,7030,1795839648979,'',0,'log-cqduksdzl7c574ugyj3x4vvucm',1);
INSERT INTO occurrences VALUES('n-hi2exjuhkrjlomdfglm5wjf4hm','l-roxwa6p6z77vcpsyxhluf5jqau.1.1','hue-19753','','l-roxwa6p6z77vcpsyxhluf5jqau','','Diễn tập báo lũ','emergency',1795839663157,11960,0,'',0,'log-oq7zus6e5vb5o6rjejkqkwvnti',2);
INSERT INTO occurrences VALUES('n-ucv4yyfvnriff6r76qo2r4hube','l-roxwa6p6z77vcpsyxhluf5jqau.1.1','hue-19753','','l-roxwa6p6z77vcpsyxhluf5jqau','','Diễn tập báo lũ','emergency',1795839663157,11960,0,'',0,'log-cqduksdzl7c574ugyj3x4vvucm',2);
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
  received bigint not null,
  primary key (node, log_id, number)
);
INSERT INTO play_records VALUES('n-ucv4yyfvnriff6r76qo2r4hube','log-cqduksdzl7c574ugyj3x4vvucm',1,'0000000000000000000000000000000000000000000000000000000000000000','cb6a581e288687c2e63e0e7723108e8dc5a7177e93de8a2ebcfde9476ebac393',1,'b-lgrqv4do2q3trpme2jqbgf4dcq@20261128T042056Z','b-lgrqv4do2q3trpme2jqbgf4dcq','','p-vnnj7u45fl6vcpihmddvqkfe34','Đăng ký tạm trú','Hộ tịch, cư trú','vi','normal',NULL,NULL,NULL,1795839656000,1795839656000,80,7030,7030,'6e3d4d85c37d3d771d29f39ee9dc946848690c9c4b2a607578b0a2e4ab9977c5',100,-15.557769627088910979,'digital','head','played','','',1795839663031,1795839663041);
INSERT INTO play_records VALUES('n-hi2exjuhkrjlomdfglm5wjf4hm','log-oq7zus6e5vb5o6rjejkqkwvnti',1,'0000000000000000000000000000000000000000000000000000000000000000','4361570cbaba25f58b536b733ce44394ccd71485444195dc6f02b3b55cd01353',1,'b-lgrqv4do2q3trpme2jqbgf4dcq@20261128T042056Z','b-lgrqv4do2q3trpme2jqbgf4dcq','','p-vnnj7u45fl6vcpihmddvqkfe34','Đăng ký tạm trú','Hộ tịch, cư trú','vi','normal',NULL,NULL,NULL,1795839656000,1795839656000,404,7030,7030,'6e3d4d85c37d3d771d29f39ee9dc946848690c9c4b2a607578b0a2e4ab9977c5',100,-15.557769627088910979,'digital','head','played','','',1795839663031,1795839663041);
INSERT INTO play_records VALUES('n-hlow4owhxs767jgekcadegr55e','log-4dcbjuekcd3atihu5kvetn4ucq',1,'0000000000000000000000000000000000000000000000000000000000000000','9e4ef7b3c9bcffd8fb1d9e20d896da4c804665c2e9c5ac82e6a7f96f8999470a',1,'b-lgrqv4do2q3trpme2jqbgf4dcq@20261128T042056Z','b-lgrqv4do2q3trpme2jqbgf4dcq','','p-vnnj7u45fl6vcpihmddvqkfe34','Đăng ký tạm trú','Hộ tịch, cư trú','vi','normal',NULL,NULL,NULL,1795839656000,1795839656000,99,7030,7030,'6e3d4d85c37d3d771d29f39ee9dc946848690c9c4b2a607578b0a2e4ab9977c5',100,-15.557769627088910979,'digital','head','played','','',1795839663035,1795839663054);
INSERT INTO play_records VALUES('n-ucv4yyfvnriff6r76qo2r4hube','log-cqduksdzl7c574ugyj3x4vvucm',2,'cb6a581e288687c2e63e0e7723108e8dc5a7177e93de8a2ebcfde9476ebac393','2a5cefdfc4fd9a507775531b8246e3d1b421bcfd6583beca2c3eece4832195c0',1,'l-roxwa6p6z77vcpsyxhluf5jqau.1.1','','l-roxwa6p6z77vcpsyxhluf5jqau','','Diễn tập báo lũ','','vi','emergency',NULL,NULL,NULL,1795839663157,1795839663218,61509,11960,11960,'acf3b4f5df116a5f55814849fd7554c4c6d7e7339a36c67ef1b85696c175d6cb',100,-15.585276880033195112,'digital','head','played','','',1795839675174,1795839675197);
INSERT INTO play_records VALUES('n-hi2exjuhkrjlomdfglm5wjf4hm','log-oq7zus6e5vb5o6rjejkqkwvnti',2,'4361570cbaba25f58b536b733ce44394ccd71485444195dc6f02b3b55cd01353','9918747d748c235a4e01357a6c43e41f74f94368a9f7db374a61b8d7e912ce19',1,'l-roxwa6p6z77vcpsyxhluf5jqau.1.1','','l-roxwa6p6z77vcpsyxhluf5jqau','','Diễn tập báo lũ','','vi','emergency',NULL,NULL,NULL,1795839663157,1795839663221,64427,11960,11960,'acf3b4f5df116a5f55814849fd7554c4c6d7e7339a36c67ef1b85696c175d6cb',100,-15.585276880033195112,'digital','head','played','','',1795839675176,1795839675197);
CREATE TABLE log_positions (
  node text not null,
  log_id text not null,
  complete_to bigint not null,
  highest bigint not null,
  primary key (node, log_id)
);
INSERT INTO log_positions VALUES('n-ucv4yyfvnriff6r76qo2r4hube','log-cqduksdzl7c574ugyj3x4vvucm',2,2);
INSERT INTO log_positions VALUES('n-hi2exjuhkrjlomdfglm5wjf4hm','log-oq7zus6e5vb5o6rjejkqkwvnti',2,2);
INSERT INTO log_positions VALUES('n-hlow4owhxs767jgekcadegr55e','log-4dcbjuekcd3atihu5kvetn4ucq',1,1);
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
INSERT INTO receipts VALUES('r-fwj7xcatndq64qbjjczy4zyveu','n-hlow4owhxs767jgekcadegr55e',1795839646983,'loa-plan','n-hlow4owhxs767jgekcadegr55e',1795839646608,1,'','','','k1-sppwuqiksmqzrtlubby6y6igxa',1795839647003);
INSERT INTO receipts VALUES('r-ghrdvtijl4qg7gwzs4ce4zjmvu','n-ucv4yyfvnriff6r76qo2r4hube',1795839646990,'loa-plan','n-ucv4yyfvnriff6r76qo2r4hube',1795839646548,1,'','','','k1-sppwuqiksmqzrtlubby6y6igxa',1795839647003);
INSERT INTO receipts VALUES('r-gmvbzab7gookwbdk7qzupbiq54','n-ucv4yyfvnriff6r76qo2r4hube',1795839647001,'loa-certificate','q-md2wggcyri7loz7h3q76x27ilu',0,1,'','','','k1-sppwuqiksmqzrtlubby6y6igxa',1795839647006);
INSERT INTO receipts VALUES('r-xlyf5c4yjihopwvkhjjngznyha','n-hlow4owhxs767jgekcadegr55e',1795839647003,'loa-certificate','q-p3nfdtgite5ktbqiywwkhc2mim',0,1,'','','','k1-sppwuqiksmqzrtlubby6y6igxa',1795839647006);
INSERT INTO receipts VALUES('r-cj7547qle4ei2cc3b5jpiratw4','n-hi2exjuhkrjlomdfglm5wjf4hm',1795839647017,'loa-plan','n-hi2exjuhkrjlomdfglm5wjf4hm',1795839646483,1,'','','','k1-sppwuqiksmqzrtlubby6y6igxa',1795839647023);
INSERT INTO receipts VALUES('r-iivfkc7xnylf3v4c4jpy42tnm4','n-hi2exjuhkrjlomdfglm5wjf4hm',1795839647028,'loa-certificate','q-q26imozc2op2kpi62em266kouy',0,1,'','','','k1-sppwuqiksmqzrtlubby6y6igxa',1795839647072);
INSERT INTO receipts VALUES('r-6qes55ixt2nrae3oms3z333uau','n-hlow4owhxs767jgekcadegr55e',1795839648999,'loa-plan','n-hlow4owhxs767jgekcadegr55e',1795839648978,1,'','','','k1-sppwuqiksmqzrtlubby6y6igxa',1795839649008);
INSERT INTO receipts VALUES('r-rzjayb4b6cbigx6ahdkdngauyq','n-hi2exjuhkrjlomdfglm5wjf4hm',1795839649001,'loa-plan','n-hi2exjuhkrjlomdfglm5wjf4hm',1795839648975,1,'','','','k1-sppwuqiksmqzrtlubby6y6igxa',1795839649014);
INSERT INTO receipts VALUES('r-fq7tdy3dvztgxcomce6oz3eb3y','n-ucv4yyfvnriff6r76qo2r4hube',1795839649002,'loa-plan','n-ucv4yyfvnriff6r76qo2r4hube',1795839648979,1,'','','','k1-sppwuqiksmqzrtlubby6y6igxa',1795839649014);
INSERT INTO receipts VALUES('r-ebeaxk3rzywg2odiww35z5ym3m','n-hi2exjuhkrjlomdfglm5wjf4hm',1795839663199,'loa-alert','hue-19753',1795839663169,1,'','','','k1-sppwuqiksmqzrtlubby6y6igxa',1795839663202);
INSERT INTO receipts VALUES('r-hioh6scwh5bdenwkfogrjuvno4','n-ucv4yyfvnriff6r76qo2r4hube',1795839663199,'loa-alert','hue-19753',1795839663169,1,'','','','k1-sppwuqiksmqzrtlubby6y6igxa',1795839663214);
INSERT INTO receipts VALUES('r-hfh2clesrjrfsnejg2pdw7unx4','n-hi2exjuhkrjlomdfglm5wjf4hm',1795839675537,'loa-alert','hue-19753',1795839675516,1,'','','','k1-sppwuqiksmqzrtlubby6y6igxa',1795839675538);
INSERT INTO receipts VALUES('r-4dv27a26ha35jqr6ksolq5wlay','n-ucv4yyfvnriff6r76qo2r4hube',1795839675538,'loa-alert','hue-19753',1795839675516,1,'','','','k1-sppwuqiksmqzrtlubby6y6igxa',1795839675541);
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
INSERT INTO audit VALUES(1,1795839644964,'system','','add','area','hue','hue','Thành phố Huế','0000000000000000000000000000000000000000000000000000000000000000','bdc12e4293e08d26b85e7f7da745cbec536676e124df8155749d6b21f51ae65d');
INSERT INTO audit VALUES(2,1795839644964,'system','','add','user','u-7qvqyvhl2hccu6xtk55kqgbdpa','','admin ','bdc12e4293e08d26b85e7f7da745cbec536676e124df8155749d6b21f51ae65d','89a7eaa48da96c8ec50711f77893f2d993de0adeb9ec583dcb1695e25b4dbfde');
INSERT INTO audit VALUES(3,1795839644964,'system','','set_grants','user','u-7qvqyvhl2hccu6xtk55kqgbdpa','','admin@hue','89a7eaa48da96c8ec50711f77893f2d993de0adeb9ec583dcb1695e25b4dbfde','3e2ff49eae5452175619f07e91bc3d23226346054fb3eb591d14ff7567628d82');
INSERT INTO audit VALUES(4,1795839645332,'system','','add','clip','2cadf782cce605bfbc167a5e05048268a7d1cb0e9efa805f62fc1873e27b5577','','stock tone.opus','3e2ff49eae5452175619f07e91bc3d23226346054fb3eb591d14ff7567628d82','ed500048c4de359367cf35b6bb775fc69abc57db3d030bccb737f7da9b8191f9');
INSERT INTO audit VALUES(5,1795839645332,'system','','put','stock_clip','tone','','2cadf782cce605bfbc167a5e05048268a7d1cb0e9efa805f62fc1873e27b5577','ed500048c4de359367cf35b6bb775fc69abc57db3d030bccb737f7da9b8191f9','2be1ea176e99ccd75bb2afd5df5acac15afc7650b6e787547bc6fafc4de0b36f');
INSERT INTO audit VALUES(6,1795839645332,'system','','add','clip','c66e912d7e94301a3bb3fb5fa57ec91a33d21c52293a7720f75707b1bdccf4da','','stock chime.opus','2be1ea176e99ccd75bb2afd5df5acac15afc7650b6e787547bc6fafc4de0b36f','ddd0caa6742109fba27ddcdd97c28da1d4d605a00bb14169e518249cc7ade34f');
INSERT INTO audit VALUES(7,1795839645332,'system','','put','stock_clip','chime','','c66e912d7e94301a3bb3fb5fa57ec91a33d21c52293a7720f75707b1bdccf4da','ddd0caa6742109fba27ddcdd97c28da1d4d605a00bb14169e518249cc7ade34f','183af82e326c330faf4c7fb31c3209d7b4416d45131a86392d9ac95510d51298');
INSERT INTO audit VALUES(8,1795839645332,'system','','add','clip','76ad98c460d398b2a5137196187071a2dd3fa90ee62ea4d6fd3351cb74bc93f3','','stock exercise.opus','183af82e326c330faf4c7fb31c3209d7b4416d45131a86392d9ac95510d51298','ee1feac4b9e8126e63be5153db326dc3a756b80de88045420ea389f383b2461e');
INSERT INTO audit VALUES(9,1795839645332,'system','','put','stock_clip','exercise','','76ad98c460d398b2a5137196187071a2dd3fa90ee62ea4d6fd3351cb74bc93f3','ee1feac4b9e8126e63be5153db326dc3a756b80de88045420ea389f383b2461e','1a509013d8acd8a91fde3a62dc19bdcdd054d3ee0eaa86be3d165e61b29d3b4d');
INSERT INTO audit VALUES(10,1795839645332,'system','','add','clip','54047dfceded803b14897924966900172fc12e5b8a348d6411907345fa57489a','','stock test.opus','1a509013d8acd8a91fde3a62dc19bdcdd054d3ee0eaa86be3d165e61b29d3b4d','bde36f2cc3ae27f304126fc7a0c1fdddbbc672c85d5d4af972b439165d7bc062');
INSERT INTO audit VALUES(11,1795839645332,'system','','put','stock_clip','test','','54047dfceded803b14897924966900172fc12e5b8a348d6411907345fa57489a','bde36f2cc3ae27f304126fc7a0c1fdddbbc672c85d5d4af972b439165d7bc062','b521b3bdca7cc32d6fa49089da8d57284a10c7cf302948b4d0d7ba94068c40d9');
INSERT INTO audit VALUES(12,1795839645332,'system','','add','clip','acf3b4f5df116a5f55814849fd7554c4c6d7e7339a36c67ef1b85696c175d6cb','','stock flood.opus','b521b3bdca7cc32d6fa49089da8d57284a10c7cf302948b4d0d7ba94068c40d9','071aa370fe7230d974292d948550a369d0c09d629fbe7e39ff620610508c4b8e');
INSERT INTO audit VALUES(13,1795839645332,'system','','put','stock_clip','flood','','acf3b4f5df116a5f55814849fd7554c4c6d7e7339a36c67ef1b85696c175d6cb','071aa370fe7230d974292d948550a369d0c09d629fbe7e39ff620610508c4b8e','04ae7070cdd602fad0a63cec2026c235bb3fd85c844c1ff624e22dde15d208e4');
INSERT INTO audit VALUES(14,1795839645332,'system','','add','clip','8d899f0f09b28bd88949f655a384833a7d6247a1e2870cadfaf839343c325876','','stock storm.opus','04ae7070cdd602fad0a63cec2026c235bb3fd85c844c1ff624e22dde15d208e4','4dbc3d496630af7f99c90e12c68c65400c79ac6ac165307196f41dabd729067b');
INSERT INTO audit VALUES(15,1795839645332,'system','','put','stock_clip','storm','','8d899f0f09b28bd88949f655a384833a7d6247a1e2870cadfaf839343c325876','4dbc3d496630af7f99c90e12c68c65400c79ac6ac165307196f41dabd729067b','536ed493bfb15726089710052cecbc0e1a1ff3fb114bac84fdfc9a337d3a2b2b');
INSERT INTO audit VALUES(16,1795839645332,'system','','add','clip','babb177159395db074c3f9a3e534d49f2f59af3b37893e905915a64dff316e36','','stock fire.opus','536ed493bfb15726089710052cecbc0e1a1ff3fb114bac84fdfc9a337d3a2b2b','93939c8d037cb079ec2bf0ef9a47a06c617504a7a837b55178b45059a4a619c2');
INSERT INTO audit VALUES(17,1795839645332,'system','','put','stock_clip','fire','','babb177159395db074c3f9a3e534d49f2f59af3b37893e905915a64dff316e36','93939c8d037cb079ec2bf0ef9a47a06c617504a7a837b55178b45059a4a619c2','c22960cf6bec43f192e65bc591e92a7d4501fcea9df6055ed8c3000f92ab28a2');
INSERT INTO audit VALUES(18,1795839645332,'system','','add','clip','fbc44eb4d242e294cf31611c1398619c3514a86e3e9326d99ee8416f757c3782','','stock landslide.opus','c22960cf6bec43f192e65bc591e92a7d4501fcea9df6055ed8c3000f92ab28a2','998bd056bc352369c9b5d500ec612609eb8cfed0755566762b001590791c0f67');
INSERT INTO audit VALUES(19,1795839645332,'system','','put','stock_clip','landslide','','fbc44eb4d242e294cf31611c1398619c3514a86e3e9326d99ee8416f757c3782','998bd056bc352369c9b5d500ec612609eb8cfed0755566762b001590791c0f67','ee73428ae38606701671749fa74de4147494696c85e10098086096b1381f5812');
INSERT INTO audit VALUES(20,1795839645332,'system','','add','clip','e0701fdc40925f4ec81236188da522603208975d69794b626a531e75458518f3','','stock evacuation.opus','ee73428ae38606701671749fa74de4147494696c85e10098086096b1381f5812','9c61596ab9aaf00a950d7a0d7398a256a4ac7b152ceafb745818fe746eaa8848');
INSERT INTO audit VALUES(21,1795839645332,'system','','put','stock_clip','evacuation','','e0701fdc40925f4ec81236188da522603208975d69794b626a531e75458518f3','9c61596ab9aaf00a950d7a0d7398a256a4ac7b152ceafb745818fe746eaa8848','61b3bf696bae5754d7d4f0a6a5219f663c45ec3a167dd255e967893437ade156');
INSERT INTO audit VALUES(22,1795839645332,'system','','add','clip','d0d9f5228e1a9d71a70d4757215d9c8486d63fbe89fa5a62a0068053217db843','','stock tsunami.opus','61b3bf696bae5754d7d4f0a6a5219f663c45ec3a167dd255e967893437ade156','e8bf6d2ba4d8c133effd9127617207bf5d6c3d83d12138ca396ab9734f2e8389');
INSERT INTO audit VALUES(23,1795839645332,'system','','put','stock_clip','tsunami','','d0d9f5228e1a9d71a70d4757215d9c8486d63fbe89fa5a62a0068053217db843','e8bf6d2ba4d8c133effd9127617207bf5d6c3d83d12138ca396ab9734f2e8389','c53cbf3fd8d20201b50dfbcb2baeb80a6e186963ffc0a38aa5c30a06bf3cfbc6');
INSERT INTO audit VALUES(24,1795839645332,'system','','add','clip','e1007ea15e4500931f36e5f63a84398219db853494133a235aae28ffc6c9ed4f','','stock general.opus','c53cbf3fd8d20201b50dfbcb2baeb80a6e186963ffc0a38aa5c30a06bf3cfbc6','d17765bef522ce52393ca5a0494424036fffb73e3370cd7365719bd0f927bbc7');
INSERT INTO audit VALUES(25,1795839645332,'system','','put','stock_clip','general','','e1007ea15e4500931f36e5f63a84398219db853494133a235aae28ffc6c9ed4f','d17765bef522ce52393ca5a0494424036fffb73e3370cd7365719bd0f927bbc7','23a44e4e48e846b5e4434f1b61911ced4133b0347727936112f88b64c5669139');
INSERT INTO audit VALUES(26,1795839645590,'u-7qvqyvhl2hccu6xtk55kqgbdpa','127.0.0.1','sign_in','user','u-7qvqyvhl2hccu6xtk55kqgbdpa','','s-xlgdjcipfiqkouy5ifnabakei4','23a44e4e48e846b5e4434f1b61911ced4133b0347727936112f88b64c5669139','663e818b6d4c78ab9f3ce61170b91ddc64b484363fac75eb03733b398f2f87db');
INSERT INTO audit VALUES(27,1795839645622,'u-7qvqyvhl2hccu6xtk55kqgbdpa','127.0.0.1','update','area','hue','hue','','663e818b6d4c78ab9f3ce61170b91ddc64b484363fac75eb03733b398f2f87db','8867eaef6b2bedaa5d8d586e776eb1e298599d1a4341cfc7532759ad3a14601e');
INSERT INTO audit VALUES(28,1795839645622,'u-7qvqyvhl2hccu6xtk55kqgbdpa','127.0.0.1','add','area','hue-19753','hue-19753','Phường Phú Xuân','8867eaef6b2bedaa5d8d586e776eb1e298599d1a4341cfc7532759ad3a14601e','5af2239f84ed1a09bc43755638bb1d0b6bf9b9f4ee22e4dc37729caab98852eb');
INSERT INTO audit VALUES(29,1795839645622,'u-7qvqyvhl2hccu6xtk55kqgbdpa','127.0.0.1','add','area','hue-20056','hue-20056','Xã A Lưới 1','5af2239f84ed1a09bc43755638bb1d0b6bf9b9f4ee22e4dc37729caab98852eb','5b7753d26cada4f0e40f9afcf24ad10aec76b2a9df837950b659920eed7b4f61');
INSERT INTO audit VALUES(30,1795839645659,'u-7qvqyvhl2hccu6xtk55kqgbdpa','127.0.0.1','add','user','u-v7dsemu3dnpdvplh5arbc6c5z4','','officer author@hue-19753 author@hue-20056','5b7753d26cada4f0e40f9afcf24ad10aec76b2a9df837950b659920eed7b4f61','d513262cc122a398d621cdbf610fe91710df8d82aec6199916e301f61de2274e');
INSERT INTO audit VALUES(31,1795839645824,'u-7qvqyvhl2hccu6xtk55kqgbdpa','127.0.0.1','add','user','u-5j57z6gp34ubk6h337kopc3bfq','','approver approver@hue-19753 approver@hue-20056','d513262cc122a398d621cdbf610fe91710df8d82aec6199916e301f61de2274e','7e0af04bcb72b601d447724d06b4fe66f4074ed368de8cd59ff1e545d3dce092');
INSERT INTO audit VALUES(32,1795839645982,'u-7qvqyvhl2hccu6xtk55kqgbdpa','127.0.0.1','add','user','u-mf3jbrqrvgtz2ojkh6nlzedwdu','','monitor monitor@hue','7e0af04bcb72b601d447724d06b4fe66f4074ed368de8cd59ff1e545d3dce092','70fe4a027666461f659050ccf22a4b831372a0356d552fb5ce8306953a17b4d1');
INSERT INTO audit VALUES(33,1795839646243,'u-v7dsemu3dnpdvplh5arbc6c5z4','127.0.0.1','sign_in','user','u-v7dsemu3dnpdvplh5arbc6c5z4','','s-3x2vopnwmhxnlbuhbefdiapmsi','70fe4a027666461f659050ccf22a4b831372a0356d552fb5ce8306953a17b4d1','c4856184ee596db2d86b356011452c44ad69be7d7bd9a8da778088e689558f91');
INSERT INTO audit VALUES(34,1795839646377,'u-5j57z6gp34ubk6h337kopc3bfq','127.0.0.1','sign_in','user','u-5j57z6gp34ubk6h337kopc3bfq','','s-dyqure2udwefzquwwfi6yadd3m','c4856184ee596db2d86b356011452c44ad69be7d7bd9a8da778088e689558f91','20e61f294aca3ff08518f130839a538d4de870354012ed2fed4bf6b0752c0938');
INSERT INTO audit VALUES(35,1795839646425,'u-7qvqyvhl2hccu6xtk55kqgbdpa','127.0.0.1','add','node','n-hi2exjuhkrjlomdfglm5wjf4hm','hue-19753','PX-01','20e61f294aca3ff08518f130839a538d4de870354012ed2fed4bf6b0752c0938','b81188f13efb3006c058e84feddcb2498c7fbc932dc18c6ceea8340012edf0cd');
INSERT INTO audit VALUES(36,1795839646493,'u-7qvqyvhl2hccu6xtk55kqgbdpa','127.0.0.1','add','node','n-ucv4yyfvnriff6r76qo2r4hube','hue-19753','PX-02','b81188f13efb3006c058e84feddcb2498c7fbc932dc18c6ceea8340012edf0cd','d79f19e12a3065bbf76397b5fe6c08aa5cd41e3f0bd2892034215b317667e7ed');
INSERT INTO audit VALUES(37,1795839646553,'u-7qvqyvhl2hccu6xtk55kqgbdpa','127.0.0.1','add','node','n-hlow4owhxs767jgekcadegr55e','hue-20056','AL-01','d79f19e12a3065bbf76397b5fe6c08aa5cd41e3f0bd2892034215b317667e7ed','69b719489c1308f20826609147afb48b5fbb5e72d3eedfaba946aa1083967b91');
INSERT INTO audit VALUES(38,1795839646983,'system','','offer_keys','node','n-ucv4yyfvnriff6r76qo2r4hube','hue-19753','PX-02 49b3785bf61b28e207d1959c28a4a002','69b719489c1308f20826609147afb48b5fbb5e72d3eedfaba946aa1083967b91','36428aedc4e24f5a4dc9bc259cceaa651b9a29dbbb3593128eb49c2f2dafe021');
INSERT INTO audit VALUES(39,1795839646993,'system','','offer_keys','node','n-hlow4owhxs767jgekcadegr55e','hue-20056','AL-01 5de9a8cde80ba45a528af1c73478887d','36428aedc4e24f5a4dc9bc259cceaa651b9a29dbbb3593128eb49c2f2dafe021','f75580e3c3a0ca74a9e4b9c8c6284b61589379b563fb03d0fa7f8c6b05ad2da2');
INSERT INTO audit VALUES(40,1795839647000,'system','','offer_keys','node','n-hi2exjuhkrjlomdfglm5wjf4hm','hue-19753','PX-01 5aae22e8cd42968c793cd17b95f99f5a','f75580e3c3a0ca74a9e4b9c8c6284b61589379b563fb03d0fa7f8c6b05ad2da2','4b500434c70d6e38ed4d679d55fcfe30193e49ba698e695d32c747f61c07519c');
INSERT INTO audit VALUES(41,1795839647019,'system','','take_keys','node','n-ucv4yyfvnriff6r76qo2r4hube','hue-19753','PX-02 49b3785bf61b28e207d1959c28a4a002','4b500434c70d6e38ed4d679d55fcfe30193e49ba698e695d32c747f61c07519c','a7c74365f4aefe0ae6d6b403b4fc675d2fdc1a1c1557d24ada8453e9c751e391');
INSERT INTO audit VALUES(42,1795839647083,'system','','take_keys','node','n-hi2exjuhkrjlomdfglm5wjf4hm','hue-19753','PX-01 5aae22e8cd42968c793cd17b95f99f5a','a7c74365f4aefe0ae6d6b403b4fc675d2fdc1a1c1557d24ada8453e9c751e391','a2d4e869dc1f10942dad15cc5a76687577905e86f46625ae3f3e92739eacbf0f');
INSERT INTO audit VALUES(43,1795839647947,'system','','take_keys','node','n-hlow4owhxs767jgekcadegr55e','hue-20056','AL-01 5de9a8cde80ba45a528af1c73478887d','a2d4e869dc1f10942dad15cc5a76687577905e86f46625ae3f3e92739eacbf0f','8854b89d3e25e3d1ca692a014355f5edc92236f6fd0974e0c5f67c6b9204a390');
INSERT INTO audit VALUES(44,1795839648168,'u-v7dsemu3dnpdvplh5arbc6c5z4','127.0.0.1','add','programme','p-vnnj7u45fl6vcpihmddvqkfe34','hue-19753','Đăng ký tạm trú','8854b89d3e25e3d1ca692a014355f5edc92236f6fd0974e0c5f67c6b9204a390','ed258e2e28d4da96e87e79a16f52ecaa12502cfe2a980e011186c9330b0153c8');
INSERT INTO audit VALUES(45,1795839648244,'u-v7dsemu3dnpdvplh5arbc6c5z4','127.0.0.1','add','job','j-bf5vcteuptrza6ianegvl6pskm','hue-19753','speech espeak/vi','ed258e2e28d4da96e87e79a16f52ecaa12502cfe2a980e011186c9330b0153c8','1d19cadde87441823290a329a03cbc21eb81a9ba1c9ca928268c252849a3ca7f');
INSERT INTO audit VALUES(46,1795839648649,'u-v7dsemu3dnpdvplh5arbc6c5z4','','add','clip','6e3d4d85c37d3d771d29f39ee9dc946848690c9c4b2a607578b0a2e4ab9977c5','','speech espeak/vi','1d19cadde87441823290a329a03cbc21eb81a9ba1c9ca928268c252849a3ca7f','f3e3a4420d308f96bb0939c8b87d296480c5fa338ab4448a9d9dda9fb2e6568e');
INSERT INTO audit VALUES(47,1795839648649,'u-v7dsemu3dnpdvplh5arbc6c5z4','','set_clip','programme','p-vnnj7u45fl6vcpihmddvqkfe34','hue-19753','6e3d4d85c37d3d771d29f39ee9dc946848690c9c4b2a607578b0a2e4ab9977c5','f3e3a4420d308f96bb0939c8b87d296480c5fa338ab4448a9d9dda9fb2e6568e','21e830ba11a912242430e94dd06a59d6aa443a63ddeaf93888e57f3b7316ee71');
INSERT INTO audit VALUES(48,1795839648649,'u-v7dsemu3dnpdvplh5arbc6c5z4','','done','job','j-bf5vcteuptrza6ianegvl6pskm','hue-19753','','21e830ba11a912242430e94dd06a59d6aa443a63ddeaf93888e57f3b7316ee71','460f93babdb7752579bc0b02c7d8c100368043131e3454e33837c8ef5ffec854');
INSERT INTO audit VALUES(49,1795839648894,'u-v7dsemu3dnpdvplh5arbc6c5z4','127.0.0.1','submit','programme','p-vnnj7u45fl6vcpihmddvqkfe34','hue-19753','b38a7ab8487b9373e3954429805d3ad332c1ab9bd81e0d0a84bb90b8d91d416e','460f93babdb7752579bc0b02c7d8c100368043131e3454e33837c8ef5ffec854','c03a83d1a7efd9ea629e91745960eab3b48d4db2abceeb2d1f557ee54f9c586e');
INSERT INTO audit VALUES(50,1795839648923,'u-5j57z6gp34ubk6h337kopc3bfq','127.0.0.1','approve','programme','p-vnnj7u45fl6vcpihmddvqkfe34','hue-19753','b38a7ab8487b9373e3954429805d3ad332c1ab9bd81e0d0a84bb90b8d91d416e','c03a83d1a7efd9ea629e91745960eab3b48d4db2abceeb2d1f557ee54f9c586e','afcd8cf07bfec440c686facfebbe88ab65c7f410c06ed20e28f654f28de6c7d6');
INSERT INTO audit VALUES(51,1795839648953,'u-v7dsemu3dnpdvplh5arbc6c5z4','127.0.0.1','add','broadcast','b-lgrqv4do2q3trpme2jqbgf4dcq','hue-19753','2026-11-28T11:20:56 ','afcd8cf07bfec440c686facfebbe88ab65c7f410c06ed20e28f654f28de6c7d6','c7ad1b946a587aef198bc2c541f89f9664bcfb1ae6e3e6ac49b28bc17a5426e1');
INSERT INTO audit VALUES(52,1795839663144,'u-5j57z6gp34ubk6h337kopc3bfq','127.0.0.1','prepare','alert','l-roxwa6p6z77vcpsyxhluf5jqau','hue-19753','Diễn tập báo lũ','c7ad1b946a587aef198bc2c541f89f9664bcfb1ae6e3e6ac49b28bc17a5426e1','b83559b835101a2ba4a60b08ae4415d5c34474961f6b1001bb1d930a5a15e96b');
INSERT INTO audit VALUES(53,1795839663157,'u-5j57z6gp34ubk6h337kopc3bfq','127.0.0.1','confirm','alert','l-roxwa6p6z77vcpsyxhluf5jqau','hue-19753','Diễn tập báo lũ','b83559b835101a2ba4a60b08ae4415d5c34474961f6b1001bb1d930a5a15e96b','fe123d8686111ea2ece7433057fa7ec33a64b42d8253e604c3c0adfd8dd6b309');
INSERT INTO audit VALUES(54,1795839675489,'u-5j57z6gp34ubk6h337kopc3bfq','127.0.0.1','cancel','alert','l-roxwa6p6z77vcpsyxhluf5jqau','hue-19753','Diễn tập báo lũ','fe123d8686111ea2ece7433057fa7ec33a64b42d8253e604c3c0adfd8dd6b309','64f64df484a1d30d67f0416c6b9dd8bc94c21d35d32fcddfed51751d2ca58011');
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
INSERT INTO alarms VALUES('m-dam5jd6jhffkv36g6aaiqbdqba','backup_old','controller','','no backup was ever made',1795839645375,1795839645375,1,NULL,NULL,'');
CREATE TABLE recovery_holds (
  number bigint primary key,
  begun bigint not null,
  reason text not null,
  backup_made bigint,
  ended bigint,
  ended_by text not null
);
CREATE TABLE kept_alerts (
  hold bigint not null references recovery_holds (number),
  alert text not null references alerts (id),
  kept bigint not null,
  kept_by text not null,
  primary key (hold, alert)
);
CREATE TABLE hold_notes (
  hold bigint not null references recovery_holds (number),
  kind text not null,
  id text not null,
  detail text not null,
  primary key (hold, kind, id)
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
INSERT INTO node_keys VALUES('n-hi2exjuhkrjlomdfglm5wjf4hm','6c9ea862e4a5d57a07ec96a1c7520fce','ddc42713c6189152a44e4d4890c1a15c3e9e92f695d9e1cbb0800034b7633861',1,'',replace('-----BEGIN CERTIFICATE-----\nMIIBtDCCAVqgAwIBAgIQbJ6oYuSl1XoH7Jahx1IPzjAKBggqhkjOPQQDAjAaMRgw\nFgYDVQQDDA9Mb2EgQ0EgNWFmMmE4OWMwHhcNMTYxMTMwMDQyMDQ0WhcNMzExMTI3\nMDQyMDQ2WjAnMSUwIwYDVQQDDBxuLWhpMmV4anVoa3JqbG9tZGZnbG01d2pmNGht\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJgb9WmgNijv2gUw3MgaRQ51TGvHw\nzF4BnxV40AUwA5ak/B8NP7u2HIr2mdTxqWkRAHjHZEw0EXFxA6nqvL/+EKN1MHMw\nDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUH\nAwIwHQYDVR0OBBYEFMyN9uMRwYYa2fl1sV2HQ6+7FJDJMB8GA1UdIwQYMBaAFNPg\nA0kjJtzlFGjhQQ3I5kvD33rkMAoGCCqGSM49BAMCA0gAMEUCIQDzYL+9kWInh9cA\nKQN6HLJVuIXR7MOcJhoQqBN3ctlmngIgM0Qe89a86Dciq7i1o6v3kweeLFEC0XCm\n0WYN/wvnLQ4=\n-----END CERTIFICATE-----\n','\n',char(10)),1795839646425,1953519646425,NULL,1795839647083);
INSERT INTO node_keys VALUES('n-ucv4yyfvnriff6r76qo2r4hube','4255edccbb69a62826765b72b7f4cab7','89a5f2c321582da1b49af191738878acc58c5392274665325e6294a3f57a761e',1,'',replace('-----BEGIN CERTIFICATE-----\nMIIBtDCCAVqgAwIBAgIQQlXtzLtppigmdltyt/TKtzAKBggqhkjOPQQDAjAaMRgw\nFgYDVQQDDA9Mb2EgQ0EgNWFmMmE4OWMwHhcNMTYxMTMwMDQyMDQ0WhcNMzExMTI3\nMDQyMDQ2WjAnMSUwIwYDVQQDDBxuLXVjdjR5eWZ2bnJpZmY2cjc2cW8ycjRodWJl\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFq/MUhHNNwlw37rq8NeIRUWF7lPH\ni/QlERN4hUwOPRvcjBCE0wP0Z0TPwCzqtU4j3EMpmx4tYs7zSDHIPFuqMqN1MHMw\nDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUH\nAwIwHQYDVR0OBBYEFJEWKNwcJ/DqBE6iMTfsbyqFsnphMB8GA1UdIwQYMBaAFNPg\nA0kjJtzlFGjhQQ3I5kvD33rkMAoGCCqGSM49BAMCA0gAMEUCIGCcu8uTkdAunKPE\nO1O4aECdfa98ml02k/KFIRbyqs0hAiEAqanSjqMHMcQbVMLfk1rli6MWVqBvglWw\nM0N2w+kXBZ8=\n-----END CERTIFICATE-----\n','\n',char(10)),1795839646493,1953519646493,NULL,1795839647019);
INSERT INTO node_keys VALUES('n-hlow4owhxs767jgekcadegr55e','473cfbc8d948bc0b4e8c5a8b0827f5c8','c2011f54774df747396129ab914338d668c20c7e9b7be385a16aae945f68a4ea',1,'',replace('-----BEGIN CERTIFICATE-----\nMIIBtDCCAVqgAwIBAgIQRzz7yNlIvAtOjFqLCCf1yDAKBggqhkjOPQQDAjAaMRgw\nFgYDVQQDDA9Mb2EgQ0EgNWFmMmE4OWMwHhcNMTYxMTMwMDQyMDQ0WhcNMzExMTI3\nMDQyMDQ2WjAnMSUwIwYDVQQDDBxuLWhsb3c0b3doeHM3NjdqZ2VrY2FkZWdyNTVl\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEvkF1SLR2OY43fg2KQ7KB4bZWgIt/\ned7U6xlHp4aySk9En6bIK7JB3npj+TxZDWoEJnr0IgrJONDX6hrYNqCyMKN1MHMw\nDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUH\nAwIwHQYDVR0OBBYEFLo7vW7sy8Gk4FNLyPZJ6fZvcqHdMB8GA1UdIwQYMBaAFNPg\nA0kjJtzlFGjhQQ3I5kvD33rkMAoGCCqGSM49BAMCA0gAMEUCIQCrkPzkbu13FICP\nSgS9CPoGyQHh4UwbPm6zMGV/5OIN6gIgdHUHiD1Pz6t9+5vyu5W80P4ypljlmBMI\nKSEmyvAarug=\n-----END CERTIFICATE-----\n','\n',char(10)),1795839646553,1953519646553,NULL,1795839647947);
INSERT INTO node_keys VALUES('n-ucv4yyfvnriff6r76qo2r4hube','49b3785bf61b28e207d1959c28a4a002','c4878f9d3f0809a1d0c5a5d4aace41366cc21b4435414b78473466684245c204',0,'q-md2wggcyri7loz7h3q76x27ilu',replace('-----BEGIN CERTIFICATE-----\nMIIBszCCAVqgAwIBAgIQSbN4W/YbKOIH0ZWcKKSgAjAKBggqhkjOPQQDAjAaMRgw\nFgYDVQQDDA9Mb2EgQ0EgNWFmMmE4OWMwHhcNMTYxMTMwMDQyMDQ0WhcNMzExMTI3\nMDQyMDQ2WjAnMSUwIwYDVQQDDBxuLXVjdjR5eWZ2bnJpZmY2cjc2cW8ycjRodWJl\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBIyLG9LGR+KSt6Gqztu6Vu6Bh4oU\nxwjcRXqVa5YCQrK7NWxrBU3kSJYRBf2es367MBNim3XwfkyfhsfEj/CpxaN1MHMw\nDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUH\nAwIwHQYDVR0OBBYEFELI0RT+O0ROErSH1ZeqhXDJYyHYMB8GA1UdIwQYMBaAFNPg\nA0kjJtzlFGjhQQ3I5kvD33rkMAoGCCqGSM49BAMCA0cAMEQCIBWrXI0uLWkl83uV\n5cJRTaYMFIQvfPmcCzJCQB/Y5hwYAiAcUu7PyaladQHbUe+LCHLtAhORyyqlDVto\n875RngtFUw==\n-----END CERTIFICATE-----\n','\n',char(10)),1795839646976,1953519646975,1795839647019,NULL);
INSERT INTO node_keys VALUES('n-hlow4owhxs767jgekcadegr55e','5de9a8cde80ba45a528af1c73478887d','ed4301a4f452f64c61aa8eee9fb9bace9256fb2cb04e91dbab30e941d9b51a7d',0,'q-p3nfdtgite5ktbqiywwkhc2mim',replace('-----BEGIN CERTIFICATE-----\nMIIBszCCAVqgAwIBAgIQXemozegLpFpSivHHNHiIfTAKBggqhkjOPQQDAjAaMRgw\nFgYDVQQDDA9Mb2EgQ0EgNWFmMmE4OWMwHhcNMTYxMTMwMDQyMDQ0WhcNMzExMTI3\nMDQyMDQ2WjAnMSUwIwYDVQQDDBxuLWhsb3c0b3doeHM3NjdqZ2VrY2FkZWdyNTVl\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEyLEdUEciIhsCmFG4ieLOs1pAKAyF\naT4DwZnLzEwbsqGOJ1SJopFfVGUyIuaed4b5o/WTpT1BkLLwhGDwCAkSsqN1MHMw\nDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUH\nAwIwHQYDVR0OBBYEFCxMVY2+FBtYeMQBJteSdIp6TegXMB8GA1UdIwQYMBaAFNPg\nA0kjJtzlFGjhQQ3I5kvD33rkMAoGCCqGSM49BAMCA0cAMEQCIATuDIBmEEmpHLiY\nLtgfQ8tDpDkaadIWmbmY5Xk/TpcVAiBl0pAKhGY+vOqRRTyL0NsGw9BCP5KqhHNu\n6FFRgb9aYg==\n-----END CERTIFICATE-----\n','\n',char(10)),1795839646980,1953519646980,1795839647947,NULL);
INSERT INTO node_keys VALUES('n-hi2exjuhkrjlomdfglm5wjf4hm','5aae22e8cd42968c793cd17b95f99f5a','529d1abffe9b6bce223b7a8d73a5416c4b3d5205956baf939fa51ea8e6b11a37',0,'q-q26imozc2op2kpi62em266kouy',replace('-----BEGIN CERTIFICATE-----\nMIIBszCCAVqgAwIBAgIQWq4i6M1Clox5PNF7lfmfWjAKBggqhkjOPQQDAjAaMRgw\nFgYDVQQDDA9Mb2EgQ0EgNWFmMmE4OWMwHhcNMTYxMTMwMDQyMDQ0WhcNMzExMTI3\nMDQyMDQ2WjAnMSUwIwYDVQQDDBxuLWhpMmV4anVoa3JqbG9tZGZnbG01d2pmNGht\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqkfAOeBdKjWT7W2FGVUDG62ik3Uh\n3yhHAFPWmZ2hrRLqe/7xGiDLLRSzt9uKSUmBYxKz/J69tJstCVciHz9U3qN1MHMw\nDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUH\nAwIwHQYDVR0OBBYEFHwAc/9GBO6lcyyQF8Hcrs8cAs5BMB8GA1UdIwQYMBaAFNPg\nA0kjJtzlFGjhQQ3I5kvD33rkMAoGCCqGSM49BAMCA0cAMEQCIF8OAyUduOiLvj8f\nGzn1O4T7n4jKKf1TPLI64P0jiamQAiAiPoA+IgiYxSqEBIpmANjL9Gv0/dSQmZd9\nG4Y5igaAXQ==\n-----END CERTIFICATE-----\n','\n',char(10)),1795839646997,1953519646996,1795839647083,NULL);
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
INSERT INTO user_sessions VALUES('s-xlgdjcipfiqkouy5ifnabakei4','3165f66caac5939b546bc9600dfb5d6d14be259d6dbf21dc2da6ccb17071896e','u-7qvqyvhl2hccu6xtk55kqgbdpa',1795839645452,1795882845452,1795839645452,1795839645452,'127.0.0.1','loa/0.1.0');
INSERT INTO user_sessions VALUES('s-3x2vopnwmhxnlbuhbefdiapmsi','61cb692350208182f23e4677fa9fb749b36714c42d51caf72906455ad12ee92e','u-v7dsemu3dnpdvplh5arbc6c5z4',1795839646131,1795882846131,1795839646131,1795839646131,'127.0.0.1','loa/0.1.0');
INSERT INTO user_sessions VALUES('s-dyqure2udwefzquwwfi6yadd3m','c66e66ab46ec710edd875630da752879448db9056a68a9a901d2d861fc75e6cb','u-5j57z6gp34ubk6h337kopc3bfq',1795839646283,1795882846283,1795839646283,1795839646283,'127.0.0.1','loa/0.1.0');
CREATE TABLE known_devices (
  user_id text not null references users (id),
  token_hash text not null,
  created bigint not null,
  last_used bigint not null,
  primary key (user_id, token_hash)
);
INSERT INTO known_devices VALUES('u-7qvqyvhl2hccu6xtk55kqgbdpa','d8417ffbedb8d68e1bc88519eb270f9ca6b3cd8f308a45d884b6e9d6d27bfc88',1795839645590,1795839645590);
INSERT INTO known_devices VALUES('u-v7dsemu3dnpdvplh5arbc6c5z4','c6019c72b8ba3de7d929a12e814676ca8fedcf258c6a72e24ffc4e3b25ba01cd',1795839646243,1795839646243);
INSERT INTO known_devices VALUES('u-5j57z6gp34ubk6h337kopc3bfq','e666115a7b1e570341b893e601818074941c92b1a3082b2dbc5b4ef0bab37b24',1795839646377,1795839646377);
CREATE TABLE invitations (
  user_id text primary key references users (id),
  token_hash text not null unique,
  creator text not null,
  created bigint not null,
  expires bigint not null
);
CREATE TABLE second_factors (
  user_id text primary key references users (id),
  secret text not null,
  pending text not null,
  pending_until bigint not null,
  confirmed bigint,
  last_step bigint not null
);
CREATE TABLE recovery_codes (
  user_id text not null references users (id),
  hash text not null,
  used bigint,
  primary key (user_id, hash)
);
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
CREATE INDEX areas_parent on areas (parent);
CREATE INDEX areas_code on areas (code);
CREATE UNIQUE INDEX nodes_live_code on nodes (code) where retired is null;
CREATE INDEX nodes_area on nodes (area);
CREATE INDEX sign_in_attempts_at on sign_in_attempts (at);
CREATE INDEX programmes_area on programmes (area, changed);
CREATE INDEX media_jobs_state on media_jobs (state);
CREATE INDEX broadcasts_area on broadcasts (area, created);
CREATE INDEX broadcasts_programme on broadcasts (programme);
CREATE INDEX alerts_area on alerts (area, expires);
CREATE INDEX occurrences_due on occurrences (due);
CREATE INDEX occurrences_broadcast on occurrences (broadcast, due);
CREATE INDEX occurrences_alert on occurrences (alert);
CREATE INDEX receipts_node on receipts (node, received);
CREATE INDEX orders_node on orders (node, issued);
CREATE INDEX audit_area on audit (area, number);
CREATE INDEX orders_expires on orders (expires);
CREATE INDEX receipts_subject on receipts (subject);
CREATE UNIQUE INDEX alarms_open on alarms (kind, subject) where ended is null;
CREATE INDEX alarms_last on alarms (last);
CREATE INDEX user_sessions_user on user_sessions (user_id);
CREATE INDEX api_tokens_area on api_tokens (area, created);
COMMIT;
