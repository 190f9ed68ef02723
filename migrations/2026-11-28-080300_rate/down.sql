ALTER TABLE job_tallies DROP COLUMN measured;
ALTER TABLE job_tallies DROP COLUMN rate;
