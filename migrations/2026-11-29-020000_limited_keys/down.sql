-- What was limited would not be any more.
DELETE FROM keys WHERE read_only OR expires IS NOT NULL;
ALTER TABLE keys DROP COLUMN read_only, DROP COLUMN expires;
