-- What a worker of the version before has written since they were copied is copied, and counted by the triggers.
LOCK TABLE images IN ACCESS EXCLUSIVE MODE;
INSERT INTO derivatives (customer, space, image, object, size, derived_size, checked)
    SELECT i.customer, i.space, i.id, i.derivative, i.size, i.thumbnail_size, i.checked
    FROM images AS i LEFT JOIN derivatives AS d ON (d.customer, d.space, d.image) = (i.customer, i.space, i.id)
    WHERE i.checked IS NOT NULL
        AND (d.object, d.size, d.derived_size) IS DISTINCT FROM (i.derivative, i.size, i.thumbnail_size)
    ON CONFLICT (customer, space, image) DO UPDATE SET object = excluded.object, size = excluded.size,
        derived_size = excluded.derived_size, checked = excluded.checked;

-- These stand in `derivatives`.
ALTER TABLE images DROP COLUMN derivative, DROP COLUMN size, DROP COLUMN thumbnail_size, DROP COLUMN checked;
COMMENT ON COLUMN images.thumbnails IS 'Width, height (pixels) and length (bytes) of each of its thumbnails, in the order of its object';
