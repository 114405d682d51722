-- Keys with which this service names itself to push services (VAPID, RFC 8292),
-- sealed. The newest is handed out; older ones still wake what subscribed with them.
CREATE TABLE device_wake_key (
  id TEXT NOT NULL PRIMARY KEY,
  sealed BYTEA NOT NULL,
  created BIGINT NOT NULL
);
