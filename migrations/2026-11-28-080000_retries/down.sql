DROP TRIGGER forget_retries ON images;
DROP FUNCTION forget_retries();
DROP TABLE retries;
