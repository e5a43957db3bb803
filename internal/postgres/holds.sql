-- name: hold_set
INSERT INTO hold (id, controller_id, contact_id, activity_key, source_key, reason, review_on, set_at, set_by)
VALUES ($1, $2, CAST($3 AS uuid), $4, $5, $6, $7, $8, $9)

-- name: hold_contact
SELECT count(*)
FROM contact
WHERE controller_id = $1 AND id = $2 AND erased_at IS NULL

-- name: holds
SELECT id, contact_id, activity_key, source_key, reason, review_on, set_at, set_by, released_at, released_by, released_why
FROM hold
WHERE controller_id = $1 AND ($2 OR released_at IS NULL)
ORDER BY set_at, id

-- name: holds_of
-- In force: about everybody, or about one of some contacts.
SELECT id, contact_id, activity_key, source_key, reason, review_on, set_at, set_by, released_at, released_by, released_why
FROM hold
WHERE controller_id = $1 AND released_at IS NULL AND (contact_id IS NULL OR contact_id = ANY (CAST($2 AS uuid[])))
ORDER BY set_at, id

-- name: hold_release
UPDATE hold
SET released_at = $3, released_by = $4, released_why = $5
WHERE controller_id = $1 AND id = $2 AND released_at IS NULL

-- name: run_save
INSERT INTO retention_run (controller_id, id, started_at, ended_at, people, whole, waiting, held, counts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (controller_id, id) DO UPDATE
SET ended_at = excluded.ended_at, people = excluded.people, whole = excluded.whole, waiting = excluded.waiting, held = excluded.held, counts = excluded.counts

-- name: run_drop_empty
DELETE FROM retention_run
WHERE controller_id = $1 AND people = 0 AND id <> $2 AND started_at <= $3

-- name: runs
SELECT id, started_at, ended_at, people, whole, waiting, held, counts
FROM retention_run
WHERE controller_id = $1 AND id < $2
ORDER BY id DESC
LIMIT $3

-- name: run_held
-- As the last run that came to its end found it.
SELECT held
FROM retention_run
WHERE controller_id = $1 AND ended_at IS NOT NULL
ORDER BY id DESC
LIMIT 1
