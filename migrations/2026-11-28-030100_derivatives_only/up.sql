-- These stand in `derivatives`.
ALTER TABLE images DROP COLUMN derivative, DROP COLUMN size, DROP COLUMN thumbnail_size, DROP COLUMN checked;
COMMENT ON COLUMN images.thumbnails IS 'Width, height (pixels) and length (bytes) of each of its thumbnails, in the order of its object';
