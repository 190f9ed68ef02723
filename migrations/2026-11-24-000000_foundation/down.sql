DROP TABLE job_tally_changes, job_tallies, tally_changes, tallies, discards, jobs, members, images, batches,
    spaces, roles, role_providers, auth_services, customer_origin_strategies, named_queries, portal_users,
    keys, customer_storages, customers, portal_roles, image_optimisation_policies, thumbnail_policies,
    storage_policies;
DROP FUNCTION tally_images_made, tally_images_removed, tally_image_resized, tally_jobs_made, tally_jobs_removed;
DROP FUNCTION shown(TEXT), shown(BIGINT);
DROP AGGREGATE total(BIGINT);
