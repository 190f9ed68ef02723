ALTER TABLE deployment DROP COLUMN changes_after;
