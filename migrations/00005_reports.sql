-- Reports: what came back after a delivery went out (RFC 3464 and whatever
-- else arrives at the address of the envelope sender).
--
-- A report that found its delivery is kept with the person that it is about; one
-- that did not is parked apart. What was taken in is known by door and external
-- id, in a table of its own, since neither of the two can hold that alone.

-- Counters of them (counter_delta): report '' > dead_address, ..., not_understood; unmatched by state.

-- +goose Up
CREATE TABLE report_received (
    controller_id uuid NOT NULL REFERENCES controller,
    door          text NOT NULL,                 -- pipe
    external_id   bytea NOT NULL,                -- a hash: the same report brought twice is one
    report_id     uuid NOT NULL,
    received_at   timestamptz NOT NULL,
    PRIMARY KEY (controller_id, door, external_id)
);

CREATE TABLE report (
    contact_id    uuid NOT NULL REFERENCES contact,
    id            uuid NOT NULL,
    controller_id uuid NOT NULL,
    delivery_id   uuid NOT NULL,
    door          text NOT NULL,
    received_at   timestamptz NOT NULL,
    matched_by    text NOT NULL CHECK (matched_by IN ('envelope', 'envid', 'message_id')),
    outcome       text NOT NULL,                 -- a bounded code: dead_address, delayed, not_understood, ...
    status        text NOT NULL,                 -- RFC 3463, '' none
    code          integer NOT NULL,              -- SMTP, 0 none
    diagnostic    text NOT NULL,                 -- addresses masked
    moved_to      text NOT NULL,                 -- the state that its delivery went to, '' none
    PRIMARY KEY (contact_id, id)
);

CREATE TABLE report_unmatched (
    id            uuid PRIMARY KEY,
    controller_id uuid NOT NULL REFERENCES controller,
    door          text NOT NULL,
    received_at   timestamptz NOT NULL,
    outcome       text NOT NULL,
    status        text NOT NULL,
    why           text NOT NULL CHECK (why IN ('no_clue', 'forged', 'unknown_delivery', 'unsettled')),
    state         text NOT NULL CHECK (state IN ('waiting', 'given_up', 'not_understood')),
    tries         integer NOT NULL,
    next_try_at   timestamptz NOT NULL
);
CREATE INDEX report_unmatched_waiting ON report_unmatched (controller_id, next_try_at) WHERE state = 'waiting';

-- The bytes, of what nobody has matched or understood yet. They name people, so
-- they have an end (T4).
CREATE TABLE report_raw (
    report_id     uuid PRIMARY KEY,
    controller_id uuid NOT NULL REFERENCES controller,
    contact_id    uuid,                          -- null: whom it is about is not known
    sent_to       text[] NOT NULL,               -- what the mail system said it was addressed to
    body          bytea NOT NULL,
    expires_at    timestamptz NOT NULL
);
CREATE INDEX report_raw_expires ON report_raw (controller_id, expires_at);
CREATE INDEX report_raw_contact ON report_raw (contact_id) WHERE contact_id IS NOT NULL;

-- +goose Down
-- What it had no room for goes: reports, and which were taken in already.
-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT FROM report_unmatched WHERE state = 'waiting') THEN
        RAISE EXCEPTION 'reports wait to be matched: let a worker match or give them up first';
    END IF;
END
$$;
-- +goose StatementEnd
DROP TABLE report_raw, report_unmatched, report, report_received;
