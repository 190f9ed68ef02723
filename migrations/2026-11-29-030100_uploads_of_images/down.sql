DROP TRIGGER uploads_written ON images;
DROP TRIGGER uploads_removed ON images;
DROP FUNCTION release_upload();
DROP FUNCTION release_uploads();
DROP INDEX images_initial_upload;
DROP INDEX images_upload;
COMMENT ON COLUMN images.origin IS 'Where it is fetched';
COMMENT ON COLUMN images.initial_origin IS 'Where it is fetched the first time, in place of origin; NULL: no such place';
