-- How fast a customer's images are settled, measured whenever changes of its jobs are rolled up.
ALTER TABLE job_tallies ADD COLUMN rate DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE job_tallies ADD COLUMN measured TIMESTAMPTZ NOT NULL DEFAULT now();
COMMENT ON COLUMN job_tallies.rate IS 'Jobs settled a second, of late; 0: not measured yet';
COMMENT ON COLUMN job_tallies.measured IS 'When that was measured';
