-- What was made of images stands in a table of its own, because a page of images needs little of it.
-- No foreign key leads to the image: a row is written while the image is locked, and goes with it by the trigger
-- below, which counts the bytes of a whole statement at once; a cascade would run once for each image.
CREATE TABLE derivatives (
    customer INTEGER NOT NULL REFERENCES customers,
    space INTEGER NOT NULL,
    image TEXT NOT NULL,
    object TEXT,
    size BIGINT NOT NULL,
    derived_size BIGINT NOT NULL,
    checked TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (customer, space, image)
);
COMMENT ON TABLE derivatives IS 'What was made of images that were processed';
COMMENT ON COLUMN derivatives.customer IS 'Whose';
COMMENT ON COLUMN derivatives.space IS 'Number of the space of the image';
COMMENT ON COLUMN derivatives.image IS 'Last segment of the address of the image';
COMMENT ON COLUMN derivatives.object IS 'Key of the object that holds its thumbnails; NULL: there are none';
COMMENT ON COLUMN derivatives.size IS 'Bytes of the original';
COMMENT ON COLUMN derivatives.derived_size IS 'Bytes of the object';
COMMENT ON COLUMN derivatives.checked IS 'When the sizes were last found right';

-- What a worker of the version before writes meanwhile waits.
LOCK TABLE images IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO derivatives (customer, space, image, object, size, derived_size, checked)
    SELECT customer, space, id, derivative, size, thumbnail_size, COALESCE(checked, finished, now())
    FROM images WHERE checked IS NOT NULL OR derivative IS NOT NULL OR size <> 0 OR thumbnail_size <> 0;

DROP TRIGGER tally_resized ON images;
DROP FUNCTION tally_image_resized();

CREATE OR REPLACE FUNCTION tally_images_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally_changes (customer, space, registered, images, removals, size, thumbnail_size)
        SELECT customer, space, date_trunc('second', created), count(*), 0, 0, 0
        FROM made GROUP BY customer, space, date_trunc('second', created);
    RETURN NULL;
END $$;

-- Each image leads to its derivatives by the index, whatever number of images a plan was made for.
CREATE OR REPLACE FUNCTION tally_images_removed() RETURNS trigger LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    INSERT INTO tally_changes (customer, space, registered, images, removals, size, thumbnail_size)
        SELECT customer, space, date_trunc('second', created), -count(*), count(*), 0, 0
        FROM removed GROUP BY customer, space, date_trunc('second', created);
    WITH gone AS (
        DELETE FROM derivatives AS d USING removed AS r
        WHERE d.customer = r.customer AND d.space = r.space AND d.image = r.id
        RETURNING d.customer, d.space, d.size, d.derived_size
    )
    INSERT INTO tally_changes (customer, space, images, removals, size, thumbnail_size)
        SELECT customer, space, 0, 0, -total(size), -total(derived_size) FROM gone GROUP BY customer, space;
    RETURN NULL;
END $$;

CREATE FUNCTION tally_derivatives() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally_changes (customer, space, images, removals, size, thumbnail_size)
        VALUES (NEW.customer, NEW.space, 0, 0, NEW.size - COALESCE(OLD.size, 0),
            NEW.derived_size - COALESCE(OLD.derived_size, 0));
    RETURN NULL;
END $$;
CREATE TRIGGER tally_made AFTER INSERT ON derivatives FOR EACH ROW EXECUTE FUNCTION tally_derivatives();
CREATE TRIGGER tally_resized AFTER UPDATE OF size, derived_size ON derivatives FOR EACH ROW
    WHEN (OLD.size <> NEW.size OR OLD.derived_size <> NEW.derived_size)
    EXECUTE FUNCTION tally_derivatives();
