-- What every image of a batch is checked by and indexed under, no more than once (docs/adr/0007).
--
-- A foreign key is a look-up a row. The customer of an image is that of its space, of a member that of its
-- batch, of a job that of its image: each keeps one foreign key, which leads with the customer. A batch is
-- named by the transaction that made it and is never removed; policies are not removed either.
ALTER TABLE images
    DROP CONSTRAINT images_customer_fkey,
    DROP CONSTRAINT images_customer_batch_fkey,
    DROP CONSTRAINT images_image_optimisation_policy_fkey,
    DROP CONSTRAINT images_thumbnail_policy_fkey;
ALTER TABLE members DROP CONSTRAINT members_customer_fkey;
ALTER TABLE jobs DROP CONSTRAINT jobs_customer_fkey;

-- Orders and searches by id over all spaces are merged from those of each, which the primary key serves.
DROP INDEX images_all_id;
