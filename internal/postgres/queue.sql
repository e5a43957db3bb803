-- name: begin_deliveries
-- An attempt that is on record already is not counted again.
WITH standing AS MATERIALIZED (
    SELECT d.contact_id, d.id, b.id AS attempt_id, b.composed_at,
        EXISTS (SELECT FROM attempt a WHERE a.contact_id = b.contact_id AND a.id = b.id) AS again
    FROM json_to_recordset(CAST($1 AS json)) AS b(contact_id uuid, id uuid, delivery_id uuid, claim_id uuid, composed_at timestamptz)
    JOIN delivery d ON d.contact_id = b.contact_id AND d.id = b.delivery_id
    WHERE d.state = 'sending' AND d.claim_id = b.claim_id
    ORDER BY d.contact_id, d.id
    FOR NO KEY UPDATE OF d
)
UPDATE delivery d
SET attempts = d.attempts + CASE WHEN s.again THEN 0 ELSE 1 END,
    composed_at = COALESCE(d.composed_at, s.composed_at),
    lease_until = GREATEST(d.lease_until, $2)
FROM standing s
WHERE d.contact_id = s.contact_id AND d.id = s.id
RETURNING s.attempt_id

-- name: begin_attempts
INSERT INTO attempt (contact_id, id, delivery_id, number, claim_id, relay, begun_at)
SELECT contact_id, id, delivery_id, number, claim_id, relay, begun_at
FROM json_to_recordset(CAST($1 AS json)) AS b(contact_id uuid, id uuid, delivery_id uuid, number integer, claim_id uuid, relay text, begun_at timestamptz)
ON CONFLICT (contact_id, id) DO NOTHING

-- name: begin_messages
INSERT INTO message (contact_id, delivery_id, sha256, size, composed_at)
SELECT contact_id, delivery_id, decode(sha256, 'base64'), size, composed_at
FROM json_to_recordset(CAST($1 AS json)) AS b(contact_id uuid, delivery_id uuid, sha256 text, size integer, composed_at timestamptz)
WHERE sha256 IS NOT NULL
ON CONFLICT (contact_id, delivery_id) DO NOTHING

-- name: begin_values
INSERT INTO message_values (contact_id, delivery_id, slots)
SELECT contact_id, delivery_id, COALESCE(slots, '{}')
FROM json_to_recordset(CAST($1 AS json)) AS b(contact_id uuid, delivery_id uuid, sha256 text, slots jsonb)
WHERE sha256 IS NOT NULL
ON CONFLICT (contact_id, delivery_id) DO NOTHING

-- name: release_deliveries
WITH held AS MATERIALIZED (
    SELECT d.contact_id, d.id,
        (SELECT count(*) FROM attempt a
         WHERE a.contact_id = d.contact_id AND a.delivery_id = d.id AND a.claim_id = d.claim_id AND a.outcome IS NULL) AS untouched
    FROM delivery d
    WHERE d.claim_id = $1 AND d.state = 'sending' AND d.id = ANY (CAST($2 AS uuid[]))
    ORDER BY d.contact_id, d.id
    FOR NO KEY UPDATE
)
UPDATE delivery d
SET state = 'queued', claim_id = NULL, lease_until = NULL, attempts = d.attempts - h.untouched,
    composed_at = CASE WHEN d.attempts > h.untouched THEN d.composed_at END
FROM held h
WHERE d.contact_id = h.contact_id AND d.id = h.id
RETURNING d.contact_id, d.id, d.controller_id, d.campaign_id, d.document, d.languages, 'sending' AS from_state, d.state AS to_state

-- name: release_attempts
DELETE FROM attempt
WHERE claim_id = $1 AND outcome IS NULL AND contact_id = ANY (CAST($2 AS uuid[])) AND delivery_id = ANY (CAST($3 AS uuid[]))

-- name: release_messages
DELETE FROM message m
USING delivery d
WHERE d.contact_id = m.contact_id AND d.id = m.delivery_id AND d.attempts = 0
    AND m.contact_id = ANY (CAST($1 AS uuid[])) AND m.delivery_id = ANY (CAST($2 AS uuid[]))

-- name: release_values
DELETE FROM message_values m
USING delivery d
WHERE d.contact_id = m.contact_id AND d.id = m.delivery_id AND d.attempts = 0
    AND m.contact_id = ANY (CAST($1 AS uuid[])) AND m.delivery_id = ANY (CAST($2 AS uuid[]))

-- name: renew
WITH held AS MATERIALIZED (
    SELECT contact_id, id
    FROM delivery
    WHERE claim_id = $1 AND state = 'sending'
    ORDER BY contact_id, id
    FOR NO KEY UPDATE
)
UPDATE delivery d
SET lease_until = GREATEST(d.lease_until, $2)
FROM held h
WHERE d.contact_id = h.contact_id AND d.id = h.id

-- name: wake
-- What is uncertain of a cancelled campaign is left to a person: it may have
-- arrived, and it is not going to be sent again.
WITH due AS MATERIALIZED (
    SELECT d.contact_id, d.id, d.state
    FROM delivery d
    WHERE d.controller_id = $1 AND d.state = $2 AND d.state IN ('deferred', 'uncertain') AND d.ready_at <= $3
        AND (d.state <> 'uncertain' OR NOT EXISTS (SELECT FROM campaign c WHERE c.id = d.campaign_id AND c.state = 'cancelled'))
    ORDER BY d.ready_at
    LIMIT $4
    FOR NO KEY UPDATE OF d SKIP LOCKED
)
UPDATE delivery d
SET state = 'queued'
FROM due w
WHERE d.contact_id = w.contact_id AND d.id = w.id
RETURNING d.contact_id, d.id, d.controller_id, d.campaign_id, d.document, d.languages, w.state AS from_state, d.state AS to_state

-- name: rescue
-- A worker that settles, begins or renews at this moment has the row locked, or
-- has changed what is asked for here; either way it is passed over.
WITH lost AS MATERIALIZED (
    SELECT contact_id, id, claim_id
    FROM delivery
    WHERE controller_id = $1 AND state = 'sending' AND lease_until < $2
    ORDER BY lease_until
    LIMIT $4
    FOR NO KEY UPDATE SKIP LOCKED
), begun AS (
    UPDATE attempt a
    SET outcome = 'uncertain', ended_at = $2
    FROM lost l
    WHERE a.contact_id = l.contact_id AND a.delivery_id = l.id AND a.claim_id = l.claim_id AND a.outcome IS NULL
    RETURNING a.contact_id, a.delivery_id
)
UPDATE delivery d
SET state = CASE WHEN b.delivery_id IS NULL THEN 'queued' ELSE 'uncertain' END,
    ready_at = CASE WHEN b.delivery_id IS NULL THEN d.ready_at ELSE $3 END,
    claim_id = NULL, lease_until = NULL
FROM lost l
LEFT JOIN begun b ON b.contact_id = l.contact_id AND b.delivery_id = l.id
WHERE d.contact_id = l.contact_id AND d.id = l.id
RETURNING d.contact_id, d.id, d.controller_id, d.campaign_id, d.document, d.languages, 'sending' AS from_state, d.state AS to_state

-- name: finish_leftovers
SELECT c.id
FROM campaign c
WHERE c.controller_id = $1 AND c.state = 'cancelled'
    AND EXISTS (
        SELECT FROM delivery d
        WHERE d.campaign_id = c.id AND d.state IN ('queued', 'deferred')
            AND (d.attempts = 0 OR NOT EXISTS (
                SELECT FROM attempt a WHERE a.contact_id = d.contact_id AND a.delivery_id = d.id AND a.outcome = 'uncertain')))
ORDER BY c.id

-- name: finish_lock
-- One that is being placed into is not done.
SELECT id
FROM campaign
WHERE controller_id = $1 AND state = 'running' AND kind = 'once'
ORDER BY id
FOR NO KEY UPDATE SKIP LOCKED

-- name: finish
UPDATE campaign c
SET state = 'finished', ended_at = $2
WHERE c.id = ANY (CAST($1 AS uuid[]))
    AND NOT EXISTS (
        SELECT FROM delivery d
        WHERE d.campaign_id = c.id AND d.state IN ('queued', 'sending', 'deferred', 'uncertain'))
    AND NOT EXISTS (
        SELECT FROM duty u JOIN delivery d ON d.contact_id = u.contact_id AND d.id = u.delivery_id
        WHERE u.controller_id = c.controller_id AND u.activity_key = c.activity_key AND u.state = 'failed' AND d.campaign_id = c.id)
RETURNING c.id, c.key
