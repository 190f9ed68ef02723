-- Who follows changes is told to begin anew after the database was restored from a backup (docs/adr/0028).
ALTER TABLE deployment ADD COLUMN changes_after BIGINT NOT NULL DEFAULT 0;
COMMENT ON COLUMN deployment.changes_after IS 'Number of changes up to which nobody may go on, because a restore put an earlier state in their place; 0: it never did';
