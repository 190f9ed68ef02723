-- An image that is cancelled keeps what it had only where its last attempt before was a success, which its own row does not
-- tell any more once it is sent again.
ALTER TABLE derivatives ADD COLUMN outdated BOOLEAN NOT NULL DEFAULT FALSE;
COMMENT ON COLUMN derivatives.outdated IS 'Whether the image was processed again since, without success';
