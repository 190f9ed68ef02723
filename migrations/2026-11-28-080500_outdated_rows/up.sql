-- Apart from the column, so that the table is not locked while all images are read. Of those that wait it is not known.
UPDATE derivatives AS d SET outdated = TRUE FROM images AS i
    WHERE (i.error <> '' OR i.ingesting) AND (i.customer, i.space, i.id) = (d.customer, d.space, d.image);
