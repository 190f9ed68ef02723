CREATE INDEX jobs_available ON jobs (immediate DESC, available, id);
DROP INDEX jobs_turn;
ALTER TABLE images DROP COLUMN media_type_given;
ALTER TABLE batches DROP COLUMN completed, DROP COLUMN errors;
