-- What holds back: what a relay bears and may be given, how a campaign begins, and
-- when a lane is refused for what we are.

-- +goose Up

-- Connections that the worker's relay is taken to bear.
ALTER TABLE worker_heartbeat ADD COLUMN allowed integer NOT NULL DEFAULT 0;

-- What a relay with limits was given by all workers; the caps are those of the last
-- lease, for people to see.
CREATE TABLE relay_quota (
    controller_id uuid NOT NULL REFERENCES controller,
    relay         text NOT NULL,
    second        timestamptz,                 -- that in_second counts for
    in_second     integer NOT NULL DEFAULT 0,
    day           timestamptz,                 -- that on_day counts for: its first instant
    on_day        integer NOT NULL DEFAULT 0,
    per_second    integer NOT NULL DEFAULT 0,  -- 0: as the relay bears
    per_day       integer NOT NULL DEFAULT 0,  -- 0: no limit; less: nothing on this day
    PRIMARY KEY (controller_id, relay)
);
ALTER TABLE relay_quota SET (fillfactor = 50, autovacuum_vacuum_threshold = 200);

-- What the last attempts of a lane said of us; no more than a mark of each.
CREATE TABLE lane_standing (
    lane   bigint PRIMARY KEY REFERENCES lane,
    recent bytea NOT NULL
);
ALTER TABLE lane_standing SET (fillfactor = 50, autovacuum_vacuum_threshold = 200);

-- How many people a campaign may tell on a day, and how it begins. Claims lock this
-- row, not the campaign's.
CREATE TABLE campaign_allowance (
    campaign_id    uuid PRIMARY KEY REFERENCES campaign,
    daily          integer NOT NULL DEFAULT 0,   -- 0: no limit
    day            timestamptz,                  -- that today counts for: its first instant
    today          integer NOT NULL DEFAULT 0,
    canary         integer NOT NULL DEFAULT 0,   -- people who are told first; 0: there is no canary
    canary_left    integer NOT NULL DEFAULT 0,   -- of them, not yet claimed
    canary_wait    bigint NOT NULL DEFAULT 0,    -- seconds
    canary_share   double precision NOT NULL DEFAULT 0,
    canary_state   text NOT NULL DEFAULT '' CHECK (canary_state IN ('', 'sending', 'waiting', 'passed', 'failed', 'overridden')),
    canary_at      timestamptz
);
ALTER TABLE campaign_allowance SET (fillfactor = 50, autovacuum_vacuum_threshold = 200);

-- +goose Down
DROP TABLE campaign_allowance;
DROP TABLE lane_standing;
DROP TABLE relay_quota;
ALTER TABLE worker_heartbeat DROP COLUMN allowed;
