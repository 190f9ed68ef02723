-- Images whose origins failed for a passing reason have a row of their own (docs/adr/0023): nearly no image has one, and
-- the row of an image has as many columns as the types of our tables allow.
-- No foreign key leads to the image: a row is written while the image is locked, and goes with it by the trigger below,
-- once for all images of a statement.
CREATE TABLE retries (
    customer INTEGER NOT NULL REFERENCES customers,
    space INTEGER NOT NULL,
    image TEXT NOT NULL,
    failures INTEGER NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    last_error TEXT,
    next_try TIMESTAMPTZ,
    PRIMARY KEY (customer, space, image)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
COMMENT ON TABLE retries IS 'Images whose origins failed for a passing reason since they were last sent, unless they came through';
COMMENT ON COLUMN retries.customer IS 'Whose';
COMMENT ON COLUMN retries.space IS 'Number of the space of the image';
COMMENT ON COLUMN retries.image IS 'Last segment of the address of the image';
COMMENT ON COLUMN retries.failures IS 'Attempts that failed';
COMMENT ON COLUMN retries.since IS 'When the first of them failed';
COMMENT ON COLUMN retries.last_error IS 'Why the last of them failed; NULL: the image says it as its error';
COMMENT ON COLUMN retries.next_try IS 'When it is tried again at the earliest; NULL: an attempt is under way, or the image is given up';

-- Each image leads to its row by the index, whatever number of images a plan was made for.
CREATE FUNCTION forget_retries() RETURNS trigger LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    DELETE FROM retries AS r USING removed AS i
        WHERE r.customer = i.customer AND r.space = i.space AND r.image = i.id;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_retries AFTER DELETE ON images REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION forget_retries();
