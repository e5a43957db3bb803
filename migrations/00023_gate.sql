-- Uses of people's data: who was written to, and to whom data were passed on (Article
-- 15(1)(c), 19), and the tokens of programs that ask the gate (Article 14(3)(b), (c)).

-- Counters of them (counter_delta): disclosure '' > communication, disclosure, and beside_gate of those that the gate had refused.

-- +goose Up
CREATE TABLE disclosure (
    contact_id    uuid NOT NULL,
    id            uuid NOT NULL,
    controller_id uuid NOT NULL REFERENCES controller,
    activity_key  text NOT NULL,
    purpose_key   text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('communication', 'disclosure')),
    recipient     text NOT NULL,              -- '' for a communication of the controller's own
    at            timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL,
    by            text NOT NULL,              -- a token's name, or a person's
    allowed       boolean NOT NULL,           -- how the gate stood to it
    reason        text NOT NULL,
    idempotency   bytea,                      -- SHA-256 of the caller's name for it; null: none given
    PRIMARY KEY (contact_id, id),
    CHECK (allowed = (reason = '')),
    CHECK ((kind = 'disclosure') = (recipient <> ''))
);
CREATE UNIQUE INDEX disclosure_once ON disclosure (contact_id, by, idempotency) WHERE idempotency IS NOT NULL;

-- The recipient's own reference for the person, by which it finds them again. It goes
-- with the person; that data were passed on stays.
CREATE TABLE disclosure_reference (
    contact_id    uuid NOT NULL,
    disclosure_id uuid NOT NULL,
    reference     text NOT NULL,
    PRIMARY KEY (contact_id, disclosure_id)
);

CREATE TRIGGER disclosure_stays BEFORE UPDATE ON disclosure FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What is kept of a token is a hash: whoever reads the database can ask nothing with it.
CREATE TABLE api_token (
    controller_id uuid NOT NULL REFERENCES controller,
    id            text NOT NULL,              -- the part of it that is no secret
    hash          bytea NOT NULL,             -- SHA-256 of the secret part, which is random
    name          text NOT NULL,
    purposes      text[] NOT NULL,            -- purposes that it may ask about; empty: all
    created_at    timestamptz NOT NULL,
    created_by    text NOT NULL,
    revoked_at    timestamptz,
    revoked_by    text NOT NULL DEFAULT '',
    used_on       date,                       -- the last day on which it was used
    PRIMARY KEY (id),
    UNIQUE (controller_id, name)
);

-- +goose Down
DROP TABLE api_token;
DROP TABLE disclosure_reference;
DROP TABLE disclosure;
