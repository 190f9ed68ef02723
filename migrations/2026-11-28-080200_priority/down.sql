DROP INDEX jobs_turn;
ALTER TABLE jobs DROP COLUMN priority;
CREATE INDEX jobs_turn ON jobs (immediate, customer, available, id);
