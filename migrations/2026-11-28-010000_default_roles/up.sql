-- The default roles of spaces are stored as images store roles: an own role is '/' and its id.
UPDATE spaces
SET default_roles = ARRAY(
    SELECT '/' || role FROM unnest(default_roles) WITH ORDINALITY AS held (role, place) ORDER BY place
)
WHERE default_roles <> '{}';

COMMENT ON COLUMN spaces.default_roles IS 'Roles of new images that name none, stored as images store them: / and the id';
