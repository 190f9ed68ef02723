UPDATE images AS i
    SET derivative = d.object, size = d.size, thumbnail_size = d.derived_size, checked = d.checked
    FROM derivatives AS d WHERE d.customer = i.customer AND d.space = i.space AND d.image = i.id;

CREATE OR REPLACE FUNCTION tally_images_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally_changes (customer, space, registered, images, removals, size, thumbnail_size)
        SELECT customer, space, date_trunc('second', created), count(*), 0, sum(size), sum(thumbnail_size)
        FROM made GROUP BY customer, space, date_trunc('second', created);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION tally_images_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally_changes (customer, space, registered, images, removals, size, thumbnail_size)
        SELECT customer, space, date_trunc('second', created), -count(*), count(*), -sum(size), -sum(thumbnail_size)
        FROM removed GROUP BY customer, space, date_trunc('second', created);
    RETURN NULL;
END $$;

DROP TABLE derivatives;
DROP FUNCTION tally_derivatives();

CREATE FUNCTION tally_image_resized() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally_changes (customer, space, images, removals, size, thumbnail_size)
        VALUES (NEW.customer, NEW.space, 0, 0, NEW.size - OLD.size, NEW.thumbnail_size - OLD.thumbnail_size);
    RETURN NULL;
END $$;
CREATE TRIGGER tally_resized AFTER UPDATE OF size, thumbnail_size ON images FOR EACH ROW
    WHEN (OLD.size <> NEW.size OR OLD.thumbnail_size <> NEW.thumbnail_size)
    EXECUTE FUNCTION tally_image_resized();
