-- A contact's row stays for ever: erasing empties it. That is what the references
-- of its identifiers, acquisitions and duties were to hold, and they had it looked up
-- and locked again for each row of an import. The refusal to delete one costs nothing;
-- that rows are written for contacts which are there is held by a test.

-- +goose Up
ALTER TABLE identifier DROP CONSTRAINT identifier_contact_id_fkey;
ALTER TABLE acquisition DROP CONSTRAINT acquisition_contact_id_fkey;
ALTER TABLE duty DROP CONSTRAINT duty_contact_id_fkey;
CREATE TRIGGER contact_stays BEFORE DELETE ON contact FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TRIGGER contact_stays ON contact;
ALTER TABLE duty ADD CONSTRAINT duty_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contact;
ALTER TABLE acquisition ADD CONSTRAINT acquisition_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contact;
ALTER TABLE identifier ADD CONSTRAINT identifier_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contact;
