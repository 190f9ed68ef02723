ALTER TABLE derivatives DROP COLUMN outdated;
