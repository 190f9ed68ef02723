-- A batch whose members are cancelled takes the jobs back that it put into the queue, and those alone: an image that was
-- sent again since is processed all the same. No foreign key leads to the batch (docs/adr/0007).
ALTER TABLE jobs ADD COLUMN batch BIGINT;
COMMENT ON COLUMN jobs.batch IS 'The batch that put it into the queue; NULL: something else did, such as a request that waits';
UPDATE jobs AS j SET batch = i.batch FROM images AS i
    WHERE NOT j.immediate AND (i.customer, i.space, i.id) = (j.customer, j.space, j.image);

-- All rows meet it, because they met a narrower one.
ALTER TABLE members DROP CONSTRAINT members_outcome_check;
ALTER TABLE members ADD CONSTRAINT members_outcome_check
    CHECK (outcome IN ('completed', 'failed', 'deleted', 'cancelled')) NOT VALID;
COMMENT ON COLUMN members.outcome IS 'completed, failed, deleted or cancelled; NULL: waiting';
