DELETE FROM purges WHERE is_repeat;
ALTER TABLE purges DROP CONSTRAINT purges_pkey;
ALTER TABLE purges ADD PRIMARY KEY (url);
ALTER TABLE purges DROP COLUMN is_repeat;
