-- The first house: registers, people, duties, campaigns, deliveries.
--
-- Tables about people have the key (contact_id, id) and are joined on
-- contact_id, so that they can later be spread over several servers by it.
-- Every table carries its controller. Instants come in as parameters: nothing
-- here reads the database's own clock. Rules live in Go; what stands here only
-- refuses what Go must never do.

-- +goose Up

-- The instance itself: told apart from its clones later by this id.
CREATE TABLE instance (
    only_one   boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    id         uuid NOT NULL,
    created_at timestamptz NOT NULL
);

-- Fingerprints of the keys in use. A keyring that differs from what wrote the
-- hashes would silently make strangers of known people, so it is refused.
CREATE TABLE key_fingerprint (
    purpose     text NOT NULL,
    key_id      text NOT NULL,
    fingerprint bytea NOT NULL,
    first_seen  timestamptz NOT NULL,
    PRIMARY KEY (purpose, key_id)
);

CREATE TABLE controller (
    id         uuid PRIMARY KEY,
    key        text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL
);

-- Immutable versions of the register file, as it was given.
CREATE TABLE register_version (
    id            uuid PRIMARY KEY,
    controller_id uuid NOT NULL REFERENCES controller,
    version       integer NOT NULL,
    hash          bytea NOT NULL,
    body          bytea NOT NULL,
    applied_at    timestamptz NOT NULL,
    applied_by    text NOT NULL,
    UNIQUE (controller_id, version)
);

-- Versions whose new purposes are owed to everybody concerned (14(4)). A
-- version that is missing here was broken off, and is gone through again.
CREATE TABLE register_opened (
    register_version_id uuid PRIMARY KEY REFERENCES register_version,
    at                  timestamptz NOT NULL
);

-- ---------------------------------------------------------------- people

CREATE TABLE contact (
    id                uuid PRIMARY KEY,
    controller_id     uuid NOT NULL REFERENCES controller,
    name              text NOT NULL DEFAULT '',
    country           text NOT NULL DEFAULT '',   -- ISO 3166-1 alpha-2, '' unknown
    region            text NOT NULL DEFAULT '',
    city              text NOT NULL DEFAULT '',
    postal_code       text NOT NULL DEFAULT '',
    language          text NOT NULL DEFAULT '',   -- stated preference, as a base code
    organisation      text NOT NULL DEFAULT '',
    job_title         text NOT NULL DEFAULT '',
    first_obtained_at timestamptz,                -- T1: retention counts from here, never renewed
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    objected_at       timestamptz                 -- R5: use has stopped
);

CREATE TABLE identifier (
    contact_id    uuid NOT NULL REFERENCES contact,
    id            uuid NOT NULL,
    controller_id uuid NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('source_ref', 'profile_url', 'email', 'phone', 'row')),
    hash          bytea NOT NULL,                 -- HMAC-SHA-256 of the normal form
    key_id        text NOT NULL,
    value         text NOT NULL,
    added_at      timestamptz NOT NULL,
    PRIMARY KEY (contact_id, id),
    UNIQUE (contact_id, kind, hash)
);
CREATE INDEX identifier_hash ON identifier (controller_id, kind, hash);

-- One run of an import; its position lets a second run go on where it stopped.
CREATE TABLE import (
    id            uuid PRIMARY KEY,
    controller_id uuid NOT NULL REFERENCES controller,
    source_key    text NOT NULL,
    activity_key  text NOT NULL,
    file_name     text NOT NULL,
    file_hash     bytea NOT NULL,
    settings_hash bytea NOT NULL,                 -- mapping, basis: another reading of the file is another import
    basis         text NOT NULL DEFAULT '',       -- what a person stated about rows without a date, and who (D4)
    started_at    timestamptz NOT NULL,
    finished_at   timestamptz,
    position      bigint NOT NULL DEFAULT 0,      -- rows done
    accepted      bigint NOT NULL DEFAULT 0,
    merged        bigint NOT NULL DEFAULT 0,
    refused       bigint NOT NULL DEFAULT 0,
    UNIQUE (controller_id, source_key, activity_key, file_hash, settings_hash)
);

CREATE TABLE acquisition (
    contact_id     uuid NOT NULL REFERENCES contact,
    id             uuid NOT NULL,
    controller_id  uuid NOT NULL,
    source_key     text NOT NULL,
    activity_key   text NOT NULL,
    obtained_at    timestamptz,                   -- null: unknown, and so overdue (D4)
    obtained_basis text NOT NULL,
    page           text NOT NULL DEFAULT '',
    visibility     text NOT NULL CHECK (visibility IN ('public', 'restricted', 'unknown')),
    import_id      uuid REFERENCES import,
    line           bigint,
    recorded_at    timestamptz NOT NULL,
    PRIMARY KEY (contact_id, id)
);
-- S1, D5: the same obtaining read twice is one row; that it was restricted (S4)
-- is news.
CREATE UNIQUE INDEX acquisition_once ON acquisition
    (contact_id, source_key, activity_key, COALESCE(obtained_at, '-infinity'), page, visibility);

CREATE TABLE duty (
    contact_id     uuid NOT NULL REFERENCES contact,
    id             uuid NOT NULL,
    controller_id  uuid NOT NULL,
    activity_key   text NOT NULL,
    source_key     text NOT NULL,
    cause          text NOT NULL,                 -- 'acquisition', or 'purpose:<key>' (14(4))
    acquisition_id uuid,
    obtained_at    timestamptz,
    due_at         timestamptz NOT NULL,
    due_rule       text NOT NULL,                 -- 14.3.a, 14.3.b, 14.3.c, 14.4, unknown
    due_inputs     jsonb NOT NULL,                -- from what due_at was computed
    state          text NOT NULL CHECK (state IN ('open', 'in_flight', 'met', 'failed', 'blocked', 'excused', 'erased')),
    reason         text NOT NULL DEFAULT '',      -- why blocked, failed or excused: a bounded code
    detail         text NOT NULL DEFAULT '',      -- what would unblock it; never a personal value
    opened_at      timestamptz NOT NULL,
    met_at         timestamptz,
    delivery_id    uuid,                          -- the delivery under way, or that met it
    PRIMARY KEY (contact_id, id),
    UNIQUE (contact_id, activity_key, source_key, cause)   -- D5
);
CREATE INDEX duty_to_plan ON duty (controller_id, activity_key, contact_id)
    WHERE state IN ('open', 'failed', 'blocked');
CREATE INDEX duty_due ON duty (controller_id, due_at)
    WHERE state IN ('open', 'in_flight', 'failed', 'blocked');
CREATE INDEX duty_failed ON duty (controller_id, activity_key, contact_id) WHERE state = 'failed';

-- What happened to a duty beside the plain way open, in_flight, met.
CREATE TABLE duty_history (
    contact_id  uuid NOT NULL,
    id          uuid NOT NULL,
    duty_id     uuid NOT NULL,
    at          timestamptz NOT NULL,
    from_state  text NOT NULL,
    to_state    text NOT NULL,
    reason      text NOT NULL,
    delivery_id uuid,
    PRIMARY KEY (contact_id, id)
);

CREATE TABLE suppression (
    controller_id uuid NOT NULL REFERENCES controller,
    id            uuid NOT NULL,
    kind          text NOT NULL,
    hash          bytea NOT NULL,
    key_id        text NOT NULL,
    scope         text NOT NULL CHECK (scope IN ('address', 'use', 'marketing')),
    reason        text NOT NULL,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz,
    PRIMARY KEY (controller_id, kind, hash, scope)
);

-- -------------------------------------------------------------- campaigns

-- Approved skeletons, addressed by the hash of their bytes.
CREATE TABLE skeleton (
    hash bytea PRIMARY KEY,
    body bytea NOT NULL
);

CREATE TABLE content_version (
    id                  uuid PRIMARY KEY,
    controller_id       uuid NOT NULL REFERENCES controller,
    hash                bytea NOT NULL,
    activity_key        text NOT NULL,
    register_version_id uuid NOT NULL REFERENCES register_version,
    created_at          timestamptz NOT NULL,
    UNIQUE (controller_id, hash)
);

CREATE TABLE content_version_skeleton (
    content_version_id uuid NOT NULL REFERENCES content_version,
    document           text NOT NULL,   -- notice, objection_receipt, access_receipt
    languages          text NOT NULL,   -- 'fr', or 'fr+de' for all of them in one mail (L3)
    form               text NOT NULL,   -- the sources it names: 'linkedin', 'linkedin+whois'
    skeleton_hash      bytea NOT NULL REFERENCES skeleton,
    PRIMARY KEY (content_version_id, document, languages, form)
);

CREATE TABLE campaign (
    id                 uuid PRIMARY KEY,
    controller_id      uuid NOT NULL REFERENCES controller,
    key                text NOT NULL,
    activity_key       text NOT NULL,
    kind               text NOT NULL CHECK (kind IN ('once', 'standing')),
    filter             jsonb NOT NULL DEFAULT '{}',
    state              text NOT NULL CHECK (state IN ('draft', 'freezing', 'approved', 'running', 'paused', 'finished', 'cancelled')),
    pace               integer NOT NULL DEFAULT 0,   -- notices a second, 0: as the relay bears
    created_at         timestamptz NOT NULL,
    created_by         text NOT NULL,
    content_version_id uuid REFERENCES content_version,
    approved_at        timestamptz,
    approved_by        text,
    approved_people    bigint,
    frozen_until       uuid,                         -- the last contact that was placed
    started_at         timestamptz,
    ended_at           timestamptz,
    UNIQUE (controller_id, key)
);

-- What people did, for the record: campaigns, registers, exemptions.
CREATE TABLE audit (
    id            uuid PRIMARY KEY,
    controller_id uuid NOT NULL REFERENCES controller,
    at            timestamptz NOT NULL,
    actor         text NOT NULL,
    action        text NOT NULL,
    subject       text NOT NULL,
    detail        jsonb NOT NULL DEFAULT '{}'
);

-- ------------------------------------------------------------- deliveries

CREATE TABLE lane (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    controller_id uuid NOT NULL REFERENCES controller,
    campaign_id   uuid REFERENCES campaign,          -- null: the express lane for correspondence
    relay         text NOT NULL,
    domain_class  text NOT NULL,
    state         text NOT NULL CHECK (state IN ('closed', 'open', 'paused')),
    reason        text NOT NULL DEFAULT '',
    pace          integer NOT NULL DEFAULT 0,        -- a second, 0: unlimited
    pace_second   timestamptz,                       -- the second that pace_used counts for
    pace_used     integer NOT NULL DEFAULT 0,
    UNIQUE NULLS NOT DISTINCT (controller_id, campaign_id, relay, domain_class)
);

CREATE TABLE delivery (
    contact_id         uuid NOT NULL REFERENCES contact,
    id                 uuid NOT NULL,
    controller_id      uuid NOT NULL,
    campaign_id        uuid REFERENCES campaign,     -- null: correspondence
    lane               bigint NOT NULL REFERENCES lane,
    document           text NOT NULL,
    channel            text NOT NULL CHECK (channel IN ('email', 'letter')),
    identifier_id      uuid NOT NULL,
    languages          text NOT NULL,
    language_rule      text NOT NULL,
    form               text NOT NULL,
    content_version_id uuid NOT NULL REFERENCES content_version,
    skeleton_hash      bytea NOT NULL REFERENCES skeleton,
    code               text NOT NULL,                -- what a reader types instead of clicking
    state              text NOT NULL CHECK (state IN ('queued', 'sending', 'deferred', 'relayed', 'delivered', 'rejected', 'uncertain', 'bounced', 'complained', 'suppressed', 'cancelled')),
    due_at             timestamptz NOT NULL,         -- the earliest due_at of the duties that it discharges
    ready_at           timestamptz NOT NULL,         -- when deferred or uncertain: not before
    attempts           integer NOT NULL DEFAULT 0,
    claim_id           uuid,
    lease_until        timestamptz,
    composed_at        timestamptz,                  -- fixes Date, and with it the bytes
    settled_at         timestamptz,
    created_at         timestamptz NOT NULL,
    reply_class        text NOT NULL DEFAULT '',
    PRIMARY KEY (contact_id, id),
    CHECK ((state = 'sending') = (claim_id IS NOT NULL))
);
CREATE UNIQUE INDEX delivery_id ON delivery (id);
CREATE UNIQUE INDEX delivery_code ON delivery (controller_id, code);
CREATE INDEX delivery_ready ON delivery (lane, due_at, id) WHERE state = 'queued';
CREATE INDEX delivery_oldest ON delivery (lane, created_at) WHERE state = 'queued';
CREATE INDEX delivery_waiting ON delivery (controller_id, state, ready_at) WHERE state IN ('deferred', 'uncertain');
CREATE INDEX delivery_leased ON delivery (controller_id, lease_until) WHERE state = 'sending';
CREATE INDEX delivery_claim ON delivery (claim_id) WHERE state = 'sending';
CREATE INDEX delivery_campaign_open ON delivery (campaign_id) WHERE state IN ('queued', 'sending', 'deferred', 'uncertain');

CREATE TABLE delivery_duty (
    contact_id  uuid NOT NULL,
    delivery_id uuid NOT NULL,
    duty_id     uuid NOT NULL,
    PRIMARY KEY (contact_id, delivery_id, duty_id)
);

-- The values put into the skeleton, and the commitment to the bytes that went
-- out. The values stand apart so that erasure can remove them and the hash stays.
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
    slots       jsonb NOT NULL,
    PRIMARY KEY (contact_id, delivery_id)
);

CREATE TABLE attempt (
    contact_id  uuid NOT NULL,
    id          uuid NOT NULL,
    delivery_id uuid NOT NULL,
    number      integer NOT NULL,
    claim_id    uuid NOT NULL,
    relay       text NOT NULL,
    begun_at    timestamptz NOT NULL,
    ended_at    timestamptz,
    outcome     text,                  -- the state that followed; null: begun and not settled
    stage       text NOT NULL DEFAULT '',
    code        integer NOT NULL DEFAULT 0,
    enhanced    text NOT NULL DEFAULT '',
    reply       text NOT NULL DEFAULT '',   -- addresses masked
    PRIMARY KEY (contact_id, id),
    UNIQUE (contact_id, delivery_id, number)
);

-- Counters that people watch. Whoever moves rows notes one delta row for each
-- batch and (campaign, from, to); a job folds them into counter. What is counted:
--   contact      '' > known                 import      '' > accepted, merged, refused
--   duty         by state                   blocked     by reason, of the duties that are blocked
--   owed         duties not yet met, by the UTC hour of due_at: '2026-01-31T22'
--   met_late     '' > late                  language    '' > 'fr', notices handed over
--   delivery     notices by state           correspondence  the other documents by state
--   attempt      '' > outcome               objection   '' > way
--   request      '' > received              alert       '' > kind
CREATE TABLE counter_delta (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    controller_id uuid NOT NULL,
    campaign_id   uuid,                -- of deliveries only
    what          text NOT NULL,
    from_state    text NOT NULL,       -- '' where a row was made
    to_state      text NOT NULL,       -- '' where it no longer counts
    n             bigint NOT NULL,
    at            timestamptz          -- where a rate is made of it
);
CREATE TABLE counter (
    controller_id uuid NOT NULL,
    campaign_id   uuid,
    what          text NOT NULL,
    state         text NOT NULL,
    n             bigint NOT NULL,
    UNIQUE NULLS NOT DISTINCT (controller_id, campaign_id, what, state)
);
-- Notices handed over in each second, of the last hours: for rates.
CREATE TABLE handed_over (
    controller_id uuid NOT NULL,
    second        timestamptz NOT NULL,
    n             bigint NOT NULL,
    PRIMARY KEY (controller_id, second)
);

CREATE TABLE alert (
    id            uuid PRIMARY KEY,
    controller_id uuid NOT NULL,
    kind          text NOT NULL,
    subject       text NOT NULL,       -- an id, never an address
    raised_at     timestamptz NOT NULL,
    detail        text NOT NULL,
    UNIQUE (controller_id, kind, subject)
);

-- Rows that move often leave dead ones behind; a claim must not wade through them.
ALTER TABLE delivery SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE duty SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE lane SET (fillfactor = 50, autovacuum_vacuum_threshold = 200);
ALTER TABLE counter SET (fillfactor = 50, autovacuum_vacuum_threshold = 200);
ALTER TABLE counter_delta SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- ----------------------------------------------------------------- rights

CREATE TABLE objection (
    contact_id    uuid NOT NULL REFERENCES contact,
    id            uuid NOT NULL,
    controller_id uuid NOT NULL,
    activity_key  text NOT NULL,
    scope         text NOT NULL CHECK (scope IN ('all', 'marketing')),
    way           text NOT NULL CHECK (way IN ('page', 'one_click')),
    made_at       timestamptz NOT NULL,
    delivery_id   uuid NOT NULL,
    PRIMARY KEY (contact_id, id),
    UNIQUE (contact_id, activity_key, scope)
);

CREATE TABLE request (
    contact_id    uuid NOT NULL REFERENCES contact,
    id            uuid NOT NULL,
    controller_id uuid NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('access')),
    way           text NOT NULL,
    received_at   timestamptz NOT NULL,
    due_at        timestamptz NOT NULL,
    state         text NOT NULL CHECK (state IN ('received')),
    delivery_id   uuid NOT NULL,
    PRIMARY KEY (contact_id, id)
);
CREATE UNIQUE INDEX request_open ON request (contact_id, kind) WHERE state = 'received';

-- ----------------------------------------------- what the database refuses

-- +goose StatementBegin
CREATE FUNCTION refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'article14: % % may not go from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state
        USING ERRCODE = 'check_violation';
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'article14: % is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION refuse_later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'article14: the date of duty % may only move forward', OLD.id USING ERRCODE = 'check_violation';
END $$;
-- +goose StatementEnd

-- The conditions stand in WHEN, so that a legal move costs no function call.
-- mailer.DeliveryMoves and mailer.DutyMoves are the same tables in Go; a test compares them.
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

CREATE TRIGGER acquisition_append_only BEFORE UPDATE ON acquisition FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER duty_history_append_only BEFORE UPDATE ON duty_history FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER register_version_append_only BEFORE UPDATE OR DELETE ON register_version FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER skeleton_append_only BEFORE UPDATE OR DELETE ON skeleton FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER content_version_append_only BEFORE UPDATE OR DELETE ON content_version FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE request, objection, alert, handed_over, counter, counter_delta, attempt, message_values, message, delivery_duty, delivery, lane,
    audit, campaign, content_version_skeleton, content_version, skeleton, suppression, duty_history, duty, acquisition,
    import, identifier, contact, register_opened, register_version, controller, key_fingerprint, instance;
DROP FUNCTION refuse_move(), refuse_change(), refuse_later();
