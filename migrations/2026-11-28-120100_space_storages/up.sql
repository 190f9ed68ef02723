-- Quotas of spaces. A row of its own, and only for spaces that have a policy: registrations lock it, and they share the row of
-- the space.
CREATE TABLE space_storages (
    customer INTEGER NOT NULL,
    space INTEGER NOT NULL,
    storage_policy TEXT NOT NULL REFERENCES storage_policies,
    PRIMARY KEY (customer, space),
    FOREIGN KEY (customer, space) REFERENCES spaces ON DELETE CASCADE
);
COMMENT ON TABLE space_storages IS 'Spaces whose storage is limited beside that of their customer';
COMMENT ON COLUMN space_storages.customer IS 'Whose';
COMMENT ON COLUMN space_storages.space IS 'Number of the space';
COMMENT ON COLUMN space_storages.storage_policy IS 'How much it may store';
