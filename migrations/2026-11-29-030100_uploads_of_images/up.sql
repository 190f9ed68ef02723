-- Images whose origins are uploads (docs/adr/0034). Such an origin is stored as `/uploads/` and the id, which no URL looks like,
-- so that the database knows it whatever the public address of the service is.
COMMENT ON COLUMN images.origin IS 'Address at which it is fetched; an upload of the customer as /uploads/id';
COMMENT ON COLUMN images.initial_origin IS 'Address at which it is fetched the first time, in place of origin, in the same form; NULL: no such place';
CREATE INDEX images_upload ON images (customer, origin) WHERE origin LIKE '/uploads/%';
CREATE INDEX images_initial_upload ON images (customer, initial_origin) WHERE initial_origin LIKE '/uploads/%';

-- An upload that one image no longer names is due to be removed: whoever removes it looks whether another does.
CREATE FUNCTION release_uploads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM removed WHERE origin LIKE '/uploads/%' OR initial_origin LIKE '/uploads/%') THEN
        -- In the order of keys, as all lock them.
        WITH held AS (
            SELECT u.customer, u.id FROM uploads AS u
            WHERE (u.customer, u.id) IN (
                SELECT customer, substr(origin, 10) FROM removed WHERE origin LIKE '/uploads/%'
                UNION ALL
                SELECT customer, substr(initial_origin, 10) FROM removed WHERE initial_origin LIKE '/uploads/%')
            ORDER BY u.customer, u.id FOR NO KEY UPDATE
        )
        UPDATE uploads AS u SET expires = now() FROM held AS h WHERE u.customer = h.customer AND u.id = h.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER uploads_removed AFTER DELETE ON images REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION release_uploads();

CREATE FUNCTION release_upload() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE uploads SET expires = now() WHERE customer = OLD.customer AND id IN (
        substr(CASE WHEN OLD.origin LIKE '/uploads/%' THEN OLD.origin END, 10),
        substr(CASE WHEN OLD.initial_origin LIKE '/uploads/%' THEN OLD.initial_origin END, 10));
    RETURN NULL;
END $$;
CREATE TRIGGER uploads_written AFTER UPDATE OF origin, initial_origin ON images FOR EACH ROW
    WHEN ((OLD.origin LIKE '/uploads/%' AND OLD.origin <> NEW.origin)
        OR (OLD.initial_origin LIKE '/uploads/%' AND OLD.initial_origin IS DISTINCT FROM NEW.initial_origin))
    EXECUTE FUNCTION release_upload();
