-- The keys of the deployment, wrapped by its secret, so that the secret can be replaced (docs/adr/0031). The first start of this
-- version wraps those that were derived from the secret until then.
CREATE TABLE deployment_keys (
    secret BYTEA PRIMARY KEY,
    generation INTEGER NOT NULL,
    wrapped BYTEA NOT NULL
);
COMMENT ON TABLE deployment_keys IS 'Keys that hash and seal, a row for each secret that opens them: one, and two while it is being replaced';
COMMENT ON COLUMN deployment_keys.secret IS 'Fingerprint (HMAC-SHA-256) of the secret';
COMMENT ON COLUMN deployment_keys.generation IS 'Number of the set of keys, the same in all rows; it grows with each change';
COMMENT ON COLUMN deployment_keys.wrapped IS 'The keys, wrapped by a key that is derived from the secret';
