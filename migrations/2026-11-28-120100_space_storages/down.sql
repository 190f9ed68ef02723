DROP TABLE space_storages;
