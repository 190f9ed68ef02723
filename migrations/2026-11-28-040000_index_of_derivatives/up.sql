-- Where tiles, thumbnails and renditions stand in an object (docs/adr/0018).
ALTER TABLE derivatives ADD COLUMN index BYTEA;
COMMENT ON COLUMN derivatives.index IS 'Where tiles and thumbnails stand in the object; NULL: it is of a version before, and holds thumbnails alone';
COMMENT ON COLUMN tallies.thumbnail_size IS 'Bytes of the derivatives of its images';
COMMENT ON COLUMN tally_changes.thumbnail_size IS 'Bytes of derivatives more, or fewer';
COMMENT ON COLUMN derivatives.object IS 'Key of the object that holds what was made; NULL: a version before made nothing of it';
