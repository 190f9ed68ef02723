DROP TRIGGER portal_users_sessions ON portal_users;
DROP TRIGGER portal_users_sessions_removed ON portal_users;
DROP TRIGGER keys_sessions ON keys;
DROP FUNCTION end_sessions_of_portal_user();
DROP FUNCTION end_sessions_of_key();
DROP INDEX portal_users_log_in;
DROP TABLE log_in_links;
DROP TABLE sessions;
