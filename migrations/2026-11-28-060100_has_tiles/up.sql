-- On its own, so that it locks no more than the rows that it writes.
UPDATE images AS i SET has_tiles = TRUE FROM derivatives AS d
    WHERE (d.customer, d.space, d.image) = (i.customer, i.space, i.id) AND d.index IS NOT NULL;
