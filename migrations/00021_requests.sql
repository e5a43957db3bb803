-- What people ask for (Articles 12(3), 15 to 21), with its clock, the proof of who asks,
-- restrictions of use and corrected values. What was written stands apart, so that it can go and the
-- minimal row stays: kind, instants, way, outcome.

-- Counters (counter_delta): request '' > kind:state > kind:state of requests, the open ones and those that ended.

-- +goose Up
ALTER TABLE request
    DROP CONSTRAINT request_kind_check,
    DROP CONSTRAINT request_state_check,
    ADD CONSTRAINT request_kind_check CHECK (kind IN ('access', 'rectification', 'erasure', 'restriction', 'portability', 'objection', 'withdrawal', 'question')),
    ADD CONSTRAINT request_state_check CHECK (state IN ('received', 'proved', 'in_work', 'answered', 'refused', 'withdrawn', 'lapsed')),
    ALTER COLUMN delivery_id DROP NOT NULL,              -- null: put on record by hand, with no notice behind it
    ADD COLUMN activity_key       text NOT NULL DEFAULT '',   -- '': all that is held
    ADD COLUMN proof              text NOT NULL DEFAULT '' CHECK (proof IN ('', 'mailbox', 'letter_code', 'team')),
    ADD COLUMN proved_at          timestamptz,
    ADD COLUMN extended_at        timestamptz,           -- it was extended; whether that counts follows from its notice
    ADD COLUMN extended_to        timestamptz,           -- the date that the notice gives
    ADD COLUMN extension_reason   text NOT NULL DEFAULT '' CHECK (extension_reason IN ('', 'complexity', 'number')),
    ADD COLUMN extension_delivery uuid,
    ADD COLUMN extension_posted   timestamptz,           -- by hand
    ADD COLUMN ground             text NOT NULL DEFAULT '',   -- of a refusal
    ADD COLUMN answer_delivery    uuid,
    ADD COLUMN answer_posted      timestamptz,
    ADD COLUMN codes_sent         smallint NOT NULL DEFAULT 0,
    ADD COLUMN ended_at           timestamptz,
    ADD COLUMN look_at            timestamptz,           -- when the worker looks at it next; null: never again
    ADD CONSTRAINT request_ended CHECK ((state IN ('answered', 'refused', 'withdrawn', 'lapsed')) = (ended_at IS NOT NULL)),
    ADD CONSTRAINT request_ground CHECK ((state = 'refused') = (ground <> '')),
    ADD CONSTRAINT request_proof CHECK ((proof <> '') = (proved_at IS NOT NULL)),
    ADD CONSTRAINT request_extension CHECK ((extended_at IS NULL) = (extended_to IS NULL AND extension_reason = ''));
DROP INDEX request_open;
CREATE UNIQUE INDEX request_open ON request (contact_id, kind, activity_key) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX request_id ON request (id);
CREATE INDEX request_due ON request (controller_id, due_at, id) WHERE ended_at IS NULL;
CREATE INDEX request_look ON request (controller_id, look_at) WHERE look_at IS NOT NULL;
CREATE INDEX request_newest ON request (controller_id, id);
UPDATE request SET look_at = due_at - interval '14 days';
UPDATE counter SET state = 'access:received' WHERE what = 'request' AND state = 'received';
UPDATE counter_delta SET to_state = 'access:received' WHERE what = 'request' AND to_state = 'received';

-- mailer.RequestMoves is the same table in Go; a test compares them.
CREATE TRIGGER request_moves AFTER UPDATE OF state ON request FOR EACH ROW
WHEN (OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN (
    'received>proved', 'received>in_work', 'received>answered', 'received>refused', 'received>withdrawn', 'received>lapsed',
    'proved>in_work', 'proved>answered', 'proved>refused', 'proved>withdrawn', 'proved>lapsed',
    'in_work>proved', 'in_work>answered', 'in_work>refused', 'in_work>withdrawn', 'in_work>lapsed'))
EXECUTE FUNCTION refuse_move();

-- Each move and what else happened to a request; it names nobody but the team.
CREATE TABLE request_event (
    contact_id    uuid NOT NULL,
    id            uuid NOT NULL,
    controller_id uuid NOT NULL REFERENCES controller,
    request_id    uuid NOT NULL,
    at            timestamptz NOT NULL,
    what          text NOT NULL,              -- received, code_sent, proved, extended, answered, ...
    from_state    text NOT NULL,
    to_state      text NOT NULL,
    by            text NOT NULL,              -- '': the person, or the worker
    why           text NOT NULL,              -- a code, never words
    delivery_id   uuid,                       -- what told the person of it
    PRIMARY KEY (contact_id, id)
);
CREATE TRIGGER request_event_append_only BEFORE UPDATE OR DELETE ON request_event FOR EACH ROW EXECUTE FUNCTION refuse_change();

INSERT INTO request_event (contact_id, id, controller_id, request_id, at, what, from_state, to_state, by, why)
SELECT contact_id, id, controller_id, id, received_at, 'received', '', 'received', '', way FROM request;

-- Words: what was asked, answered, given as reasons. They go with the person, or after their time (T4).
CREATE TABLE request_text (
    contact_id    uuid NOT NULL,
    id            uuid NOT NULL,
    controller_id uuid NOT NULL REFERENCES controller,
    request_id    uuid NOT NULL,
    what          text NOT NULL CHECK (what IN ('asked', 'wanted', 'answer', 'reasons', 'proof')),
    by            text NOT NULL,
    language      text NOT NULL,
    body          text NOT NULL,
    written_at    timestamptz NOT NULL,
    expires_at    timestamptz,                -- null: while the request is open
    PRIMARY KEY (contact_id, id)
);
CREATE INDEX request_text_expires ON request_text (controller_id, expires_at) WHERE expires_at IS NOT NULL;

-- A code that proves who asks. Its digits are derived from the id of the mail that carries
-- them, or stand in a letter: no column holds them.
CREATE TABLE proof_code (
    contact_id    uuid NOT NULL,
    request_id    uuid NOT NULL,
    id            uuid NOT NULL,              -- of the delivery that carries it
    controller_id uuid NOT NULL REFERENCES controller,
    made_at       timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    key_id        text NOT NULL,              -- of the key from which they are derived; '': they stand in a letter
    tries_left    smallint NOT NULL CHECK (tries_left >= 0),
    PRIMARY KEY (contact_id, request_id, id)
);
CREATE INDEX proof_code_expires ON proof_code (controller_id, expires_at);

-- Data that are kept and not used (Article 18). It ends when it was lifted and what told
-- the person so was handed over; that is worked out, never stored.
CREATE TABLE restriction (
    contact_id    uuid NOT NULL,
    id            uuid NOT NULL,
    controller_id uuid NOT NULL REFERENCES controller,
    request_id    uuid,
    activity_key  text NOT NULL,              -- '': all
    purposes      text[],                     -- null: all of the activity
    reason        text NOT NULL CHECK (reason IN ('asked', 'objection', 'erasure', 'withdrawn')),
    from_at       timestamptz NOT NULL,
    lift_at       timestamptz,                -- it was decided that it ends
    lifted_by     text NOT NULL DEFAULT '',
    told_delivery uuid,
    told_posted   timestamptz,
    PRIMARY KEY (contact_id, id),
    CHECK ((lift_at IS NULL) = (lifted_by = ''))
);
CREATE INDEX restriction_newest ON restriction (controller_id, id);

CREATE TABLE correction (
    contact_id    uuid NOT NULL,
    id            uuid NOT NULL,
    controller_id uuid NOT NULL REFERENCES controller,
    request_id    uuid NOT NULL,
    field         text NOT NULL,
    old_value     text NOT NULL,
    new_value     text NOT NULL,
    made_at       timestamptz NOT NULL,
    by            text NOT NULL,
    PRIMARY KEY (contact_id, id)
);

-- An address that another one has taken the place of. It still recognises its person.
ALTER TABLE identifier ADD COLUMN replaced_at timestamptz;

-- What is said on paper, by telephone or at a desk is put on record by hand.
ALTER TABLE objection DROP CONSTRAINT objection_way_check,
    ADD CONSTRAINT objection_way_check CHECK (way IN ('page', 'one_click', 'answer', 'complaint', 'letter', 'phone', 'in_person', 'mail'));

-- +goose Down
-- An older program could neither show them nor say when they are due, and would use what is restricted.
-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT FROM request WHERE ended_at IS NULL AND (kind <> 'access' OR state <> 'received' OR extended_at IS NOT NULL OR delivery_id IS NULL)) THEN
        RAISE EXCEPTION 'people''s requests are open: end them first, with ''request answer'' or ''request refuse''';
    END IF;
    IF EXISTS (SELECT FROM restriction) THEN
        RAISE EXCEPTION 'people''s data are, or were, restricted: an older program would use them';
    END IF;
    IF EXISTS (SELECT FROM identifier WHERE replaced_at IS NOT NULL) THEN
        RAISE EXCEPTION 'addresses were corrected: an older program would write to the old ones';
    END IF;
END
$$;
-- +goose StatementEnd
ALTER TABLE identifier DROP COLUMN replaced_at;
DROP TABLE correction, restriction, proof_code, request_text, request_event;
DROP TRIGGER request_moves ON request;
DELETE FROM request WHERE ended_at IS NOT NULL; -- it has no word for them
DROP INDEX request_open, request_id, request_due, request_look, request_newest;
ALTER TABLE request
    DROP CONSTRAINT request_kind_check, DROP CONSTRAINT request_state_check,
    DROP CONSTRAINT request_ended, DROP CONSTRAINT request_ground, DROP CONSTRAINT request_proof, DROP CONSTRAINT request_extension,
    DROP COLUMN activity_key, DROP COLUMN proof, DROP COLUMN proved_at, DROP COLUMN extended_at, DROP COLUMN extended_to, DROP COLUMN extension_reason,
    DROP COLUMN extension_delivery, DROP COLUMN extension_posted, DROP COLUMN ground, DROP COLUMN answer_delivery, DROP COLUMN answer_posted,
    DROP COLUMN codes_sent, DROP COLUMN ended_at, DROP COLUMN look_at,
    ALTER COLUMN delivery_id SET NOT NULL,
    ADD CONSTRAINT request_kind_check CHECK (kind IN ('access')),
    ADD CONSTRAINT request_state_check CHECK (state IN ('received'));
CREATE UNIQUE INDEX request_open ON request (contact_id, kind) WHERE state = 'received';
UPDATE counter SET state = 'received' WHERE what = 'request' AND state = 'access:received';
UPDATE counter_delta SET to_state = 'received' WHERE what = 'request' AND from_state = '' AND to_state = 'access:received';
DELETE FROM counter WHERE what = 'request' AND state <> 'received';
DELETE FROM counter_delta WHERE what = 'request' AND to_state <> 'received';
