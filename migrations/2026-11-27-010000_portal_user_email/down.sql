-- Fails where two customers have users of one address: which of them stays is for a person to decide.
DROP INDEX portal_users_email_key;
CREATE UNIQUE INDEX portal_users_email_key ON portal_users (lower(email));
COMMENT ON COLUMN portal_users.email IS 'Log-in name, unique over all customers ignoring case';
