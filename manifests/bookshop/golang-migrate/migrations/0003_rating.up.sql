ALTER TABLE shelf ADD COLUMN rating smallint;
