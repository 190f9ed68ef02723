UPDATE image_optimisation_policies SET technical_details = 'JPEG, quality 85, chroma subsampled' WHERE id = 'fast-higher';
ALTER TABLE image_optimisation_policies DROP COLUMN stores_full;
