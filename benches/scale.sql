-- Ten million images of customer 2 in 2,001 spaces, in rows such as the service writes: eight million in space 1,
-- a thousand in each other one, registered one after another over all spaces, a thousand a second.
SET statement_timeout = 0;
SET maintenance_work_mem = '1GB';
SET synchronous_commit = off;
SET session_replication_role = replica;
INSERT INTO spaces (customer, id, name, created, default_tags, default_roles, default_max_unauthorised)
    SELECT 2, n, 'space ' || n, now(), '{}', '{}', -1 FROM generate_series(1, 2001) AS n;
CREATE TEMPORARY TABLE rebuilt AS SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename = 'images' AND indexname <> 'images_pkey';
DO $$
DECLARE index RECORD;
BEGIN
    FOR index IN SELECT * FROM rebuilt LOOP
        EXECUTE 'DROP INDEX ' || index.indexname;
    END LOOP;
END $$;
INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, string1, string2,
        number1, number2, media_type, queued, dequeued, finished, ingesting, width, height, thumbnails)
    SELECT 2, CASE n % 5 WHEN 0 THEN 2 + n / 5 % 2000 ELSE 1 END, n::text,
        timestamptz '2024-01-01 00:00:00Z' + n * interval '1 ms',
        'https://images.example.org/books/' || n / 200 || '/pages/' || n || '.jpg', -1,
        CASE WHEN n % 1000 = 7 THEN ARRAY['/clickthrough'] ELSE '{}' END,
        ARRAY['tag' || n % 7, 'rare' || n % 99991], 'book ' || n / 200, CASE n % 3 WHEN 0 THEN 'page ' || n % 200 END,
        n / 7 % 200, n % 1000, 'image/jpeg', timestamptz '2024-01-01 00:00:00Z',
        timestamptz '2024-01-01 00:00:00Z', timestamptz '2024-01-01 00:00:00Z' + n % 86400 * interval '1 s', FALSE,
        2000 + n % 1000, 3000, '{683,1024,150000,267,400,30000,133,200,9000,67,100,4000}'
    FROM generate_series(1000001, 11000000) AS n;
INSERT INTO derivatives (customer, space, image, object, size, derived_size, checked)
    SELECT customer, space, id, 'thumbnails/000/' || id || '-1', 3000000, 193000, timestamptz '2024-01-01 00:00:00Z'
    FROM images WHERE customer = 2;
DO $$
DECLARE index RECORD;
BEGIN
    FOR index IN SELECT * FROM rebuilt LOOP
        EXECUTE index.indexdef;
    END LOOP;
END $$;
INSERT INTO tallies (customer, space, images, removals, size, thumbnail_size)
    SELECT customer, space, count(*), 0, count(*) * 3000000, count(*) * 193000
    FROM images GROUP BY customer, space;
INSERT INTO image_chunks (customer, space, level, start, images)
    SELECT customer, space, level, '-infinity', images FROM (
        SELECT customer, space, images FROM tallies UNION ALL SELECT customer, 0, sum(images) FROM tallies GROUP BY customer
    ) AS lists CROSS JOIN (VALUES (0), (1)) AS levels (level);
SET session_replication_role = DEFAULT;
