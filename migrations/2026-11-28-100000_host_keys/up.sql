-- The key that a host of SSH shows at the first fetch from it is kept, and another one refused later (docs/adr/0025).
CREATE TABLE host_keys (
    customer INTEGER NOT NULL REFERENCES customers,
    origin_strategy TEXT NOT NULL,
    host TEXT NOT NULL,
    key TEXT NOT NULL,
    created TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (customer, origin_strategy, host),
    CONSTRAINT host_keys_origin_strategy_fkey FOREIGN KEY (customer, origin_strategy)
        REFERENCES customer_origin_strategies ON DELETE CASCADE
);
COMMENT ON TABLE host_keys IS 'Keys by which hosts of SSH are known, by the origin strategy that fetched from them';
COMMENT ON COLUMN host_keys.customer IS 'Whose';
COMMENT ON COLUMN host_keys.origin_strategy IS 'Id of the strategy of the customer';
COMMENT ON COLUMN host_keys.host IS 'Name or address, and port';
COMMENT ON COLUMN host_keys.key IS 'Hash of the public key, as SHA256:…';
COMMENT ON COLUMN host_keys.created IS 'When it was first seen';
