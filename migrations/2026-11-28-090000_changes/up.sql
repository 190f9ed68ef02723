-- Every change of an image, a batch, a space, a role, or a named query, one row each (docs/adr/0021).
--
-- Triggers write it in the transaction of the change, so that no path forgets it. No foreign key leads to a customer,
-- because it would be a look-up a row, and customers are not removed.
CREATE SEQUENCE changes_id AS BIGINT;
CREATE TABLE changes (
    customer INTEGER NOT NULL,
    id BIGINT NOT NULL DEFAULT nextval('changes_id'),
    created TIMESTAMPTZ NOT NULL DEFAULT now(),
    kind TEXT NOT NULL,
    space INTEGER,
    name TEXT NOT NULL,
    actor TEXT NOT NULL DEFAULT COALESCE(NULLIF(current_setting('hydria.actor', TRUE), ''), 'service'),
    PRIMARY KEY (customer, id, created)
) PARTITION BY RANGE (created);
ALTER SEQUENCE changes_id OWNED BY changes.id;
-- By which readers find the customers of which something was changed.
CREATE INDEX changes_id_key ON changes (id);
COMMENT ON TABLE changes IS 'Changes of images, batches, spaces, roles and named queries, in partitions of a week';
COMMENT ON COLUMN changes.customer IS 'Whose';
COMMENT ON COLUMN changes.id IS 'Number of the change: greater than those of all changes of the same resource before';
COMMENT ON COLUMN changes.created IS 'When its transaction began';
COMMENT ON COLUMN changes.kind IS 'What was changed, and how, such as `imageDeleted`';
COMMENT ON COLUMN changes.space IS 'Number of the space of the image; NULL: it is no image';
COMMENT ON COLUMN changes.name IS 'Last segment of the address of what was changed';
COMMENT ON COLUMN changes.actor IS 'Who changed it: the path of a key, `command`, or `service`';

-- Takes what belongs to no partition, so that no change fails for the lack of one.
CREATE TABLE changes_rest PARTITION OF changes DEFAULT;

-- Makes the partitions of this week and of those to come, so many days ahead. A week of which rows stand in
-- `changes_rest` is passed over: they would have to be moved, and are removed in their time.
CREATE FUNCTION make_change_partitions(ahead INTEGER) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    week TIMESTAMPTZ := date_trunc('week', now(), 'UTC');
    partition TEXT;
BEGIN
    WHILE week <= now() + make_interval(days => ahead) LOOP
        partition := 'changes_' || to_char(week AT TIME ZONE 'UTC', 'YYYYMMDD');
        IF to_regclass(partition) IS NULL AND NOT EXISTS (
            SELECT FROM changes_rest WHERE created >= week AND created < week + interval '7 days')
        THEN
            EXECUTE format('CREATE TABLE %I (LIKE changes INCLUDING ALL)', partition);
            EXECUTE format('ALTER TABLE changes ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                partition, week, week + interval '7 days');
        END IF;
        week := week + interval '7 days';
    END LOOP;
END $$;
SELECT make_change_partitions(28);

CREATE FUNCTION change_images_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (customer, kind, space, name)
        SELECT customer, 'imageCreated', space, id FROM made;
    RETURN NULL;
END $$;
CREATE TRIGGER change_made AFTER INSERT ON images REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION change_images_made();

CREATE FUNCTION change_images_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (customer, kind, space, name)
        SELECT customer, 'imageDeleted', space, id FROM removed;
    RETURN NULL;
END $$;
CREATE TRIGGER change_removed AFTER DELETE ON images REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION change_images_removed();

-- That a worker takes an image off the queue is the one change that is not told.
CREATE FUNCTION change_image_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (customer, kind, space, name) VALUES (
        NEW.customer,
        CASE WHEN NEW.finished IS DISTINCT FROM OLD.finished AND NEW.finished IS NOT NULL AND NEW.error <> ''
            THEN 'imageFailed' ELSE 'imageChanged' END,
        NEW.space, NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER change_written AFTER UPDATE ON images FOR EACH ROW
    WHEN (OLD.* IS DISTINCT FROM NEW.*
        AND (NEW.dequeued IS NULL OR NEW.dequeued IS NOT DISTINCT FROM OLD.dequeued))
    EXECUTE FUNCTION change_image_written();

-- The argument is the first word of the kind.
CREATE FUNCTION change_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (customer, kind, name) VALUES (NEW.customer, TG_ARGV[0] || 'Created', NEW.id);
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (customer, kind, name) VALUES (NEW.customer, TG_ARGV[0] || 'Changed', NEW.id);
    ELSE
        INSERT INTO changes (customer, kind, name) VALUES (OLD.customer, TG_ARGV[0] || 'Deleted', OLD.id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER change_made AFTER INSERT OR DELETE ON spaces FOR EACH ROW EXECUTE FUNCTION change_row('space');
CREATE TRIGGER change_written AFTER UPDATE ON spaces FOR EACH ROW
    WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION change_row('space');
CREATE TRIGGER change_made AFTER INSERT OR DELETE ON roles FOR EACH ROW EXECUTE FUNCTION change_row('role');
CREATE TRIGGER change_written AFTER UPDATE ON roles FOR EACH ROW
    WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION change_row('role');
CREATE TRIGGER change_made AFTER INSERT OR DELETE ON named_queries
    FOR EACH ROW EXECUTE FUNCTION change_row('namedQuery');
CREATE TRIGGER change_written AFTER UPDATE ON named_queries FOR EACH ROW
    WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION change_row('namedQuery');

-- The counts of a batch are progress, which its images tell.
CREATE TRIGGER change_made AFTER INSERT OR DELETE ON batches FOR EACH ROW EXECUTE FUNCTION change_row('batch');
CREATE TRIGGER change_written AFTER UPDATE OF superseded ON batches FOR EACH ROW
    WHEN (OLD.superseded <> NEW.superseded) EXECUTE FUNCTION change_row('batch');
CREATE FUNCTION change_batch_finished() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (customer, kind, name) VALUES (NEW.customer, 'batchFinished', NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER change_finished AFTER UPDATE OF finished ON batches FOR EACH ROW
    WHEN (OLD.finished IS NULL AND NEW.finished IS NOT NULL) EXECUTE FUNCTION change_batch_finished();
