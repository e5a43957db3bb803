-- name: calls_waiting
SELECT d.contact_id, c.name, i.value AS phone, d.languages, COALESCE(k.key, '') AS campaign_key, d.due_at, d.attempts,
    CASE WHEN d.state = 'deferred' THEN d.ready_at END AS not_before
FROM delivery d
JOIN lane l ON l.id = d.lane
JOIN contact c ON c.id = d.contact_id
JOIN identifier i ON i.contact_id = d.contact_id AND i.kind = 'phone' AND i.id = d.identifier_id
LEFT JOIN campaign k ON k.id = d.campaign_id
WHERE d.controller_id = $1 AND d.channel = 'phone' AND d.channel <> 'email' AND d.shelf IN ('queued', 'deferred') AND l.state = 'open'
    AND NOT EXISTS (
        SELECT FROM suppression s
        WHERE s.controller_id = $1 AND s.kind = i.kind AND s.hash = i.hash AND s.scope = 'address' AND s.key_id = i.key_id
            AND (s.expires_at IS NULL OR s.expires_at > $3))
    AND EXISTS (SELECT FROM duty u WHERE u.contact_id = d.contact_id AND u.delivery_id = d.id AND u.state = 'in_flight' AND u.told_at IS NULL)
ORDER BY d.due_at, d.id
LIMIT $2

-- name: call_job
SELECT d.ctid AS place, d.contact_id, d.id, d.campaign_id, d.lane, d.state, d.document, d.languages, d.form, d.content_version_id, d.skeleton_hash,
    d.code, d.due_at, d.created_at, d.attempts, c.name, c.country, c.region, c.first_obtained_at,
    i.value AS address, i.hash AS address_hash, i.key_id AS address_key
FROM delivery d
JOIN lane l ON l.id = d.lane
JOIN contact c ON c.id = d.contact_id
JOIN identifier i ON i.contact_id = d.contact_id AND i.kind = 'phone' AND i.id = d.identifier_id
WHERE d.controller_id = $1 AND d.contact_id = $2 AND d.channel = 'phone' AND d.state IN ('queued', 'deferred') AND l.state = 'open'
    AND EXISTS (SELECT FROM duty u WHERE u.contact_id = d.contact_id AND u.delivery_id = d.id AND u.state = 'in_flight' AND u.told_at IS NULL)
ORDER BY d.due_at, d.id
LIMIT 1

-- name: call_lock
SELECT contact_id, id, controller_id, campaign_id, document, languages, state AS from_state, state AS to_state
FROM delivery
WHERE controller_id = $1 AND contact_id = $2 AND id = $3 AND channel = 'phone' AND state IN ('queued', 'deferred') AND attempts = $4
FOR NO KEY UPDATE

-- name: call_move
UPDATE delivery
SET state = $3, claim_id = CASE WHEN $3 = 'sending' THEN CAST($4 AS uuid) END
WHERE contact_id = $1 AND id = $2

-- name: call_end
UPDATE delivery
SET state = $3, claim_id = NULL, attempts = attempts + 1, ready_at = COALESCE($4, ready_at), reply_class = $6,
    settled_at = CASE WHEN $3 IN ('relayed', 'rejected') THEN CAST($5 AS timestamptz) END
WHERE contact_id = $1 AND id = $2

-- name: call_attempt
INSERT INTO attempt (contact_id, id, delivery_id, number, claim_id, relay, begun_at, sha256, size, composed_at, slots)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)

-- name: call_outcome
INSERT INTO outcome (contact_id, id, delivery_id, ended_at, outcome, stage, code, enhanced, reply)
VALUES ($1, $2, $3, $4, $5, '', 0, '', $6)
