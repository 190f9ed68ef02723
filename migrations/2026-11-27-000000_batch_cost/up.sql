-- What every image of a batch is checked by and indexed under, no more than once (docs/adr/0007).
--
-- A foreign key is a look-up a row. The customer of an image is that of its space, of a member that of its
-- batch, of a job that of its image: each keeps one foreign key, which leads with the customer. A batch is
-- named by the transaction that made it and is never removed; policies are not removed either.
ALTER TABLE images
    DROP CONSTRAINT images_customer_fkey,
    DROP CONSTRAINT images_customer_batch_fkey,
    DROP CONSTRAINT images_image_optimisation_policy_fkey,
    DROP CONSTRAINT images_thumbnail_policy_fkey;
ALTER TABLE members DROP CONSTRAINT members_customer_fkey;
ALTER TABLE jobs DROP CONSTRAINT jobs_customer_fkey;

-- Orders and searches by id over all spaces are merged from those of each, which the primary key serves.
DROP INDEX images_all_id;

-- What planning goes by until there is more. PostgreSQL looks at a table a minute after its first rows; till
-- then it holds every index that begins with customer and space for as good as the primary key, and each batch
-- takes longer than the one before. So a database without images is shown rows, which do not stay, of which it
-- learns that neither says much: any value of theirs may be that of all images.
DO $$
BEGIN
    IF EXISTS (SELECT FROM images) THEN
        RETURN;
    END IF;
    ALTER TABLE images ALTER COLUMN customer SET (n_distinct = 1), ALTER COLUMN space SET (n_distinct = 1);
    INSERT INTO customers (id, name, display_name, administrator, accepted_agreement)
        SELECT -n, 'shown to the planner ' || n, 'shown to the planner ' || n, FALSE, FALSE
        FROM generate_series(1, 2000) AS n;
    INSERT INTO spaces
        SELECT -n, n, 'shown to the planner', now(), '{}', '{}', -1 FROM generate_series(1, 2000) AS n;
    INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, string1, string2,
            string3, number1, number2, number3, media_type, batch, queued, finished, ingesting)
        SELECT -n, n, 'image ' || n, now() + n * interval '1 ms', 'https://example.org/' || n, -1, '{}', '{}',
            n, n, n, n, n, n, 'image/jpeg', n, now(), now() + n * interval '1 s', FALSE
        FROM generate_series(1, 2000) AS n;
    ANALYZE images;
    DELETE FROM images WHERE customer < 0;
    DELETE FROM tally_changes WHERE customer < 0;
    DELETE FROM spaces WHERE customer < 0;
    DELETE FROM customers WHERE id < 0;
    ALTER TABLE images ALTER COLUMN customer RESET (n_distinct), ALTER COLUMN space RESET (n_distinct);
END $$;
