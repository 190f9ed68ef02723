-- When totals last changed: what is shown of them then stays the same until they change again.
ALTER TABLE tallies ADD COLUMN changed TIMESTAMPTZ NOT NULL DEFAULT now();
COMMENT ON COLUMN tallies.changed IS 'When they last changed';
ALTER TABLE tally_changes ADD COLUMN changed TIMESTAMPTZ NOT NULL DEFAULT now();
COMMENT ON COLUMN tally_changes.changed IS 'When';
