-- What uploads took counts no longer.
DELETE FROM tally_changes WHERE space = 0;
DELETE FROM tallies WHERE space = 0;
-- Their objects are removed as those of images are.
INSERT INTO discards (object, due)
    SELECT 'uploads/' || to_char(object % 1000, 'FM000') || '/' || object, now() FROM upload_parts
    ON CONFLICT DO NOTHING;
DROP TABLE upload_parts;
DROP TABLE uploads;
DROP FUNCTION tally_uploads();
COMMENT ON COLUMN tallies.space IS 'Number of the space';
COMMENT ON COLUMN tallies.size IS 'Bytes of the origins of its images';
COMMENT ON COLUMN tally_changes.space IS 'Number of the space';
COMMENT ON COLUMN tally_changes.size IS 'Bytes of origins more, or fewer';
