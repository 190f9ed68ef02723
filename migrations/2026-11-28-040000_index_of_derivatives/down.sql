-- The version before would look for the thumbnails of these at the start of their objects.
UPDATE images AS i SET thumbnails = '{}' FROM derivatives AS d
    WHERE (d.customer, d.space, d.image) = (i.customer, i.space, i.id) AND d.index IS NOT NULL;
ALTER TABLE derivatives DROP COLUMN index;
COMMENT ON COLUMN tallies.thumbnail_size IS 'Bytes of the thumbnails of its images';
COMMENT ON COLUMN tally_changes.thumbnail_size IS 'Bytes of thumbnails more, or fewer';
COMMENT ON COLUMN derivatives.object IS 'Key of the object that holds its thumbnails; NULL: there are none';
