-- Answers to requests that named an Idempotency-Key (docs/adr/0027): each is written in the transaction of what it answers, so
-- that whoever sends the request again finds either both or neither.
CREATE TABLE kept_answers (
    customer INTEGER NOT NULL REFERENCES customers,
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    created TIMESTAMPTZ NOT NULL DEFAULT now(),
    provisional_until TIMESTAMPTZ,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (customer, actor, key)
);
COMMENT ON TABLE kept_answers IS 'Answers to requests that named an Idempotency-Key';
COMMENT ON COLUMN kept_answers.customer IS 'Whose key the request was authenticated by';
COMMENT ON COLUMN kept_answers.actor IS 'Path of that key';
COMMENT ON COLUMN kept_answers.key IS 'What the request named, without its quotes';
COMMENT ON COLUMN kept_answers.fingerprint IS 'Keyed hash of the method, the request target and the body';
COMMENT ON COLUMN kept_answers.created IS 'When it was made; a day later it is forgotten';
COMMENT ON COLUMN kept_answers.provisional_until IS 'Until when the request may wait for what makes its answer another one; NULL: the answer stands';
COMMENT ON COLUMN kept_answers.status IS 'Status of the answer';
COMMENT ON COLUMN kept_answers.headers IS 'Headers of the answer, one a line';
COMMENT ON COLUMN kept_answers.body IS 'Body of the answer, before it is compressed';

CREATE INDEX kept_answers_created ON kept_answers (created);
