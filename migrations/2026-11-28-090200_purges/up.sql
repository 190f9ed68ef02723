-- How far the caches of the operator were told which images were changed (docs/adr/0022).
CREATE TABLE purges (
    url TEXT PRIMARY KEY,
    position BIGINT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    due TIMESTAMPTZ NOT NULL DEFAULT now(),
    lease BIGINT NOT NULL DEFAULT 0
);
COMMENT ON TABLE purges IS 'Caches that are told which images were changed';
COMMENT ON COLUMN purges.url IS 'Where they are told';
COMMENT ON COLUMN purges.position IS 'Number of the change up to which all were told';
COMMENT ON COLUMN purges.failures IS 'Attempts that failed since the last that did not';
COMMENT ON COLUMN purges.due IS 'From when it may be claimed; a claim moves it forward by the lease';
COMMENT ON COLUMN purges.lease IS 'Claims so far: the token without which nothing is settled';
