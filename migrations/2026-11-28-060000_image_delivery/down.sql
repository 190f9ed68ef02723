ALTER TABLE images
    DROP COLUMN label,
    DROP COLUMN required_statement,
    DROP COLUMN rights,
    DROP COLUMN has_tiles;
ALTER TABLE spaces
    DROP COLUMN default_required_statement,
    DROP COLUMN default_rights;
