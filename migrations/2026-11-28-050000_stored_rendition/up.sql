-- The full image within the limits of the service is what crawlers ask for most, so that it is stored when an image
-- is ingested, unless its policy says otherwise; it is rendered when it is first asked for then.
ALTER TABLE image_optimisation_policies ADD COLUMN stores_full BOOLEAN NOT NULL DEFAULT TRUE;
COMMENT ON COLUMN image_optimisation_policies.stores_full IS 'Whether full/max is stored when an image is ingested';

UPDATE image_optimisation_policies
SET technical_details = 'JPEG, quality 85, chroma subsampled; full/max is stored when an image is ingested'
WHERE id = 'fast-higher';
