-- Three spaces of customer 2, of ten, a hundred and a million images, as the service has them that were tried and failed:
-- pages of them differ in nothing but how many there are (docs/performance.md).
SET statement_timeout = 0;
SET synchronous_commit = off;
INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, string1, string2, number1, media_type,
        queued, dequeued, finished, ingesting, error)
    SELECT 2, of.space, 'page-' || lpad(n::text, 7, '0'), timestamptz '2026-01-01 00:00:00Z' + n * interval '1 ms',
        'https://images.example.org/' || of.space || '/' || n || '.jpg', -1, '{}', ARRAY['tag' || n % 7],
        'book ' || n / 200, 'page ' || n % 200, n % 1000, 'image/jpeg', timestamptz '2026-01-01 00:00:00Z',
        timestamptz '2026-01-01 00:00:00Z', timestamptz '2026-01-01 00:00:00Z' + n * interval '1 ms', FALSE, 'it was not found'
    FROM (VALUES (1, 10), (2, 100), (3, 1000000)) AS of (space, images), generate_series(1, of.images) AS n;
