-- Ten thousand people a second.
--
-- Each row of acquisition asked for its import, at a tenth of what PostgreSQL
-- does in an import. It need not: the batch that brings the rows moves the same
-- import's position, exactly one row, in the same transaction or fails with
-- it, and no import is ever removed.

-- +goose Up
ALTER TABLE acquisition DROP CONSTRAINT acquisition_import_id_fkey;

-- +goose Down
ALTER TABLE acquisition ADD CONSTRAINT acquisition_import_id_fkey FOREIGN KEY (import_id) REFERENCES import;
