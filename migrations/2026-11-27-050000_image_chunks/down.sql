DROP FUNCTION image_at(INTEGER, INTEGER, BIGINT, BOOLEAN);

CREATE OR REPLACE FUNCTION tally_images_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally_changes (customer, space, images, removals, size, thumbnail_size)
        SELECT customer, space, count(*), 0, sum(size), sum(thumbnail_size) FROM made GROUP BY customer, space;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION tally_images_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally_changes (customer, space, images, removals, size, thumbnail_size)
        SELECT customer, space, -count(*), count(*), -sum(size), -sum(thumbnail_size)
        FROM removed GROUP BY customer, space;
    RETURN NULL;
END $$;

DROP TABLE image_chunks;
ALTER TABLE tally_changes DROP COLUMN registered;
