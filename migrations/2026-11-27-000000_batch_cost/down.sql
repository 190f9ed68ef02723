CREATE INDEX images_all_id ON images (customer, id, space);

ALTER TABLE jobs ADD CONSTRAINT jobs_customer_fkey FOREIGN KEY (customer) REFERENCES customers;
ALTER TABLE members ADD CONSTRAINT members_customer_fkey FOREIGN KEY (customer) REFERENCES customers;
ALTER TABLE images
    ADD CONSTRAINT images_customer_fkey FOREIGN KEY (customer) REFERENCES customers,
    ADD CONSTRAINT images_customer_batch_fkey FOREIGN KEY (customer, batch) REFERENCES batches,
    ADD CONSTRAINT images_image_optimisation_policy_fkey
        FOREIGN KEY (image_optimisation_policy) REFERENCES image_optimisation_policies,
    ADD CONSTRAINT images_thumbnail_policy_fkey FOREIGN KEY (thumbnail_policy) REFERENCES thumbnail_policies;
