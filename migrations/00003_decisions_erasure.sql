-- Decisions of a person about one contact, and erasure.

-- +goose Up
ALTER TABLE contact ADD COLUMN tell_at timestamptz;    -- a person decided to tell them, whatever holds that back (S4, R4)
ALTER TABLE contact ADD COLUMN erased_at timestamptz;  -- nothing but a proof is left
ALTER TABLE duty ADD COLUMN erased_at timestamptz;

CREATE TABLE decision (
    contact_id    uuid NOT NULL REFERENCES contact,
    id            uuid NOT NULL,
    controller_id uuid NOT NULL REFERENCES controller,
    kind          text NOT NULL CHECK (kind IN ('tell', 'erase')),
    decided_at    timestamptz NOT NULL,
    decided_by    text NOT NULL,
    why           text NOT NULL,
    PRIMARY KEY (contact_id, id)
);
CREATE TRIGGER decision_append_only BEFORE UPDATE OR DELETE ON decision FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Who is looked at when storage ends: in the order in which storage began (T1).
CREATE INDEX contact_storage ON contact (controller_id, LEAST(first_obtained_at, created_at), id) WHERE erased_at IS NULL;
-- Notices whose data serve for them alone (S4), in the order in which they were queued.
CREATE INDEX delivery_told_only ON delivery (controller_id, created_at, id)
    WHERE document = 'notice' AND (form LIKE '%?%' OR form LIKE '%!%');
-- What waits for a decision, in the order of its dates (S4, D8).
CREATE INDEX duty_quarantined ON duty (controller_id, due_at, id) WHERE state = 'blocked' AND reason = 'quarantined';

-- +goose Down
DROP INDEX contact_storage, delivery_told_only, duty_quarantined;
DROP TABLE decision;
ALTER TABLE duty DROP COLUMN erased_at;
ALTER TABLE contact DROP COLUMN tell_at, DROP COLUMN erased_at;
