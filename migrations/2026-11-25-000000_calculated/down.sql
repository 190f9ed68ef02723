ALTER TABLE tally_changes DROP COLUMN changed;
ALTER TABLE tallies DROP COLUMN changed;
