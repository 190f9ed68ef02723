-- Keys that only read, and keys that work until a moment (docs/rules.md 1.9).
ALTER TABLE keys
    ADD COLUMN read_only BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN expires TIMESTAMPTZ;
COMMENT ON COLUMN keys.read_only IS 'Tells whether it only reads';
COMMENT ON COLUMN keys.expires IS 'Moment at which it stops working; NULL: never';
