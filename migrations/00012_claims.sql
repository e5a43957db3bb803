-- A claim costs one row for its hundreds of deliveries: the lease stands there, and
-- there it is prolonged. What a delivery costs besides is two versions of its own
-- row, an attempt, which bears the message, its outcome, and a version of each duty.

-- +goose Up
CREATE TABLE claim (
    id            uuid PRIMARY KEY,
    controller_id uuid NOT NULL REFERENCES controller,
    lease_until   timestamptz NOT NULL,  -- '-infinity': it was taken away, and never stands again
    open          integer NOT NULL,      -- deliveries that bear its id; with the last of them it goes
    contacts      uuid[] NOT NULL,       -- of the deliveries, in the same order
    deliveries    uuid[] NOT NULL        -- all that were claimed
);
ALTER TABLE claim ALTER COLUMN contacts SET STORAGE EXTERNAL, ALTER COLUMN deliveries SET STORAGE EXTERNAL; -- ids do not compress
CREATE INDEX claim_lease ON claim (controller_id, lease_until);
ALTER TABLE claim SET (fillfactor = 50, autovacuum_vacuum_threshold = 200);

INSERT INTO claim (id, controller_id, lease_until, open, contacts, deliveries)
SELECT claim_id, controller_id, COALESCE(min(lease_until), '-infinity'), count(*), array_agg(contact_id ORDER BY contact_id, id), array_agg(id ORDER BY contact_id, id)
FROM delivery
WHERE state = 'sending'
GROUP BY claim_id, controller_id;

-- The narrow indexes ask for the shelf, not for the state: from sending on a delivery
-- stands on none, and what changes no index costs none (heap-only tuples).
DROP INDEX delivery_ready, delivery_oldest, delivery_waiting, delivery_sending, delivery_campaign_open;
ALTER TABLE delivery
    DROP COLUMN lease_until,
    ADD COLUMN shelf text GENERATED ALWAYS AS (CASE WHEN state IN ('queued', 'deferred', 'uncertain') THEN state END) STORED;
CREATE INDEX delivery_ready ON delivery (lane, due_at, id) WHERE shelf = 'queued';
CREATE INDEX delivery_oldest ON delivery (lane, created_at) WHERE shelf = 'queued';
CREATE INDEX delivery_waiting ON delivery (controller_id, shelf, ready_at) WHERE shelf IN ('deferred', 'uncertain');
CREATE INDEX delivery_campaign_open ON delivery (campaign_id) WHERE shelf IN ('queued', 'deferred', 'uncertain');
ALTER TABLE delivery SET (fillfactor = 70);

ALTER TABLE attempt
    ADD COLUMN sha256      bytea,         -- of the message; like the rest of it on the first attempt only
    ADD COLUMN size        integer,
    ADD COLUMN composed_at timestamptz,
    ADD COLUMN slots       text;          -- what was put in, as JSON; null where it is erased

-- What became of an attempt is a row of its own, so that no row is written twice.
CREATE TABLE outcome (
    contact_id  uuid NOT NULL,
    id          uuid NOT NULL,          -- the attempt's
    delivery_id uuid NOT NULL,
    ended_at    timestamptz NOT NULL,
    outcome     text NOT NULL,          -- the state that followed
    stage       text NOT NULL,
    code        integer NOT NULL,
    enhanced    text NOT NULL,
    reply       text NOT NULL,          -- addresses masked
    PRIMARY KEY (contact_id, id)
);
INSERT INTO outcome (contact_id, id, delivery_id, ended_at, outcome, stage, code, enhanced, reply)
SELECT contact_id, id, delivery_id, COALESCE(ended_at, begun_at), outcome, stage, code, enhanced, reply
FROM attempt
WHERE outcome IS NOT NULL
ORDER BY contact_id, id;
ALTER TABLE attempt DROP COLUMN ended_at, DROP COLUMN outcome, DROP COLUMN stage, DROP COLUMN code, DROP COLUMN enhanced, DROP COLUMN reply;
ALTER TABLE attempt RESET (fillfactor);

UPDATE attempt a
SET sha256 = m.sha256, size = m.size, composed_at = m.composed_at,
    slots = (SELECT CAST(v.slots AS text) FROM message_values v WHERE v.contact_id = m.contact_id AND v.delivery_id = m.delivery_id)
FROM message m
WHERE a.contact_id = m.contact_id AND a.delivery_id = m.delivery_id AND a.number = 1;
DROP TABLE message_values, message;

-- One key for each, and that the one that must hold: each change of a row enters it in
-- every index anew. An id is unique by how it is made, and found among its contact's few.
ALTER TABLE duty DROP CONSTRAINT duty_pkey, DROP CONSTRAINT duty_contact_id_activity_key_source_key_cause_key,
    ADD PRIMARY KEY (contact_id, activity_key, source_key, cause); -- D5
ALTER TABLE identifier DROP CONSTRAINT identifier_pkey, DROP CONSTRAINT identifier_contact_id_kind_hash_key,
    ADD PRIMARY KEY (contact_id, kind, hash);

-- A trigger that fires before an update locks the row for it, and logs that. Behind it,
-- what may not be is refused as surely, and the conditions cost no lock.
DROP TRIGGER delivery_moves ON delivery;
DROP TRIGGER duty_moves ON duty;
DROP TRIGGER duty_due_is_fixed ON duty;
CREATE TRIGGER delivery_moves AFTER UPDATE OF state ON delivery FOR EACH ROW
WHEN (OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN (
    'queued>sending', 'sending>relayed', 'sending>queued', 'sending>deferred', 'sending>rejected',
    'sending>uncertain', 'deferred>queued', 'relayed>delivered', 'uncertain>queued', 'uncertain>relayed',
    'uncertain>delivered', 'uncertain>rejected', 'relayed>bounced', 'delivered>bounced', 'uncertain>bounced',
    'relayed>complained', 'delivered>complained', 'uncertain>complained',
    'queued>suppressed', 'deferred>suppressed', 'queued>cancelled', 'deferred>cancelled'))
EXECUTE FUNCTION refuse_move();

CREATE TRIGGER duty_moves AFTER UPDATE OF state ON duty FOR EACH ROW
WHEN (OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN (
    'open>in_flight', 'in_flight>met', 'in_flight>open', 'in_flight>failed', 'met>failed', 'failed>in_flight',
    'open>blocked', 'failed>blocked', 'blocked>open', 'open>excused', 'failed>excused', 'blocked>excused', 'excused>open',
    'open>erased', 'in_flight>erased', 'met>erased', 'failed>erased', 'blocked>erased', 'excused>erased'))
EXECUTE FUNCTION refuse_move();

CREATE TRIGGER duty_due_is_fixed AFTER UPDATE OF due_at ON duty FOR EACH ROW
WHEN (NEW.due_at > OLD.due_at)
EXECUTE FUNCTION refuse_later();

-- +goose Down
DROP TRIGGER delivery_moves ON delivery;
DROP TRIGGER duty_moves ON duty;
DROP TRIGGER duty_due_is_fixed ON duty;
CREATE TRIGGER delivery_moves BEFORE UPDATE OF state ON delivery FOR EACH ROW
WHEN (OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN (
    'queued>sending', 'sending>relayed', 'sending>queued', 'sending>deferred', 'sending>rejected',
    'sending>uncertain', 'deferred>queued', 'relayed>delivered', 'uncertain>queued', 'uncertain>relayed',
    'uncertain>delivered', 'uncertain>rejected', 'relayed>bounced', 'delivered>bounced', 'uncertain>bounced',
    'relayed>complained', 'delivered>complained', 'uncertain>complained',
    'queued>suppressed', 'deferred>suppressed', 'queued>cancelled', 'deferred>cancelled'))
EXECUTE FUNCTION refuse_move();

CREATE TRIGGER duty_moves BEFORE UPDATE OF state ON duty FOR EACH ROW
WHEN (OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN (
    'open>in_flight', 'in_flight>met', 'in_flight>open', 'in_flight>failed', 'met>failed', 'failed>in_flight',
    'open>blocked', 'failed>blocked', 'blocked>open', 'open>excused', 'failed>excused', 'blocked>excused', 'excused>open',
    'open>erased', 'in_flight>erased', 'met>erased', 'failed>erased', 'blocked>erased', 'excused>erased'))
EXECUTE FUNCTION refuse_move();

CREATE TRIGGER duty_due_is_fixed BEFORE UPDATE OF due_at ON duty FOR EACH ROW
WHEN (NEW.due_at > OLD.due_at)
EXECUTE FUNCTION refuse_later();

ALTER TABLE identifier DROP CONSTRAINT identifier_pkey, ADD PRIMARY KEY (contact_id, id), ADD UNIQUE (contact_id, kind, hash);
ALTER TABLE duty DROP CONSTRAINT duty_pkey, ADD PRIMARY KEY (contact_id, id), ADD UNIQUE (contact_id, activity_key, source_key, cause);
CREATE TABLE message (
    contact_id  uuid NOT NULL,
    delivery_id uuid NOT NULL,
    sha256      bytea NOT NULL,
    size        integer NOT NULL,
    composed_at timestamptz NOT NULL,
    PRIMARY KEY (contact_id, delivery_id)
);
CREATE TABLE message_values (
    contact_id  uuid NOT NULL,
    delivery_id uuid NOT NULL,
    slots       json NOT NULL,
    PRIMARY KEY (contact_id, delivery_id)
);
INSERT INTO message (contact_id, delivery_id, sha256, size, composed_at)
SELECT DISTINCT ON (contact_id, delivery_id) contact_id, delivery_id, sha256, size, composed_at FROM attempt WHERE sha256 IS NOT NULL
ORDER BY contact_id, delivery_id, number;
INSERT INTO message_values (contact_id, delivery_id, slots)
SELECT DISTINCT ON (contact_id, delivery_id) contact_id, delivery_id, CAST(slots AS json) FROM attempt WHERE slots IS NOT NULL
ORDER BY contact_id, delivery_id, number;
ALTER TABLE attempt DROP COLUMN sha256, DROP COLUMN size, DROP COLUMN composed_at, DROP COLUMN slots,
    ADD COLUMN ended_at timestamptz,
    ADD COLUMN outcome  text,
    ADD COLUMN stage    text NOT NULL DEFAULT '',
    ADD COLUMN code     integer NOT NULL DEFAULT 0,
    ADD COLUMN enhanced text NOT NULL DEFAULT '',
    ADD COLUMN reply    text NOT NULL DEFAULT '';
UPDATE attempt a
SET ended_at = o.ended_at, outcome = o.outcome, stage = o.stage, code = o.code, enhanced = o.enhanced, reply = o.reply
FROM outcome o
WHERE a.contact_id = o.contact_id AND a.id = o.id;
DROP TABLE outcome;
ALTER TABLE attempt SET (fillfactor = 70);

DROP INDEX delivery_ready, delivery_oldest, delivery_waiting, delivery_campaign_open;
ALTER TABLE delivery DROP COLUMN shelf, ADD COLUMN lease_until timestamptz;
ALTER TABLE delivery RESET (fillfactor);
UPDATE delivery d SET lease_until = c.lease_until FROM claim c WHERE c.id = d.claim_id;
DROP TABLE claim;
CREATE INDEX delivery_ready ON delivery (lane, due_at, id) WHERE state = 'queued';
CREATE INDEX delivery_oldest ON delivery (lane, created_at) WHERE state = 'queued';
CREATE INDEX delivery_waiting ON delivery (controller_id, state, ready_at) WHERE state IN ('deferred', 'uncertain');
CREATE INDEX delivery_sending ON delivery (claim_id) WHERE state = 'sending';
CREATE INDEX delivery_campaign_open ON delivery (campaign_id) WHERE state IN ('queued', 'deferred', 'uncertain');
