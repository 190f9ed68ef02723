-- Sessions of people (docs/adr/0032). Neither table has a foreign key to what its rows stand on, which are keys or portal users;
-- triggers end them, in the transaction that removes or changes that.
CREATE TABLE sessions (
    token BYTEA PRIMARY KEY,
    customer INTEGER NOT NULL REFERENCES customers,
    is_person BOOLEAN NOT NULL,
    account TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL,
    used TIMESTAMPTZ NOT NULL
);
CREATE INDEX sessions_account ON sessions (customer, is_person, account, created);
COMMENT ON TABLE sessions IS 'Log-ins of people that are under way';
COMMENT ON COLUMN sessions.token IS 'Keyed hash (HMAC-SHA-256) of the token in the cookie';
COMMENT ON COLUMN sessions.customer IS 'Number of the customer for which it acts';
COMMENT ON COLUMN sessions.is_person IS 'Tells whether the account is a portal user, and no key';
COMMENT ON COLUMN sessions.account IS 'The key, or the id of the portal user';
COMMENT ON COLUMN sessions.created IS 'Moment at which it began; twelve hours later it is over';
COMMENT ON COLUMN sessions.used IS 'Moment of its last renewal; half an hour later it is over';

CREATE TABLE log_in_links (
    token BYTEA PRIMARY KEY,
    key TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE log_in_links IS 'Addresses that log in once with a key, without its secret';
COMMENT ON COLUMN log_in_links.token IS 'Keyed hash (HMAC-SHA-256) of the token';
COMMENT ON COLUMN log_in_links.key IS 'The key';
COMMENT ON COLUMN log_in_links.created IS 'Moment at which it was made; ten minutes later it works no longer';

-- Log-ins look for an address in all customers.
CREATE INDEX portal_users_log_in ON portal_users (lower(email), created, customer);

CREATE FUNCTION end_sessions_of_key() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM sessions WHERE customer = OLD.customer AND NOT is_person AND account = OLD.key;
    DELETE FROM log_in_links WHERE key = OLD.key;
    RETURN NULL;
END $$;
CREATE TRIGGER keys_sessions AFTER DELETE ON keys
    FOR EACH ROW EXECUTE FUNCTION end_sessions_of_key();

CREATE FUNCTION end_sessions_of_portal_user() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM sessions WHERE customer = OLD.customer AND is_person AND account = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER portal_users_sessions_removed AFTER DELETE ON portal_users
    FOR EACH ROW EXECUTE FUNCTION end_sessions_of_portal_user();
CREATE TRIGGER portal_users_sessions AFTER UPDATE ON portal_users
    FOR EACH ROW WHEN (OLD.password <> NEW.password OR OLD.roles <> NEW.roles OR NOT NEW.enabled)
    EXECUTE FUNCTION end_sessions_of_portal_user();
