UPDATE spaces
SET default_roles = ARRAY(
    SELECT substr(role, 2) FROM unnest(default_roles) WITH ORDINALITY AS held (role, place) ORDER BY place
)
WHERE default_roles <> '{}';

COMMENT ON COLUMN spaces.default_roles IS 'Ids of the roles of new images that name none';
