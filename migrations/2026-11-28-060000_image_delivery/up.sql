-- What is said of images where they are delivered, and whether there are tiles to deliver. No default is worked out for
-- each row, so that no table is written anew.
ALTER TABLE images
    ADD COLUMN label TEXT,
    ADD COLUMN required_statement TEXT,
    ADD COLUMN rights TEXT,
    ADD COLUMN has_tiles BOOLEAN NOT NULL DEFAULT FALSE;
COMMENT ON COLUMN images.label IS 'Name for people, plain text; NULL: none';
COMMENT ON COLUMN images.required_statement IS 'What has to be shown with the image, plain text; NULL: nothing';
COMMENT ON COLUMN images.rights IS 'Licence or rights statement: an absolute IRI; NULL: none';
COMMENT ON COLUMN images.has_tiles IS 'Whether its row of `derivatives` has an index, so that all of it can be served';

ALTER TABLE spaces
    ADD COLUMN default_required_statement TEXT,
    ADD COLUMN default_rights TEXT;
COMMENT ON COLUMN spaces.default_required_statement IS 'Required statement of new images that give none; NULL: none';
COMMENT ON COLUMN spaces.default_rights IS 'Rights of new images that give none: an absolute IRI; NULL: none';
