ALTER TABLE derivatives DROP COLUMN index;
COMMENT ON COLUMN derivatives.object IS 'Key of the object that holds its thumbnails; NULL: there are none';
