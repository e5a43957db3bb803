-- People's answers: items for the privacy team, with their words apart, so that these
-- can go and the item stays. Those of nobody known have the zero id for a contact.

-- Counters of them (counter_delta): answer '' > kind > '' of open ones; report '' > answer, automatic_reply, complaint.

-- +goose Up
CREATE TABLE answer (
    contact_id    uuid NOT NULL,                 -- zero: it is not known whose it is
    id            uuid NOT NULL,
    controller_id uuid NOT NULL REFERENCES controller,
    delivery_id   uuid,                          -- what it answers, or their newest notice
    door          text NOT NULL,
    received_at   timestamptz NOT NULL,
    matched_by    text NOT NULL CHECK (matched_by IN ('', 'reply', 'envelope', 'envid', 'message_id', 'message_id_from', 'from', 'person')),
    language      text NOT NULL,                 -- '' unknown
    kind          text NOT NULL CHECK (kind IN ('access', 'erasure', 'rectification', 'objection', 'question', 'other')),
    why           text[] NOT NULL,               -- phrases of the program's own table
    no            text NOT NULL CHECK (no IN ('', 'unknown_person', 'pending', 'recorded', 'left_to_person')),
    due_at        timestamptz NOT NULL,          -- Art. 12(3), from received_at
    state         text NOT NULL CHECK (state IN ('open', 'closed')),
    reminded_at   timestamptz,
    closed_at     timestamptz,
    closed_by     text NOT NULL DEFAULT '',
    closed_as     text NOT NULL DEFAULT '' CHECK (closed_as IN ('', 'request:access', 'objection', 'answered', 'nothing', 'erased')),
    closed_why    text NOT NULL DEFAULT '',
    PRIMARY KEY (contact_id, id),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL AND closed_as <> ''))
);
CREATE UNIQUE INDEX answer_id ON answer (id);
CREATE INDEX answer_open ON answer (controller_id, due_at, id) WHERE state = 'open';
CREATE INDEX answer_pending ON answer (controller_id, id) WHERE no = 'pending';
CREATE INDEX answer_newest ON answer (controller_id, id);

-- What they wrote, safe to show (T4). The bytes are in report_raw under the answer's id.
CREATE TABLE answer_text (
    contact_id    uuid NOT NULL,
    answer_id     uuid NOT NULL,
    controller_id uuid NOT NULL REFERENCES controller,
    sender        text NOT NULL,                 -- the author's address, as the mail says
    subject       text NOT NULL,
    body          text NOT NULL,
    attachments   text[] NOT NULL,               -- 'application/pdf 12345': type and octets
    expires_at    timestamptz NOT NULL,
    PRIMARY KEY (contact_id, answer_id)
);
CREATE INDEX answer_text_expires ON answer_text (controller_id, expires_at);

-- An answer and a complaint are ways to object, and an automatic reply comes to the reply address.
ALTER TABLE objection DROP CONSTRAINT objection_way_check,
    ADD CONSTRAINT objection_way_check CHECK (way IN ('page', 'one_click', 'answer', 'complaint'));
ALTER TABLE report DROP CONSTRAINT report_matched_by_check,
    ADD CONSTRAINT report_matched_by_check CHECK (matched_by IN ('envelope', 'envid', 'message_id', 'reply'));

-- +goose Down
-- An older program could not show them, nor say when they are due (Art. 12(3)).
-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT FROM answer WHERE state = 'open' OR no = 'pending') THEN
        RAISE EXCEPTION 'people''s answers are open: close them first, with ''answer close''';
    END IF;
END
$$;
-- +goose StatementEnd
-- Their words go: an older program would neither erase nor forget them. Who closed them as
-- what is in the audit, objections and requests stand by themselves.
DROP TABLE answer_text, answer;
-- The wider checks stay, for the rows that need them. Returned letters are known by their
-- door; the schema that comes next has no word for what they were matched by (00020 gives it back).
UPDATE report SET matched_by = 'envelope' WHERE matched_by = 'reference';
