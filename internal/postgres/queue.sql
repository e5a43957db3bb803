-- name: begin_hold
-- Whoever rescues a claim locks its row first, so nothing of it is taken away while
-- attempts are put on record. A lease that is about to pass is prolonged.
WITH held AS MATERIALIZED (
    SELECT id, lease_until
    FROM claim
    WHERE id = ANY (CAST($1 AS uuid[])) AND lease_until > '-infinity'
    ORDER BY id
    FOR KEY SHARE
), prolonged AS (
    UPDATE claim c
    SET lease_until = $2
    FROM held h
    WHERE c.id = h.id AND h.lease_until < $2
)
SELECT id FROM held

-- name: begin
-- Of claims that begin_hold holds: what bears such a claim is its worker's, who begins
-- and ends it. The deliveries are left as they are: whatever ends the attempt counts
-- it. What is on record already stays (see Store.swift): a caller that lost the answer
-- asks again, and bytes that went out are kept.
INSERT INTO attempt (contact_id, id, delivery_id, number, claim_id, relay, begun_at, sha256, size, composed_at, slots)
SELECT x.contact_id, x.attempt_id, x.delivery_id, x.number, x.claim_id, x.relay, x.begun_at, x.sha256, x.size, x.composed_at, x.slots
FROM unnest(CAST($2 AS tid[]), CAST($3 AS uuid[]), CAST($4 AS uuid[]), CAST($5 AS uuid[]), CAST($6 AS uuid[]), CAST($7 AS bigint[]), CAST($8 AS text[]),
    CAST($9 AS timestamptz[]), CAST($10 AS bytea[]), CAST($11 AS bigint[]), CAST($12 AS timestamptz[]), CAST($13 AS text[]))
    AS x(place, contact_id, delivery_id, claim_id, attempt_id, number, relay, begun_at, sha256, size, composed_at, slots)
JOIN delivery d ON d.ctid = x.place AND d.contact_id = x.contact_id AND d.id = x.delivery_id
WHERE d.claim_id = x.claim_id AND x.claim_id = ANY (CAST($1 AS uuid[]))
ON CONFLICT DO NOTHING
RETURNING id

-- name: begun
-- Attempts that are on record and whose claims stand, whoever put them there.
SELECT a.id
FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[]), CAST($3 AS uuid[]), CAST($4 AS uuid[])) AS b(contact_id, delivery_id, claim_id, attempt_id)
JOIN attempt a ON a.contact_id = b.contact_id AND a.delivery_id = b.delivery_id
JOIN delivery d ON d.contact_id = b.contact_id AND d.id = b.delivery_id
WHERE a.id = b.attempt_id AND d.claim_id = b.claim_id
    AND NOT EXISTS (SELECT FROM outcome o WHERE o.contact_id = a.contact_id AND o.id = a.id)

-- name: release_deliveries
WITH held AS MATERIALIZED (
    SELECT d.contact_id, d.id
    FROM claim c
    CROSS JOIN LATERAL unnest(c.contacts, c.deliveries) AS k(contact_id, delivery_id)
    JOIN delivery d ON d.contact_id = k.contact_id AND d.id = k.delivery_id
    WHERE c.id = $1 AND d.claim_id = c.id AND k.delivery_id = ANY (CAST($2 AS uuid[]))
    ORDER BY d.contact_id, d.id
    FOR NO KEY UPDATE OF d
)
UPDATE delivery d
SET state = 'queued', claim_id = NULL
FROM held h
WHERE d.contact_id = h.contact_id AND d.id = h.id
RETURNING d.contact_id, d.id, d.controller_id, d.campaign_id, d.document, d.languages, 'sending' AS from_state, d.state AS to_state, (SELECT x.domain_class FROM lane x WHERE x.id = d.lane) AS class, d.attempts

-- name: release_hold
-- It waits for whoever begins attempts under the claim, and lets nobody begin more.
WITH held AS MATERIALIZED (
    SELECT id FROM claim WHERE id = $1 FOR UPDATE
)
UPDATE claim c
SET lease_until = '-infinity'
FROM held h
WHERE c.id = h.id

-- name: release_all
-- What somebody settles at this moment is left to them.
WITH held AS MATERIALIZED (
    SELECT d.contact_id, d.id
    FROM claim c
    CROSS JOIN LATERAL unnest(c.contacts, c.deliveries) AS k(contact_id, delivery_id)
    JOIN delivery d ON d.contact_id = k.contact_id AND d.id = k.delivery_id
    WHERE c.id = $1 AND d.claim_id = c.id
    ORDER BY d.contact_id, d.id
    FOR NO KEY UPDATE OF d SKIP LOCKED
)
UPDATE delivery d
SET state = 'queued', claim_id = NULL
FROM held h
WHERE d.contact_id = h.contact_id AND d.id = h.id
RETURNING d.contact_id, d.id, d.controller_id, d.campaign_id, d.document, d.languages, 'sending' AS from_state, d.state AS to_state, (SELECT x.domain_class FROM lane x WHERE x.id = d.lane) AS class

-- name: release_attempts
-- With the first goes the message: the next one will bear its own date.
DELETE FROM attempt a
USING unnest(CAST($2 AS uuid[]), CAST($3 AS uuid[])) AS r(contact_id, delivery_id)
WHERE a.contact_id = r.contact_id AND a.delivery_id = r.delivery_id AND a.claim_id = $1
    AND NOT EXISTS (SELECT FROM outcome o WHERE o.contact_id = a.contact_id AND o.id = a.id)

-- name: renew
WITH held AS MATERIALIZED (
    SELECT id
    FROM claim
    WHERE id = ANY (CAST($1 AS uuid[])) AND lease_until > '-infinity'
    ORDER BY id
    FOR NO KEY UPDATE
)
UPDATE claim c
SET lease_until = GREATEST(c.lease_until, $2)
FROM held h
WHERE c.id = h.id

-- name: claims_end
-- So many deliveries of each claim have ended; with the last of them it goes.
WITH held AS MATERIALIZED (
    SELECT c.id, c.open - e.n AS open
    FROM claim c
    JOIN unnest(CAST($1 AS uuid[]), CAST($2 AS bigint[])) AS e(id, n) ON e.id = c.id
    ORDER BY c.id
    FOR NO KEY UPDATE OF c
), gone AS (
    DELETE FROM claim c
    USING held h
    WHERE c.id = h.id AND h.open <= 0
)
UPDATE claim c
SET open = h.open
FROM held h
WHERE c.id = h.id AND h.open > 0

-- name: claims_break
UPDATE claim SET lease_until = '-infinity' WHERE id = ANY (CAST($1 AS uuid[]))

-- name: wake
-- What is uncertain of a cancelled campaign is left to a person: it may have
-- arrived, and it is not going to be sent again.
WITH due AS MATERIALIZED (
    SELECT d.contact_id, d.id, d.state
    FROM delivery d
    WHERE d.controller_id = $1 AND d.shelf = $2 AND d.shelf IN ('deferred', 'uncertain') AND d.ready_at <= $3
        AND (d.state <> 'uncertain' OR NOT EXISTS (SELECT FROM campaign c WHERE c.id = d.campaign_id AND c.state = 'cancelled'))
    ORDER BY d.ready_at
    LIMIT $4
    FOR NO KEY UPDATE OF d SKIP LOCKED
)
UPDATE delivery d
SET state = 'queued'
FROM due w
WHERE d.contact_id = w.contact_id AND d.id = w.id
RETURNING d.contact_id, d.id, d.controller_id, d.campaign_id, d.document, d.languages, w.state AS from_state, d.state AS to_state, (SELECT x.domain_class FROM lane x WHERE x.id = d.lane) AS class

-- name: rescue_unread
-- Sessions of ours that have written, and whose process does not read what they answer:
-- until it does they keep the rows that they have locked, and no timeout of PostgreSQL
-- reaches them. Whoever only reads, into a pager for example, has all the time there is.
SELECT pg_terminate_backend(pid)
FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
    AND backend_xid IS NOT NULL AND wait_event = 'ClientWrite' AND query_start < $1

-- name: rescue_claims
-- One that its worker prolongs or begins something of at this moment is passed over.
SELECT id
FROM claim
WHERE controller_id = $1 AND lease_until < $2
ORDER BY lease_until = '-infinity', lease_until, id
LIMIT $3
FOR UPDATE SKIP LOCKED

-- name: claims_clear
-- Those that nothing bears: they count for nothing any more.
DELETE FROM claim c
WHERE c.id = ANY (CAST($1 AS uuid[]))
    AND NOT EXISTS (
        SELECT FROM unnest(c.contacts, c.deliveries) AS k(contact_id, delivery_id)
        JOIN delivery d ON d.contact_id = k.contact_id AND d.id = k.delivery_id
        WHERE d.claim_id = c.id)

-- name: rescue_lock
-- A worker that settles at this moment has the row locked, and it is passed over.
SELECT d.contact_id, d.id, d.claim_id
FROM claim c
CROSS JOIN LATERAL unnest(c.contacts, c.deliveries) AS k(contact_id, delivery_id)
JOIN delivery d ON d.contact_id = k.contact_id AND d.id = k.delivery_id
WHERE c.id = ANY (CAST($1 AS uuid[])) AND d.claim_id = c.id
ORDER BY d.contact_id, d.id
FOR NO KEY UPDATE OF d SKIP LOCKED

-- name: rescue
-- The claims are locked by a statement before, so that this one sees every attempt
-- that was begun until then: one that is overlooked would be sent again with
-- nothing on record.
WITH lost AS MATERIALIZED (
    SELECT l.contact_id, l.id, l.claim_id
    FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[]), CAST($3 AS uuid[])) AS l(contact_id, id, claim_id)
), begun AS (
    INSERT INTO outcome (contact_id, id, delivery_id, ended_at, outcome, stage, code, enhanced, reply)
    SELECT a.contact_id, a.id, a.delivery_id, $4, 'uncertain', '', 0, '', ''
    FROM lost l
    JOIN attempt a ON a.contact_id = l.contact_id AND a.delivery_id = l.id AND a.claim_id = l.claim_id
    ON CONFLICT (contact_id, id) DO UPDATE SET outcome = outcome.outcome -- kept: it is enough that the attempt was made
    RETURNING contact_id, delivery_id
)
UPDATE delivery d
SET state = CASE WHEN b.delivery_id IS NULL THEN 'queued' ELSE 'uncertain' END,
    ready_at = CASE WHEN b.delivery_id IS NULL THEN d.ready_at ELSE $5 END,
    attempts = d.attempts + CASE WHEN b.delivery_id IS NULL THEN 0 ELSE 1 END,
    claim_id = NULL
FROM lost l
LEFT JOIN begun b ON b.contact_id = l.contact_id AND b.delivery_id = l.id
WHERE d.contact_id = l.contact_id AND d.id = l.id
RETURNING d.contact_id, d.id, d.controller_id, d.campaign_id, d.document, d.languages, 'sending' AS from_state, d.state AS to_state, (SELECT x.domain_class FROM lane x WHERE x.id = d.lane) AS class, d.attempts, l.claim_id

-- name: finish_leftovers
SELECT c.id
FROM campaign c
WHERE c.controller_id = $1 AND c.state = 'cancelled'
    AND EXISTS (
        SELECT FROM delivery d
        WHERE d.campaign_id = c.id AND d.shelf IN ('queued', 'deferred')
            AND (d.attempts = 0 OR NOT EXISTS (
                SELECT FROM outcome o WHERE o.contact_id = d.contact_id AND o.delivery_id = d.id AND o.outcome = 'uncertain')))
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
        WHERE d.campaign_id = c.id AND d.shelf IN ('queued', 'deferred', 'uncertain'))
    AND NOT EXISTS (
        SELECT FROM claim h
        CROSS JOIN LATERAL unnest(h.contacts, h.deliveries) AS k(contact_id, delivery_id)
        JOIN delivery d ON d.contact_id = k.contact_id AND d.id = k.delivery_id
        WHERE h.controller_id = c.controller_id AND d.claim_id = h.id AND d.campaign_id = c.id)
    AND NOT EXISTS (
        SELECT FROM duty u JOIN delivery d ON d.contact_id = u.contact_id AND d.id = u.delivery_id
        WHERE u.controller_id = c.controller_id AND u.activity_key = c.activity_key AND u.state = 'failed' AND d.campaign_id = c.id)
RETURNING c.id, c.key
