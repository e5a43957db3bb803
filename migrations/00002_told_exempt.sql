-- People who were told before (14(5)(a)), and reviewed exemptions (14(5), E4).

-- +goose Up

-- Evidence that a person was told by another tool or at first contact: when, and
-- where the proof of it is. A reference, never a personal value.
CREATE TABLE prior_notice (
    contact_id    uuid NOT NULL REFERENCES contact,
    id            uuid NOT NULL,
    controller_id uuid NOT NULL,
    duty_id       uuid NOT NULL,
    told_at       timestamptz NOT NULL,
    proof         text NOT NULL CHECK (proof <> ''),
    import_id     uuid REFERENCES import,
    line          bigint NOT NULL,
    recorded_at   timestamptz NOT NULL,
    PRIMARY KEY (contact_id, id),
    UNIQUE (contact_id, duty_id, told_at, proof)   -- the same file read twice adds nothing
);

-- The ground on which people are not told, and who weighed it. Of one person, or
-- of all whom a filter finds: then two people answer for it.
CREATE TABLE exemption (
    id            uuid PRIMARY KEY,
    controller_id uuid NOT NULL REFERENCES controller,
    contact_id    uuid REFERENCES contact,        -- null: whomever the filter finds
    filter        jsonb NOT NULL,
    ground        text NOT NULL CHECK (ground IN ('14.5.a', '14.5.b', '14.5.c', '14.5.d')),
    because       jsonb NOT NULL,                 -- the factors of 14.5.b
    weighing      text NOT NULL CHECK (weighing <> ''),
    public_url    text NOT NULL,                  -- 14.5.b: where the information is made public
    law           text NOT NULL,                  -- 14.5.c and d
    review_on     date NOT NULL,
    review_at     timestamptz NOT NULL,           -- the first instant of that day in the controller's zone
    state         text NOT NULL CHECK (state IN ('proposed', 'excusing', 'in_force', 'ending', 'ended')),
    people        bigint NOT NULL,                -- as counted when it was proposed
    duties        bigint NOT NULL,
    excused       bigint NOT NULL DEFAULT 0,      -- duties excused so far
    position      uuid,                           -- the last contact gone through
    proposed_at   timestamptz NOT NULL,
    proposed_by   text NOT NULL,
    confirmed_at  timestamptz,
    confirmed_by  text NOT NULL DEFAULT '',
    withdrawn_at  timestamptz,
    withdrawn_by  text NOT NULL DEFAULT '',
    ended_at      timestamptz
);
CREATE INDEX exemption_running ON exemption (controller_id, state, review_at) WHERE state <> 'ended';

-- Which duties an exemption has excused, for ever.
CREATE TABLE exemption_duty (
    contact_id    uuid NOT NULL REFERENCES contact,
    exemption_id  uuid NOT NULL REFERENCES exemption,
    duty_id       uuid NOT NULL,
    excused_at    timestamptz NOT NULL,
    PRIMARY KEY (contact_id, exemption_id, duty_id)
);

ALTER TABLE duty
    ADD COLUMN told_at      timestamptz,   -- the earliest prior notice; set whatever the state
    ADD COLUMN exemption_id uuid;          -- while it stands excused by one

-- Duties whose person was told before and that are not ended yet: few at any time.
CREATE INDEX duty_told ON duty (controller_id, contact_id, id)
    WHERE told_at IS NOT NULL AND state IN ('open', 'in_flight', 'failed', 'blocked');
CREATE INDEX duty_exempted ON duty (exemption_id, contact_id, id) WHERE state = 'excused';
-- Lists: what is blocked by reason, and what was excused.
CREATE INDEX duty_blocked ON duty (controller_id, reason, due_at) WHERE state = 'blocked';
CREATE INDEX duty_excused ON duty (controller_id, contact_id, id) WHERE state = 'excused';

-- An alert that a person has seen to is settled; raised again, it is open again.
ALTER TABLE alert
    ADD COLUMN settled_at timestamptz,
    ADD COLUMN settled_by text NOT NULL DEFAULT '';
CREATE INDEX alert_open ON alert (controller_id, raised_at, id) WHERE settled_at IS NULL;

CREATE TRIGGER prior_notice_append_only BEFORE UPDATE ON prior_notice FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER exemption_duty_append_only BEFORE UPDATE ON exemption_duty FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP INDEX alert_open, duty_excused, duty_blocked, duty_exempted, duty_told;
ALTER TABLE alert DROP COLUMN settled_at, DROP COLUMN settled_by;
ALTER TABLE duty DROP COLUMN told_at, DROP COLUMN exemption_id;
DROP TABLE exemption_duty, exemption, prior_notice;
