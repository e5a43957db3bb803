-- name: instance
SELECT id, created_at, label, place, held_at, held_reason, instance_place() AS here
FROM instance

-- name: instance_add
INSERT INTO instance (id, created_at, place)
VALUES ($1, $2, instance_place())
ON CONFLICT (only_one) DO NOTHING

-- name: instance_lock
SELECT id
FROM instance
FOR UPDATE

-- name: instance_hold
UPDATE instance
SET held_at = $1, held_reason = $2
WHERE held_at IS NULL

-- name: instance_refine
-- A part of the place became known that was unknown, and no known one differs.
UPDATE instance
SET place = $1

-- name: instance_label
UPDATE instance
SET label = $1
WHERE label = ''

-- name: instance_adopt
UPDATE instance
SET id = $1, place = instance_place(), label = $2, held_at = NULL, held_reason = ''

-- name: instance_controllers
SELECT id
FROM controller
ORDER BY id

-- name: heartbeat
INSERT INTO worker_heartbeat (id, controller_id, host, relay, relay_state, connections, allowed, in_flight, started_at, seen_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (id) DO UPDATE
SET relay_state = excluded.relay_state, connections = excluded.connections, allowed = excluded.allowed, in_flight = excluded.in_flight, seen_at = excluded.seen_at

-- name: heartbeat_forget
DELETE FROM worker_heartbeat
WHERE controller_id = $1 AND seen_at < $2

-- name: heartbeat_leave
DELETE FROM worker_heartbeat
WHERE id = $1

-- name: heartbeats
SELECT id, host, relay, relay_state, connections, allowed, in_flight, started_at, seen_at
FROM worker_heartbeat
WHERE controller_id = $1
ORDER BY started_at, id
