-- Uploads: originals that customers send in parts (docs/adr/0034). Each part is an object, so that a row never names bytes that
-- are not on the disk.
CREATE TABLE uploads (
    customer INTEGER NOT NULL REFERENCES customers,
    id TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL DEFAULT now(),
    length BIGINT NOT NULL CHECK (length > 0),
    received BIGINT NOT NULL DEFAULT 0,
    metadata TEXT NOT NULL,
    media_type TEXT,
    writer TEXT,
    expires TIMESTAMPTZ,
    PRIMARY KEY (customer, id),
    CHECK (received >= 0 AND received <= length)
);
CREATE INDEX uploads_expires ON uploads (expires) WHERE expires IS NOT NULL;
CREATE INDEX uploads_waiting ON uploads (customer) WHERE expires IS NOT NULL;
COMMENT ON TABLE uploads IS 'Originals that customers send in parts';
COMMENT ON COLUMN uploads.customer IS 'Number of the customer that sends it';
COMMENT ON COLUMN uploads.id IS 'Last segment of its address';
COMMENT ON COLUMN uploads.created IS 'Moment at which it was made';
COMMENT ON COLUMN uploads.length IS 'Bytes that it has once it is finished';
COMMENT ON COLUMN uploads.received IS 'Bytes that were stored so far';
COMMENT ON COLUMN uploads.metadata IS 'Upload-Metadata as it was sent; empty: none';
COMMENT ON COLUMN uploads.media_type IS 'Media type that its first bytes tell; NULL: none that is read';
COMMENT ON COLUMN uploads.writer IS 'Names the request that may add to it; NULL: none has begun';
COMMENT ON COLUMN uploads.expires IS 'Moment from which it is removed unless an image names it; NULL: one does';

CREATE TABLE upload_parts (
    customer INTEGER NOT NULL REFERENCES customers,
    upload TEXT NOT NULL,
    start BIGINT NOT NULL,
    length BIGINT NOT NULL CHECK (length > 0),
    object BIGINT NOT NULL,
    PRIMARY KEY (customer, upload, start),
    FOREIGN KEY (customer, upload) REFERENCES uploads ON DELETE CASCADE
);
CREATE UNIQUE INDEX upload_parts_object ON upload_parts (object);
CREATE SEQUENCE upload_objects AS BIGINT OWNED BY upload_parts.object;
COMMENT ON TABLE upload_parts IS 'The parts of uploads, each an object';
COMMENT ON COLUMN upload_parts.customer IS 'Number of the customer of the upload';
COMMENT ON COLUMN upload_parts.upload IS 'Id of the upload';
COMMENT ON COLUMN upload_parts.start IS 'Place of its first byte in the upload';
COMMENT ON COLUMN upload_parts.length IS 'Bytes';
COMMENT ON COLUMN upload_parts.object IS 'Number of the object, which is never used twice';

-- What uploads take counts among the originals of their customer, in the totals of a space that there is not.
CREATE FUNCTION tally_uploads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO tally_changes (customer, space, images, removals, size, thumbnail_size)
            VALUES (NEW.customer, 0, 0, 0, NEW.length, 0);
    ELSE
        INSERT INTO tally_changes (customer, space, images, removals, size, thumbnail_size)
            VALUES (OLD.customer, 0, 0, 0, -OLD.length, 0);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tally_made AFTER INSERT OR DELETE ON uploads FOR EACH ROW EXECUTE FUNCTION tally_uploads();
COMMENT ON COLUMN tallies.space IS 'Number of the space; 0: uploads';
COMMENT ON COLUMN tallies.size IS 'Bytes of the origins of its images, or of uploads';
COMMENT ON COLUMN tally_changes.space IS 'Number of the space; 0: uploads';
COMMENT ON COLUMN tally_changes.size IS 'Bytes of origins, or of uploads, more or fewer';
