-- Telling recipients of what people asked for (Art. 19): one row for each recipient and
-- event, made in the transaction of the right itself, and sent or exported from here. They have
-- no person's values: those stand apart in telling_value, and go as soon as they are told.

-- Counters of them (counter_delta): telling '' > state, to_export for those that wait for a person;
-- telling_attempt '' > taken, refused, failed.

-- +goose Up
CREATE TABLE telling (
    contact_id    uuid NOT NULL,
    id            uuid NOT NULL,                 -- the webhook's id, the same in every attempt
    controller_id uuid NOT NULL REFERENCES controller,
    recipient_key text NOT NULL,                 -- as in the register; it need not be declared any more
    number        integer NOT NULL,              -- of this contact and recipient: they are told in this order
    event         text NOT NULL CHECK (event IN ('contact.objected', 'contact.objection_taken_back', 'contact.erased', 'contact.rectified',
                      'contact.restricted', 'contact.restriction_lifted')),
    activity_key  text NOT NULL,                 -- '' all
    way           text NOT NULL CHECK (way IN ('system', 'list')),
    state         text NOT NULL CHECK (state IN ('waiting', 'sending', 'told', 'dead', 'done', 'excused', 'lapsed')),
    made_at       timestamptz NOT NULL,
    keep_until    timestamptz NOT NULL,          -- the end of its values, told or not (T4)
    ready_at      timestamptz NOT NULL,
    tries         integer NOT NULL DEFAULT 0,    -- since it was made, or a person had it tried again
    claim_id      uuid,
    lease_until   timestamptz,
    ended_at      timestamptz,
    ended_by      text NOT NULL DEFAULT '',      -- a person; '' the recipient's system
    ended_why     text NOT NULL DEFAULT '',
    PRIMARY KEY (contact_id, id),
    UNIQUE (contact_id, recipient_key, number),
    CHECK ((state = 'sending') = (claim_id IS NOT NULL AND lease_until IS NOT NULL)),
    CHECK ((state IN ('waiting', 'sending', 'dead')) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX telling_id ON telling (id);
CREATE INDEX telling_ready ON telling (controller_id, recipient_key, ready_at, contact_id, id) WHERE state = 'waiting';
CREATE INDEX telling_open ON telling (controller_id, made_at, contact_id, id) WHERE state IN ('waiting', 'sending', 'dead');
CREATE INDEX telling_keep ON telling (controller_id, keep_until, contact_id, id) WHERE state IN ('waiting', 'dead');
CREATE INDEX telling_lease ON telling (lease_until) WHERE state = 'sending';
CREATE INDEX telling_claim ON telling (claim_id) WHERE claim_id IS NOT NULL;
CREATE INDEX telling_newest ON telling (controller_id, id);

-- The values of one that is not told yet: what its recipient gets. They outlive the person's
-- own rows, since an erasure is among what is told, and nothing else (T4).
CREATE TABLE telling_value (
    contact_id    uuid NOT NULL,
    telling_id    uuid NOT NULL,
    controller_id uuid NOT NULL REFERENCES controller,
    body          text NOT NULL,                 -- docs/telling.schema.json, as it is signed
    PRIMARY KEY (contact_id, telling_id)
);

-- One request to a recipient's system, on record before it is made.
CREATE TABLE telling_attempt (
    contact_id    uuid NOT NULL,
    id            uuid NOT NULL,
    telling_id    uuid NOT NULL,
    begun_at      timestamptz NOT NULL,
    ended_at      timestamptz,                   -- null: nobody knows what came of it
    status        integer NOT NULL DEFAULT 0,    -- of HTTP; 0: there was no answer
    fault         text NOT NULL DEFAULT '',      -- why there was none
    PRIMARY KEY (contact_id, id)
);
CREATE INDEX telling_attempt_of ON telling_attempt (contact_id, telling_id, begun_at);

-- How a recipient's system stands; none on record is well.
CREATE TABLE telling_recipient (
    controller_id uuid NOT NULL REFERENCES controller,
    recipient_key text NOT NULL,
    failures      integer NOT NULL DEFAULT 0,    -- in a row, that were about the system and not about one telling
    quiet_until   timestamptz,                   -- it is left alone until then
    disabled_at   timestamptz,                   -- it said that it is gone for good (410)
    PRIMARY KEY (controller_id, recipient_key)
);

-- mailer.TellMoves is the same table in Go; a test compares them.
CREATE TRIGGER telling_moves BEFORE UPDATE OF state ON telling FOR EACH ROW
WHEN (OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN (
    'waiting>sending', 'waiting>told', 'waiting>done', 'waiting>lapsed', 'sending>waiting', 'sending>told', 'sending>dead',
    'dead>waiting', 'dead>told', 'dead>done', 'dead>lapsed', 'lapsed>done'))
EXECUTE FUNCTION refuse_move();

-- +goose Down
-- Without these rows nobody could tell recipients what they have to be told.
-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT FROM telling WHERE state IN ('waiting', 'sending', 'dead')) THEN
        RAISE EXCEPTION 'recipients are still to be told: see to it first (article14 telling list)';
    END IF;
END
$$;
-- +goose StatementEnd
DROP TABLE telling_recipient, telling_attempt, telling_value, telling;
