-- The chunk of a place is found by a loop over chunks in order, in place of sums over all of a level
-- (docs/adr/0013).
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
    -- The changes that are not rolled up yet, in the order of their seconds; the first of them from chunk_start on.
    moments TIMESTAMPTZ[];
    counts BIGINT[];
    first_change INTEGER := 1;
    next_change INTEGER;
    sought INTEGER;
    chunk RECORD;
    -- Images before the chunk at hand, and before chunk_start, both from where the level begins.
    before BIGINT;
    skipped BIGINT;
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
    SELECT array_agg(t.registered ORDER BY t.registered), array_agg(t.images ORDER BY t.registered)
    INTO moments, counts FROM tally_changes AS t
    WHERE t.customer = of_customer AND t.space BETWEEN first_space AND last_space AND t.registered IS NOT NULL;
    -- The last group, then the last chunk in it, with no more images before it than are to be skipped; the next one
    -- has more before it. A loop, because it ends there, and needs no sort.
    FOREACH sought IN ARRAY ARRAY[1, 0] LOOP
        before := 0;
        skipped := 0;
        chunk_images := NULL;
        next_change := first_change;
        FOR chunk IN SELECT c.start, c.images FROM image_chunks AS c
            WHERE c.customer = of_customer AND c.space = of_space AND c.level = sought
                AND c.start >= chunk_start AND c.start < chunk_end
            ORDER BY c.start
        LOOP
            WHILE moments[next_change] < chunk.start LOOP
                before := before + counts[next_change];
                next_change := next_change + 1;
            END LOOP;
            IF before > rest THEN
                chunk_end := chunk.start;
                chunk_images := before - skipped;
                EXIT;
            END IF;
            chunk_start := chunk.start;
            skipped := before;
            first_change := next_change;
            before := before + chunk.images;
        END LOOP;
        rest := rest - skipped;
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
