-- Which copy of the database this is, and who works on it.

-- +goose Up

-- Where a database stands. A dump read in elsewhere, a database made from another as its template, and
-- a server restored to an earlier point or promoted from a standby each give another place; a restart does not.
-- A role that may not ask for the server's identifier gets what it may know: the rest reads "unknown".
-- +goose StatementBegin
CREATE FUNCTION instance_place() RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    server text := 'unknown';
    line   text := 'unknown';
BEGIN
    BEGIN
        server := CAST((SELECT system_identifier FROM pg_control_system()) AS text);
    EXCEPTION WHEN insufficient_privilege OR undefined_function THEN
    END;
    BEGIN
        line := left(pg_walfile_name(pg_current_wal_lsn()), 8);
    EXCEPTION WHEN insufficient_privilege OR undefined_function OR object_not_in_prerequisite_state OR feature_not_supported THEN
    END;
    RETURN 'server=' || server || ' database=' || (SELECT oid FROM pg_database WHERE datname = current_database()) || ' timeline=' || line;
END $$;
-- +goose StatementEnd

ALTER TABLE instance
    ADD COLUMN place       text,
    ADD COLUMN label       text NOT NULL DEFAULT '',   -- what an operator calls it; '' not named
    ADD COLUMN held_at     timestamptz,                -- since when nothing is sent from here; null: it is this one that sends
    ADD COLUMN held_reason text NOT NULL DEFAULT '';

UPDATE instance SET place = instance_place(); -- of a schema that was taken back to before this one
ALTER TABLE instance ALTER COLUMN place SET NOT NULL;

-- Workers as they last said of themselves. A graceful stop removes the row; who is gone without one is seen by seen_at.
CREATE TABLE worker_heartbeat (
    id            uuid PRIMARY KEY,
    controller_id uuid NOT NULL REFERENCES controller,
    host          text NOT NULL,
    relay         text NOT NULL,
    relay_state   text NOT NULL,
    connections   integer NOT NULL,
    in_flight     integer NOT NULL,
    started_at    timestamptz NOT NULL,
    seen_at       timestamptz NOT NULL
);
ALTER TABLE worker_heartbeat SET (fillfactor = 50, autovacuum_vacuum_threshold = 200);

-- +goose Down
DROP TABLE worker_heartbeat;
ALTER TABLE instance DROP COLUMN place, DROP COLUMN label, DROP COLUMN held_at, DROP COLUMN held_reason;
DROP FUNCTION instance_place();
