-- The key of the image at a place, counted from 0, in the default order of the images of a space (0: of all
-- spaces), or in the reverse of it; NULL where the list ends before. It sees what the statement that calls it
-- sees. A change counts from its second on, and chunks begin with seconds, so what comes before a chunk is
-- exact, whatever is not rolled up yet.
CREATE OR REPLACE FUNCTION image_at(
    of_customer INTEGER, of_space INTEGER, place BIGINT, descending BOOLEAN,
    OUT created TIMESTAMPTZ, OUT space INTEGER, OUT id TEXT
) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    first_space CONSTANT INTEGER := CASE of_space WHEN 0 THEN -2147483648 ELSE of_space END;
    last_space CONSTANT INTEGER := CASE of_space WHEN 0 THEN 2147483647 ELSE of_space END;
    -- Images to be skipped from chunk_start on.
    rest BIGINT := place;
    chunk_start TIMESTAMPTZ := '-infinity';
    chunk_end TIMESTAMPTZ := 'infinity';
    -- Images of the chunk; NULL where none follows it.
    chunk_images BIGINT;
    sought INTEGER;
    found RECORD;
BEGIN
    IF descending THEN
        rest := (SELECT total(c.images) FROM image_chunks AS c
                WHERE c.customer = of_customer AND c.space = of_space AND c.level = 1)
            + (SELECT total(t.images) FROM tally_changes AS t
                WHERE t.customer = of_customer AND t.space BETWEEN first_space AND last_space
                    AND t.registered IS NOT NULL)
            - 1 - place;
    END IF;
    IF rest < 0 THEN
        RETURN;
    END IF;
    -- The last group, then the last chunk in it, with no more images before it than are to be skipped; the next one
    -- has more before it.
    FOREACH sought IN ARRAY ARRAY[1, 0] LOOP
        SELECT max(e.at) FILTER (WHERE e.before <= rest) AS at, max(e.before) FILTER (WHERE e.before <= rest) AS before,
            min(e.at) FILTER (WHERE e.before > rest) AS next_at, min(e.before) FILTER (WHERE e.before > rest) AS next_before
        INTO found FROM (
            SELECT s.at, s.is_change, total(s.images) OVER (
                    ORDER BY s.at, s.is_change ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                ) AS before
            FROM (
                SELECT c.start AS at, FALSE AS is_change, c.images FROM image_chunks AS c
                WHERE c.customer = of_customer AND c.space = of_space AND c.level = sought
                    AND c.start >= chunk_start AND c.start < chunk_end
                UNION ALL
                SELECT t.registered, TRUE, t.images FROM tally_changes AS t
                WHERE t.customer = of_customer AND t.space BETWEEN first_space AND last_space
                    AND t.registered >= chunk_start AND t.registered < chunk_end
            ) AS s
        ) AS e
        WHERE NOT e.is_change;
        IF found.at IS NOT NULL THEN
            rest := rest - found.before;
            chunk_start := found.at;
            chunk_end := COALESCE(found.next_at, chunk_end);
            chunk_images := found.next_before - found.before;
        END IF;
    END LOOP;
    IF rest > chunk_images / 2 THEN
        rest := chunk_images - 1 - rest;
        IF of_space = 0 THEN
            SELECT i.created, i.space, i.id INTO created, space, id FROM images AS i
            WHERE i.customer = of_customer AND i.created >= chunk_start AND i.created < chunk_end
            ORDER BY i.created DESC, i.space DESC, i.id DESC LIMIT 1 OFFSET rest;
        ELSE
            SELECT i.created, i.space, i.id INTO created, space, id FROM images AS i
            WHERE i.customer = of_customer AND i.space = of_space AND i.created >= chunk_start AND i.created < chunk_end
            ORDER BY i.created DESC, i.id DESC LIMIT 1 OFFSET rest;
        END IF;
        RETURN;
    END IF;
    IF of_space = 0 THEN
        SELECT i.created, i.space, i.id INTO created, space, id FROM images AS i
        WHERE i.customer = of_customer AND i.created >= chunk_start
        ORDER BY i.created, i.space, i.id LIMIT 1 OFFSET rest;
    ELSE
        SELECT i.created, i.space, i.id INTO created, space, id FROM images AS i
        WHERE i.customer = of_customer AND i.space = of_space AND i.created >= chunk_start
        ORDER BY i.created, i.id LIMIT 1 OFFSET rest;
    END IF;
END $$;
