-- name: passed_on
-- To whom data of these people were passed on, with the references under which they are known there.
SELECT DISTINCT d.contact_id, d.recipient, d.activity_key, COALESCE(r.reference, '') AS reference
FROM disclosure d
LEFT JOIN disclosure_reference r ON r.contact_id = d.contact_id AND r.disclosure_id = d.id
WHERE d.contact_id = ANY (CAST($1 AS uuid[])) AND d.kind = 'disclosure' AND d.recipient <> ''
ORDER BY 1, 2, 3, 4

-- name: telling_add
-- Each contact's row is locked by the transaction of the right, so that no number is given twice.
INSERT INTO telling (contact_id, id, controller_id, recipient_key, number, event, activity_key, way, state, made_at, keep_until, ready_at, ended_at, ended_why)
SELECT n.contact_id, n.id, $2, n.recipient_key,
    (SELECT COALESCE(max(t.number), 0) FROM telling t WHERE t.contact_id = n.contact_id AND t.recipient_key = n.recipient_key)
        + row_number() OVER (PARTITION BY n.contact_id, n.recipient_key ORDER BY n.place),
    n.event, n.activity_key, n.way, n.state, n.made_at, n.keep_until, n.made_at, CASE WHEN n.state = 'excused' THEN n.made_at END, n.why
FROM json_to_recordset(CAST($1 AS json)) AS n(contact_id uuid, id uuid, place int, recipient_key text, event text, activity_key text, way text,
    state text, why text, made_at timestamptz, keep_until timestamptz)

-- name: telling_value_add
INSERT INTO telling_value (contact_id, telling_id, controller_id, body)
SELECT n.contact_id, n.id, $2, n.body
FROM json_to_recordset(CAST($1 AS json)) AS n(contact_id uuid, id uuid, state text, body text)
WHERE n.state = 'waiting'

-- name: telling_system
-- How a recipient's system stands; no row: it is well. None is given on a copy of the database that is held.
SELECT COALESCE(max(r.failures), 0) AS failures, COALESCE(bool_or(r.disabled_at IS NOT NULL OR r.quiet_until > $3), false)
    OR EXISTS (SELECT FROM instance WHERE held_at IS NOT NULL OR place <> instance_place()) AS silent
FROM telling_recipient r
WHERE r.controller_id = $1 AND r.recipient_key = $2

-- name: telling_claim
-- The first that is open of each person.
UPDATE telling t
SET state = 'sending', claim_id = $4, lease_until = $5
FROM (
    SELECT w.contact_id, w.id
    FROM telling w
    WHERE w.controller_id = $1 AND w.recipient_key = $2 AND w.state = 'waiting' AND w.way = 'system' AND w.ready_at <= $3
        AND NOT EXISTS (SELECT FROM telling e WHERE e.contact_id = w.contact_id AND e.recipient_key = w.recipient_key
                        AND e.number < w.number AND e.state IN ('waiting', 'sending'))
    ORDER BY w.ready_at, w.contact_id, w.id
    LIMIT $6
    FOR NO KEY UPDATE SKIP LOCKED
) c
WHERE t.contact_id = c.contact_id AND t.id = c.id
RETURNING t.contact_id, t.id

-- name: telling_out_of_order
-- Of what a claim took, that before which something has been opened again meanwhile. It goes back.
UPDATE telling t
SET state = 'waiting', claim_id = NULL, lease_until = NULL
WHERE t.claim_id = $1 AND t.state = 'sending'
    AND EXISTS (SELECT FROM telling e WHERE e.contact_id = t.contact_id AND e.recipient_key = t.recipient_key
                AND e.number < t.number AND e.state IN ('waiting', 'sending'))

-- name: telling_jobs
SELECT t.contact_id, t.id, t.made_at, t.tries, v.body
FROM telling t
JOIN telling_value v ON v.contact_id = t.contact_id AND v.telling_id = t.id
WHERE t.claim_id = $1 AND t.state = 'sending'
ORDER BY t.ready_at, t.contact_id, t.id

-- name: telling_begin
UPDATE telling SET tries = tries + 1, lease_until = $4
WHERE contact_id = $1 AND id = $2 AND claim_id = $3 AND state = 'sending'

-- name: telling_attempt_add
INSERT INTO telling_attempt (contact_id, id, telling_id, begun_at) VALUES ($1, $2, $3, $4)

-- name: telling_attempt_end
UPDATE telling_attempt SET ended_at = $3, status = $4, fault = $5
WHERE contact_id = $1 AND id = $2 AND ended_at IS NULL

-- name: telling_lock
SELECT state, way, claim_id FROM telling WHERE contact_id = $1 AND id = $2 FOR NO KEY UPDATE

-- name: telling_settle
UPDATE telling
SET state = $3, claim_id = NULL, lease_until = NULL, ready_at = COALESCE($4, ready_at), ended_at = $5
WHERE contact_id = $1 AND id = $2

-- name: telling_value_erase
DELETE FROM telling_value v
USING json_to_recordset(CAST($1 AS json)) AS g(contact_id uuid, id uuid)
WHERE v.contact_id = g.contact_id AND v.telling_id = g.id

-- name: telling_system_set
INSERT INTO telling_recipient AS r (controller_id, recipient_key, failures, quiet_until, disabled_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (controller_id, recipient_key) DO UPDATE
SET failures = excluded.failures, quiet_until = excluded.quiet_until, disabled_at = COALESCE(r.disabled_at, excluded.disabled_at)

-- name: telling_release
-- What has begun stays, and waits for the end of its lease: nobody knows what came of it.
UPDATE telling t
SET state = 'waiting', claim_id = NULL, lease_until = NULL
WHERE t.claim_id = $1 AND t.state = 'sending'
    AND NOT EXISTS (SELECT FROM telling_attempt a WHERE a.contact_id = t.contact_id AND a.telling_id = t.id AND a.ended_at IS NULL)
RETURNING t.controller_id

-- name: telling_rescue
UPDATE telling t
SET state = 'waiting', claim_id = NULL, lease_until = NULL, ready_at = $2
FROM (
    SELECT contact_id, id FROM telling
    WHERE state = 'sending' AND controller_id = $1 AND lease_until < $2
    ORDER BY lease_until LIMIT 1000
    FOR NO KEY UPDATE SKIP LOCKED
) g
WHERE t.contact_id = g.contact_id AND t.id = g.id

-- name: telling_lapse
WITH over AS MATERIALIZED (
    SELECT contact_id, id, state, way FROM telling
    WHERE controller_id = $1 AND keep_until <= $2 AND state IN ('waiting', 'dead')
    ORDER BY keep_until, contact_id, id LIMIT $3
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE telling t
SET state = 'lapsed', ended_at = $2
FROM over o
WHERE t.contact_id = o.contact_id AND t.id = o.id
RETURNING t.contact_id, t.id, t.recipient_key, o.state AS was, o.way

-- name: telling_overdue
SELECT t.recipient_key, min(t.made_at) AS oldest, count(*) AS waiting
FROM (
    SELECT recipient_key, made_at FROM telling
    WHERE controller_id = $1 AND state IN ('waiting', 'sending', 'dead') AND made_at < $2
    ORDER BY made_at LIMIT 100000
) t
GROUP BY t.recipient_key
ORDER BY t.recipient_key

-- name: tellings
SELECT contact_id, id, recipient_key, number, event, activity_key, way, state, made_at, keep_until, ready_at, tries, ended_at, ended_by, ended_why
FROM telling
WHERE controller_id = $1 AND ($2 = '' OR state = $2) AND ($3 = '' OR recipient_key = $3)
    AND (CAST($4 AS uuid) IS NULL OR contact_id = $4) AND (CAST($5 AS uuid) IS NULL OR id < $5)
ORDER BY id DESC
LIMIT $6

-- name: telling
SELECT t.contact_id, t.id, t.recipient_key, t.number, t.event, t.activity_key, t.way, t.state, t.made_at, t.keep_until, t.ready_at, t.tries,
    t.ended_at, t.ended_by, t.ended_why, COALESCE(v.body, '') AS body
FROM telling t
LEFT JOIN telling_value v ON v.contact_id = t.contact_id AND v.telling_id = t.id
WHERE t.controller_id = $1 AND t.id = $2

-- name: telling_attempts
SELECT begun_at, ended_at, status, fault
FROM telling_attempt
WHERE contact_id = $1 AND telling_id = $2
ORDER BY begun_at, id

-- name: telling_lock_person
-- All that one recipient is told of one person, so that no claim takes any of it meanwhile.
SELECT id, number, state
FROM telling
WHERE contact_id = $1 AND recipient_key = $2
ORDER BY contact_id, id
FOR NO KEY UPDATE

-- name: telling_retry
UPDATE telling SET state = 'waiting', tries = 0, ready_at = $3 WHERE contact_id = $1 AND id = $2 AND state = 'dead'

-- name: telling_dead
SELECT contact_id, id, recipient_key, way, made_at FROM telling
WHERE controller_id = $1 AND recipient_key = $2 AND state = 'dead' AND (made_at, contact_id, id) > ($3, CAST($4 AS uuid), CAST($5 AS uuid))
ORDER BY made_at, contact_id, id
LIMIT $6

-- name: telling_enable
UPDATE telling_recipient SET failures = 0, quiet_until = NULL, disabled_at = NULL
WHERE controller_id = $1 AND recipient_key = $2 AND (disabled_at IS NOT NULL OR quiet_until IS NOT NULL)

-- name: telling_end
UPDATE telling SET state = $3, ended_at = $4, ended_by = $5, ended_why = $6
WHERE contact_id = $1 AND id = $2

-- name: telling_to_export
SELECT t.contact_id, t.id, t.recipient_key, t.number, t.event, t.activity_key, t.way, t.state, t.made_at, t.keep_until, t.ready_at, t.tries,
    t.ended_at, t.ended_by, t.ended_why, v.body
FROM telling t
JOIN telling_value v ON v.contact_id = t.contact_id AND v.telling_id = t.id
WHERE t.controller_id = $1 AND t.recipient_key = $2 AND (t.state = 'waiting' AND t.way = 'list' OR t.state = 'dead')
        AND NOT EXISTS (SELECT FROM telling e WHERE e.contact_id = t.contact_id AND e.recipient_key = t.recipient_key AND e.number < t.number
                        AND (e.state = 'sending' OR e.state = 'waiting' AND e.way = 'system'))
    AND (t.made_at, t.contact_id, t.id) > ($3, CAST($4 AS uuid), CAST($5 AS uuid))
ORDER BY t.made_at, t.contact_id, t.id
LIMIT $6

-- name: telling_exported
WITH given AS MATERIALIZED (
    SELECT t.contact_id, t.id, t.state, t.way
    FROM json_to_recordset(CAST($3 AS json)) AS g(contact_id uuid, id uuid)
    JOIN telling t ON t.contact_id = g.contact_id AND t.id = g.id
    WHERE t.controller_id = $1 AND t.recipient_key = $2 AND (t.state = 'waiting' AND t.way = 'list' OR t.state = 'dead')
        AND NOT EXISTS (SELECT FROM telling e WHERE e.contact_id = t.contact_id AND e.recipient_key = t.recipient_key AND e.number < t.number
                        AND (e.state = 'sending' OR e.state = 'waiting' AND e.way = 'system'))
    ORDER BY t.contact_id, t.id
    FOR NO KEY UPDATE OF t
)
UPDATE telling t
SET state = 'told', ended_at = $4, ended_by = $5, ended_why = $6
FROM given g
WHERE t.contact_id = g.contact_id AND t.id = g.id
RETURNING t.contact_id, t.id, g.state AS was, g.way

-- name: figures_tellings
SELECT min(made_at) FROM telling WHERE controller_id = $1 AND state IN ('waiting', 'sending', 'dead')
