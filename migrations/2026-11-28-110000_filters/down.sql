DROP INDEX images_failed;
