-- Ten thousand people a second, whatever is on their pages.

-- +goose Up

-- Each row of acquisition asked for its import, at a tenth of what PostgreSQL
-- does in an import. It need not: the batch that brings the rows moves the same
-- import's position, exactly one row, in the same transaction or fails with
-- it, and no import is ever removed.
ALTER TABLE acquisition DROP CONSTRAINT acquisition_import_id_fkey;

-- A row of an index holds 2,704 bytes at most, and a page's address may be
-- longer: such a row stopped its import for good. The digest is SHA-256 of the
-- address in UTF-8; backslashes are doubled since bytea reads one as an escape.
DROP INDEX acquisition_once;
CREATE UNIQUE INDEX acquisition_once ON acquisition
    (contact_id, source_key, activity_key, COALESCE(obtained_at, '-infinity'), sha256(CAST(replace(page, '\', '\\') AS bytea)), visibility);

-- +goose Down
DROP INDEX acquisition_once;
CREATE UNIQUE INDEX acquisition_once ON acquisition
    (contact_id, source_key, activity_key, COALESCE(obtained_at, '-infinity'), page, visibility);
ALTER TABLE acquisition ADD CONSTRAINT acquisition_import_id_fkey FOREIGN KEY (import_id) REFERENCES import;
