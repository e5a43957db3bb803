-- What is kept how long: the ledger outside, legal holds, runs of the deletion job.

-- +goose Up

-- Ledgers that this database has had lines of. Up to done_line all of them are in it;
-- which later ones are, ledger_line says.
CREATE TABLE ledger (
    id          uuid PRIMARY KEY,            -- as the file's first line has it
    done_line   bigint NOT NULL DEFAULT 0,
    done_offset bigint NOT NULL DEFAULT 0,   -- where the next line begins, in octets
    done_chain  bytea NOT NULL DEFAULT '',   -- the hash chained over all up to there
    place       text NOT NULL,               -- host and path where it was last seen
    seen_at     timestamptz NOT NULL         -- when all of it was last in this database
);
CREATE TABLE ledger_line (
    ledger_id uuid NOT NULL,
    line      bigint NOT NULL,
    PRIMARY KEY (ledger_id, line)
);

-- Legal holds: what they are about is kept beyond its date (T4). Keys that are '' or null
-- say nothing, so that all are about everything.
CREATE TABLE hold (
    id            uuid PRIMARY KEY,
    controller_id uuid NOT NULL REFERENCES controller,
    contact_id    uuid REFERENCES contact,
    activity_key  text NOT NULL,
    source_key    text NOT NULL,
    reason        text NOT NULL CHECK (reason <> ''),
    review_on     date NOT NULL,
    set_at        timestamptz NOT NULL,
    set_by        text NOT NULL CHECK (set_by <> ''),
    released_at   timestamptz,
    released_by   text NOT NULL DEFAULT '',
    released_why  text NOT NULL DEFAULT '',
    CHECK ((released_at IS NULL) = (released_by = ''))
);
CREATE INDEX hold_in_force ON hold (controller_id, contact_id) WHERE released_at IS NULL;

-- What each pass of the deletion job came to. The last one of those with nothing to tell stands here alone.
CREATE TABLE retention_run (
    controller_id uuid NOT NULL REFERENCES controller,
    id            uuid NOT NULL,
    started_at    timestamptz NOT NULL,
    ended_at      timestamptz,                 -- null: under way, or broken off
    people        integer NOT NULL,
    whole         integer NOT NULL,
    waiting       integer NOT NULL,
    held          integer NOT NULL,
    counts        jsonb NOT NULL,              -- duties by cause, activity and what they came to
    PRIMARY KEY (controller_id, id)
);

-- The event that ends the need of somebody's data for an activity (T1b): the end of a contract, a
-- listing removed. The earliest counts; none is taken back, for it may have had data go.
CREATE TABLE storage_event (
    contact_id    uuid NOT NULL REFERENCES contact,
    id            uuid NOT NULL,
    controller_id uuid NOT NULL,
    activity_key  text NOT NULL,
    happened_on   date NOT NULL,
    ends_at       timestamptz NOT NULL,        -- the first instant behind the last day of storage, as worked out when it was recorded
    recorded_at   timestamptz NOT NULL,
    recorded_by   text NOT NULL CHECK (recorded_by <> ''),
    PRIMARY KEY (contact_id, id)
);
CREATE INDEX storage_event_ends ON storage_event (controller_id, ends_at, id);

-- +goose Down
DROP TABLE storage_event;
DROP TABLE retention_run;
-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT FROM hold WHERE released_at IS NULL) THEN
        RAISE EXCEPTION 'legal holds are in force, and an older program would erase what they keep: release them first';
    END IF;
END
$$;
-- +goose StatementEnd
DROP TABLE hold;
DELETE FROM alert WHERE kind IN ('erased_uninformed', 'hold_review');
DROP TABLE ledger_line, ledger;
