-- name: begin
-- The rows are locked and left as they are: a claim costs a row two versions, not
-- three. Whatever ends the attempt counts it. A lease that is about to pass is
-- prolonged. What bears a claim is sending, see settle_deliveries. What is on record
-- already stays: a caller that lost the answer asks again, and bytes that went out are kept.
WITH standing AS MATERIALIZED (
    SELECT d.contact_id, d.id, b.attempt_id, b.claim_id, b.number, b.relay, b.begun_at, b.sha256, b.size, b.composed_at, b.slots, d.lease_until
    FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[]), CAST($3 AS uuid[]), CAST($4 AS uuid[]), CAST($5 AS bigint[]), CAST($6 AS text[]),
        CAST($7 AS timestamptz[]), CAST($8 AS text[]), CAST($9 AS bigint[]), CAST($10 AS timestamptz[]), CAST($11 AS text[]))
        AS b(contact_id, delivery_id, claim_id, attempt_id, number, relay, begun_at, sha256, size, composed_at, slots)
    JOIN delivery d ON d.contact_id = b.contact_id AND d.id = b.delivery_id
    WHERE d.claim_id = b.claim_id
    ORDER BY d.contact_id, d.id
    FOR NO KEY UPDATE OF d
), prolonged AS (
    UPDATE delivery d
    SET lease_until = $12
    FROM standing s
    WHERE d.contact_id = s.contact_id AND d.id = s.id AND s.lease_until < $12
), begun AS (
    INSERT INTO attempt (contact_id, id, delivery_id, number, claim_id, relay, begun_at)
    SELECT contact_id, attempt_id, id, number, claim_id, relay, begun_at
    FROM standing
    ON CONFLICT DO NOTHING
    RETURNING id
), written AS (
    INSERT INTO message (contact_id, delivery_id, sha256, size, composed_at)
    SELECT contact_id, id, decode(sha256, 'hex'), size, composed_at
    FROM standing
    WHERE composed_at IS NOT NULL
    ON CONFLICT DO NOTHING
), filled AS (
    INSERT INTO message_values (contact_id, delivery_id, slots)
    SELECT contact_id, id, CAST(slots AS json)
    FROM standing
    WHERE composed_at IS NOT NULL
    ON CONFLICT DO NOTHING
)
SELECT id FROM begun

-- name: begun
-- Attempts that are on record and whose claims stand, whoever put them there.
SELECT a.id
FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[]), CAST($3 AS uuid[]), CAST($4 AS uuid[])) AS b(contact_id, delivery_id, claim_id, attempt_id)
JOIN attempt a ON a.contact_id = b.contact_id AND a.delivery_id = b.delivery_id
JOIN delivery d ON d.contact_id = b.contact_id AND d.id = b.delivery_id
WHERE a.id = b.attempt_id AND a.outcome IS NULL AND d.claim_id = b.claim_id

-- name: release_deliveries
WITH held AS MATERIALIZED (
    SELECT d.contact_id, d.id
    FROM delivery d
    WHERE d.claim_id = $1 AND d.state = 'sending' AND d.id = ANY (CAST($2 AS uuid[]))
    ORDER BY d.contact_id, d.id
    FOR NO KEY UPDATE
)
UPDATE delivery d
SET state = 'queued', claim_id = NULL, lease_until = NULL
FROM held h
WHERE d.contact_id = h.contact_id AND d.id = h.id
RETURNING d.contact_id, d.id, d.controller_id, d.campaign_id, d.document, d.languages, 'sending' AS from_state, d.state AS to_state

-- name: release_attempts
DELETE FROM attempt a
USING unnest(CAST($2 AS uuid[]), CAST($3 AS uuid[])) AS r(contact_id, delivery_id)
WHERE a.contact_id = r.contact_id AND a.delivery_id = r.delivery_id AND a.claim_id = $1 AND a.outcome IS NULL

-- name: release_messages
DELETE FROM message m
USING unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[])) AS r(contact_id, delivery_id), delivery d
WHERE m.contact_id = r.contact_id AND m.delivery_id = r.delivery_id
    AND d.contact_id = r.contact_id AND d.id = r.delivery_id AND d.attempts = 0

-- name: release_values
DELETE FROM message_values m
USING unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[])) AS r(contact_id, delivery_id), delivery d
WHERE m.contact_id = r.contact_id AND m.delivery_id = r.delivery_id
    AND d.contact_id = r.contact_id AND d.id = r.delivery_id AND d.attempts = 0

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

-- name: rescue_lock
-- A worker that settles, begins or renews at this moment has the row locked, or
-- has changed what is asked for here; either way it is passed over.
SELECT contact_id, id, claim_id
FROM delivery
WHERE controller_id = $1 AND state = 'sending' AND lease_until < $2
ORDER BY lease_until
LIMIT $3
FOR NO KEY UPDATE SKIP LOCKED

-- name: rescue
-- The rows are locked by a statement before, so that this one sees every attempt
-- that was begun until then: beginning leaves the row as it was, and one that is
-- overlooked would be sent again with nothing on record.
WITH lost AS MATERIALIZED (
    SELECT l.contact_id, l.id, l.claim_id
    FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[]), CAST($3 AS uuid[])) AS l(contact_id, id, claim_id)
), begun AS (
    UPDATE attempt a
    SET outcome = 'uncertain', ended_at = $4
    FROM lost l
    WHERE a.contact_id = l.contact_id AND a.delivery_id = l.id AND a.claim_id = l.claim_id AND a.outcome IS NULL
    RETURNING a.contact_id, a.delivery_id
)
UPDATE delivery d
SET state = CASE WHEN b.delivery_id IS NULL THEN 'queued' ELSE 'uncertain' END,
    ready_at = CASE WHEN b.delivery_id IS NULL THEN d.ready_at ELSE $5 END,
    attempts = d.attempts + CASE WHEN b.delivery_id IS NULL THEN 0 ELSE 1 END,
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
        WHERE d.campaign_id = c.id AND d.state IN ('queued', 'deferred', 'uncertain'))
    AND NOT EXISTS (
        SELECT FROM delivery d
        WHERE d.campaign_id = c.id AND d.state = 'sending')
    AND NOT EXISTS (
        SELECT FROM duty u JOIN delivery d ON d.contact_id = u.contact_id AND d.id = u.delivery_id
        WHERE u.controller_id = c.controller_id AND u.activity_key = c.activity_key AND u.state = 'failed' AND d.campaign_id = c.id)
RETURNING c.id, c.key
