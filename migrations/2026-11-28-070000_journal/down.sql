DROP TRIGGER journal_changed ON images;
DROP FUNCTION journal_image();
DROP TRIGGER journal_deleted ON derivatives;
DROP TRIGGER journal_withdrawn ON derivatives;
DROP TRIGGER journal_replaced ON derivatives;
DROP TRIGGER journal_made ON derivatives;
DROP FUNCTION journal_derivatives();
DROP TABLE journal;
