-- How a batch is coming along stands on its row, which the transaction that settles a member holds anyway: lists
-- of batches and orders by these counts read no members.
ALTER TABLE batches
    ADD COLUMN completed INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN errors INTEGER NOT NULL DEFAULT 0;
COMMENT ON COLUMN batches.completed IS 'Members settled with success';
COMMENT ON COLUMN batches.errors IS 'Members settled with failure, deleted ones among them';
UPDATE batches AS b SET completed = m.completed, errors = m.errors
    FROM (SELECT customer, batch, count(*) FILTER (WHERE outcome = 'completed') AS completed,
              count(*) FILTER (WHERE outcome <> 'completed') AS errors
          FROM members WHERE outcome IS NOT NULL GROUP BY customer, batch) AS m
    WHERE (b.customer, b.id) = (m.customer, m.batch);

-- A media type that a body gave stays; one that an extension suggested gives way to what the content is found to
-- be. Of images that are there, a type other than what the extension suggests was given.
ALTER TABLE images ADD COLUMN media_type_given BOOLEAN NOT NULL DEFAULT FALSE;
COMMENT ON COLUMN images.media_type_given IS 'Whether a body gave the media type, so that the content does not change it';
UPDATE images SET media_type_given = TRUE WHERE media_type <> CASE
        lower(substring(split_part(split_part(origin, '?', 1), '#', 1) FROM '\.([^./]*)$'))
        WHEN 'jpg' THEN 'image/jpeg' WHEN 'jpeg' THEN 'image/jpeg' WHEN 'png' THEN 'image/png'
        WHEN 'tif' THEN 'image/tiff' WHEN 'tiff' THEN 'image/tiff' WHEN 'webp' THEN 'image/webp'
        WHEN 'gif' THEN 'image/gif' WHEN 'jp2' THEN 'image/jp2' WHEN 'jpx' THEN 'image/jp2'
        ELSE CASE WHEN media_type IN ('image/jpeg', 'image/png', 'image/tiff', 'image/webp', 'image/gif',
            'image/unknown') THEN media_type ELSE '' END END;

-- Customers are served in turn: the next customer with work, and its next job, are one descent each.
CREATE INDEX jobs_turn ON jobs (immediate, customer, available, id);
DROP INDEX jobs_available;
