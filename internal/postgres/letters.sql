-- name: letters_waiting
-- Those of a campaign that was not started wait for nobody yet.
SELECT d.code, d.contact_id, d.due_at, COALESCE(k.key, '') AS campaign_key, l.state AS lane_state
FROM delivery d
JOIN lane l ON l.id = d.lane
LEFT JOIN campaign k ON k.id = d.campaign_id
WHERE d.controller_id = $1 AND d.channel = 'letter' AND d.channel <> 'email' AND d.shelf = 'queued' AND l.state IN ('open', 'paused')
ORDER BY d.due_at, d.id
LIMIT $2

-- name: letters_claim
-- The rows are judged as mail is when it is claimed: what must not be written to is
-- suppressed (R5, R9), and who is owed nothing any more is left in the queue, for what
-- ended the duty to end the delivery.
WITH picked AS MATERIALIZED (
    SELECT d.contact_id, d.id, d.identifier_id
    FROM delivery d
    JOIN lane l ON l.id = d.lane
    WHERE d.controller_id = $1 AND d.channel = 'letter' AND d.channel <> 'email' AND d.shelf = 'queued' AND l.state = 'open'
        AND ($5 = '' OR d.campaign_id = (SELECT k.id FROM campaign k WHERE k.controller_id = $1 AND k.key = $5))
        AND EXISTS (
            SELECT FROM duty u
            WHERE u.contact_id = d.contact_id AND u.delivery_id = d.id AND u.state = 'in_flight' AND u.told_at IS NULL)
        AND NOT EXISTS (SELECT FROM instance WHERE held_at IS NOT NULL OR place <> instance_place())
    ORDER BY d.due_at, d.id
    LIMIT $4
    FOR NO KEY UPDATE OF d SKIP LOCKED
), judged AS MATERIALIZED (
    SELECT p.contact_id, p.id, c.name, c.country, c.region, c.first_obtained_at, i.value AS address, i.hash AS address_hash, i.key_id AS address_key,
        i.id IS NULL OR EXISTS (
            SELECT FROM suppression s
            WHERE s.controller_id = $1 AND s.kind = i.kind AND s.hash = i.hash AND s.scope = 'address' AND s.key_id = i.key_id
                AND (s.expires_at IS NULL OR s.expires_at > $3)) AS suppressed
    FROM picked p
    JOIN contact c ON c.id = p.contact_id
    LEFT JOIN identifier i ON i.contact_id = p.contact_id AND i.kind = 'postal' AND i.id = p.identifier_id
)
UPDATE delivery d
SET state = CASE WHEN j.suppressed THEN 'suppressed' ELSE 'sending' END,
    claim_id = CASE WHEN NOT j.suppressed THEN CAST($2 AS uuid) END,
    settled_at = CASE WHEN j.suppressed THEN CAST($3 AS timestamptz) END
FROM judged j
WHERE d.contact_id = j.contact_id AND d.id = j.id AND d.state = 'queued'
RETURNING d.ctid AS place, d.contact_id, d.id, d.campaign_id, d.lane, j.suppressed, d.state, d.document, d.languages, d.form, d.content_version_id,
    d.skeleton_hash, d.code, d.due_at, d.created_at, d.attempts, j.name, j.country, j.region, j.first_obtained_at,
    COALESCE(j.address, '') AS address, j.address_hash, COALESCE(j.address_key, '') AS address_key

-- name: letters_claim_note
-- Its lease does not pass: people have it in hand.
INSERT INTO claim (id, controller_id, lease_until, open, contacts, deliveries)
VALUES ($1, $2, 'infinity', $3, $4, $5)

-- name: letter_batch_add
INSERT INTO letter_batch (id, controller_id, made_at, made_by, size, letters, state)
VALUES ($1, $2, $3, $4, $5, $6, 'making')

-- name: letters_add
INSERT INTO letter (contact_id, delivery_id, batch_id)
SELECT contact_id, delivery_id, $1
FROM unnest(CAST($2 AS uuid[]), CAST($3 AS uuid[])) AS x(contact_id, delivery_id)
ORDER BY contact_id, delivery_id

-- name: letter_batches
SELECT id, made_at, made_by, size, letters, state, COALESCE(CAST(posted_on AS text), '') AS posted_on, posted, returned, ended_at, ended_by
FROM letter_batch
WHERE controller_id = $1
ORDER BY state IN ('making', 'made') DESC, made_at DESC, id DESC
LIMIT $2

-- name: letter_batch
SELECT id, made_at, made_by, size, letters, state, COALESCE(CAST(posted_on AS text), '') AS posted_on, posted, returned, ended_at, ended_by
FROM letter_batch
WHERE controller_id = $1 AND id = $2

-- name: letter_batch_lock
SELECT state FROM letter_batch WHERE controller_id = $1 AND id = $2 FOR UPDATE

-- name: letters_of_batch
SELECT d.ctid AS place, d.contact_id, d.id, d.campaign_id, d.lane, d.state, d.document, d.languages, d.form, d.content_version_id, d.skeleton_hash,
    d.code, d.due_at, d.created_at, d.attempts, c.name, c.country, c.region, c.first_obtained_at,
    COALESCE(i.value, '') AS address, i.hash AS address_hash, COALESCE(i.key_id, '') AS address_key,
    a.id AS attempt_id, a.sha256, a.composed_at, a.slots,
    i.id IS NULL AS erased,
    EXISTS (
        SELECT FROM suppression s
        WHERE s.controller_id = $1 AND s.kind = i.kind AND s.hash = i.hash AND s.scope = 'address' AND s.key_id = i.key_id
            AND (s.expires_at IS NULL OR s.expires_at > $3)) AS suppressed,
    EXISTS (SELECT FROM duty u WHERE u.contact_id = d.contact_id AND u.delivery_id = d.id AND u.state = 'in_flight') AS owed,
    EXISTS (SELECT FROM duty u WHERE u.contact_id = d.contact_id AND u.delivery_id = d.id AND u.state = 'in_flight' AND u.told_at IS NULL) AS untold,
    c.objected_at IS NOT NULL AND c.objected_at > b.made_at AS objected
FROM letter l
JOIN letter_batch b ON b.id = l.batch_id
JOIN delivery d ON d.contact_id = l.contact_id AND d.id = l.delivery_id
JOIN contact c ON c.id = d.contact_id
LEFT JOIN identifier i ON i.contact_id = d.contact_id AND i.kind = 'postal' AND i.id = d.identifier_id
LEFT JOIN attempt a ON a.contact_id = d.contact_id AND a.delivery_id = d.id AND a.claim_id = l.batch_id
WHERE b.controller_id = $1 AND l.batch_id = $2
ORDER BY d.due_at, d.id

-- name: letter_batch_made
UPDATE letter_batch b
SET letters = x.n, state = CASE WHEN x.n = 0 THEN 'withdrawn' ELSE 'made' END
FROM (
    SELECT count(*) AS n
    FROM letter l
    JOIN delivery d ON d.contact_id = l.contact_id AND d.id = l.delivery_id
    WHERE l.batch_id = $2 AND d.claim_id = $2
) x
WHERE b.controller_id = $1 AND b.id = $2 AND b.state IN ('making', 'made')

-- name: letters_release
WITH held AS MATERIALIZED (
    SELECT d.contact_id, d.id
    FROM letter l
    JOIN delivery d ON d.contact_id = l.contact_id AND d.id = l.delivery_id
    WHERE l.batch_id = $1 AND d.claim_id = $1 AND (CAST($2 AS uuid[]) = '{}' OR d.id = ANY (CAST($2 AS uuid[])))
    ORDER BY d.contact_id, d.id
    FOR NO KEY UPDATE OF d
), out AS (
    DELETE FROM letter l
    USING held h
    WHERE l.batch_id = $1 AND l.contact_id = h.contact_id AND l.delivery_id = h.id
)
UPDATE delivery d
SET state = 'queued', claim_id = NULL
FROM held h
WHERE d.contact_id = h.contact_id AND d.id = h.id
RETURNING d.contact_id, d.id, d.controller_id, d.campaign_id, d.document, d.languages, 'sending' AS from_state, d.state AS to_state

-- name: letter_batch_withdraw
UPDATE letter_batch b
SET letters = x.n, state = CASE WHEN x.n = 0 THEN 'withdrawn' ELSE b.state END,
    ended_at = CASE WHEN x.n = 0 THEN CAST($2 AS timestamptz) ELSE b.ended_at END, ended_by = CASE WHEN x.n = 0 THEN $3 ELSE b.ended_by END
FROM (
    SELECT count(*) AS n
    FROM letter l
    JOIN delivery d ON d.contact_id = l.contact_id AND d.id = l.delivery_id
    WHERE l.batch_id = $1 AND d.claim_id = $1
) x
WHERE b.id = $1

-- name: letter_batch_posted
UPDATE letter_batch b
SET state = 'posted', posted_on = CAST($2 AS date), posted = x.n, letters = x.n, ended_at = $3, ended_by = $4
FROM (
    SELECT count(*) AS n
    FROM letter l
    JOIN attempt a ON a.contact_id = l.contact_id AND a.delivery_id = l.delivery_id AND a.claim_id = l.batch_id
    JOIN outcome o ON o.contact_id = a.contact_id AND o.id = a.id AND o.outcome = 'relayed'
    WHERE l.batch_id = $1
) x
WHERE b.id = $1

-- name: letter_sent
-- By what became of the letter: a posting that was broken off may have ended as a
-- batch that was withdrawn.
SELECT b.id, b.made_at, b.made_by, b.size, b.letters, b.state, COALESCE(CAST(b.posted_on AS text), '') AS posted_on, b.posted, b.returned, b.ended_at, b.ended_by
FROM delivery_ref r
JOIN letter l ON l.contact_id = r.contact_id AND l.delivery_id = r.delivery_id
JOIN letter_batch b ON b.id = l.batch_id
JOIN attempt a ON a.contact_id = l.contact_id AND a.delivery_id = l.delivery_id AND a.claim_id = l.batch_id
JOIN outcome o ON o.contact_id = a.contact_id AND o.id = a.id AND o.outcome = 'relayed'
WHERE r.delivery_id = $2 AND b.controller_id = $1
ORDER BY b.made_at DESC
LIMIT 1

-- name: letter_batch_returned
UPDATE letter_batch b
SET returned = x.n
FROM (
    SELECT count(*) AS n
    FROM letter l
    JOIN delivery d ON d.contact_id = l.contact_id AND d.id = l.delivery_id
    WHERE l.batch_id = $1 AND d.state = 'bounced'
) x
WHERE b.id = $1 AND b.returned <> x.n
