-- What holds back: what a relay bears and may be given, how a campaign begins, and
-- when a lane is refused for what we are.

-- +goose Up

-- Connections that the worker's relay is taken to bear.
ALTER TABLE worker_heartbeat ADD COLUMN allowed integer NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE worker_heartbeat DROP COLUMN allowed;
