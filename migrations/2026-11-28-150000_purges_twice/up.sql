-- Caches are told of each change twice (docs/adr/0022).
ALTER TABLE purges ADD COLUMN is_repeat BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE purges DROP CONSTRAINT purges_pkey;
ALTER TABLE purges ADD PRIMARY KEY (url, is_repeat);
ALTER TABLE purges ALTER COLUMN is_repeat DROP DEFAULT;
COMMENT ON COLUMN purges.is_repeat IS 'Whether it is the second time, when every process knows of the changes';
