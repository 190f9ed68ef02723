-- An e-mail address is unique within its customer: if it were unique over all of them, the refusal of one that
-- is taken would tell a customer who the users of the others are.
DROP INDEX portal_users_email_key;
CREATE UNIQUE INDEX portal_users_email_key ON portal_users (customer, lower(email));
COMMENT ON COLUMN portal_users.email IS 'Log-in name, unique within its customer ignoring case';
