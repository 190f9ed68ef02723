-- Images that could not be processed, in the default order: they are few, and no other index finds them.
CREATE INDEX images_failed ON images (customer, created, space, id) WHERE error <> '';
