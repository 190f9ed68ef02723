-- Within a customer, jobs of the priority queue go first, and now and then one of the others. The next job of either kind
-- is one descent each; the first of the others says for most customers whether there is work at all.
ALTER TABLE jobs ADD COLUMN priority BOOLEAN NOT NULL DEFAULT FALSE;
COMMENT ON COLUMN jobs.priority IS 'Whether it is of the priority queue: claimed before the others of its customer, as a rule';
DROP INDEX jobs_turn;
CREATE INDEX jobs_turn ON jobs (immediate, customer, priority, available, id);
