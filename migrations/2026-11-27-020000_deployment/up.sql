-- What binds a database to its secret and its storage (docs/adr/0010). The first start writes the one row:
-- a database without it was made by a version before, or has not been started on yet.
CREATE TABLE deployment (
    id INTEGER PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    cluster TEXT NOT NULL,
    secret BYTEA NOT NULL,
    storage TEXT,
    created TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE deployment IS 'What belongs to this database: one row';
COMMENT ON COLUMN deployment.id IS 'Always 1';
COMMENT ON COLUMN deployment.cluster IS 'Id of the deployment, a UUID; data folders and storages carry it';
COMMENT ON COLUMN deployment.secret IS 'Fingerprint (HMAC-SHA-256) of the secret';
COMMENT ON COLUMN deployment.storage IS 'Id of the storage of the objects, a UUID that its marker carries; NULL: none is marked yet';
COMMENT ON COLUMN deployment.created IS 'When the row was made';
