-- Filters and orders of images at any size (docs/adr/0014).

-- Each word with its customer before it, so that an index on all words is one for each customer. A word with
-- the separator in it is cut, here and in what is searched alike: what an index finds is compared anew.
CREATE FUNCTION tenant_words(customer INTEGER, words TEXT[]) RETURNS TEXT[] LANGUAGE plpgsql
    IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN string_to_array(
        customer || ':' || array_to_string(words, E'\x1f' || customer || ':'), E'\x1f');
END $$;

DROP INDEX images_roles;
CREATE INDEX images_roles ON images USING gin (tenant_words(customer, roles)) WHERE roles <> '{}';
CREATE INDEX images_tags ON images USING gin (tenant_words(customer, tags)) WHERE tags <> '{}';

-- Without NULLs, so that a key can be compared as a row; what is not finished comes last, as before.
DROP INDEX images_finished;
CREATE INDEX images_finished ON images (customer, space, COALESCE(finished, 'infinity'), created, id)
    INCLUDE (finished);

-- With the plain numbers, without which no scan of an expression is one of the index only.
DROP INDEX images_number1, images_number2, images_number3;
CREATE INDEX images_number1 ON images (customer, space, shown(number1), created, id) INCLUDE (number1);
CREATE INDEX images_number2 ON images (customer, space, shown(number2), created, id) INCLUDE (number2);
CREATE INDEX images_number3 ON images (customer, space, shown(number3), created, id) INCLUDE (number3);

-- Whether a space has a number that was set to 0, which an unset one is shown as: a list of the different values
-- leaves the unset out, and all others are found by stepping from one to the next. Empty texts are never kept.
CREATE INDEX images_zero_number1 ON images (customer, space) WHERE number1 = 0;
CREATE INDEX images_zero_number2 ON images (customer, space) WHERE number2 = 0;
CREATE INDEX images_zero_number3 ON images (customer, space) WHERE number3 = 0;

-- What waits, in the order in which a queue lists it.
CREATE INDEX images_ingesting ON images (customer, created, space, id) WHERE ingesting;
