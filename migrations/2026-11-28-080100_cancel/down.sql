COMMENT ON COLUMN members.outcome IS 'completed, failed or deleted; NULL: waiting';
ALTER TABLE members DROP CONSTRAINT members_outcome_check;
UPDATE members SET outcome = 'failed' WHERE outcome = 'cancelled';
ALTER TABLE members ADD CONSTRAINT members_outcome_check CHECK (outcome IN ('completed', 'failed', 'deleted'));
ALTER TABLE jobs DROP COLUMN batch;
