-- name: report_receive
INSERT INTO report_received (controller_id, door, external_id, report_id, received_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (controller_id, door, external_id) DO NOTHING

-- name: report_delivery
SELECT contact_id, id, controller_id, campaign_id, document, languages, state AS from_state, identifier_id, attempts, due_at,
    (SELECT v.activity_key FROM content_version v WHERE v.id = content_version_id) AS activity_key
FROM delivery
WHERE controller_id = $1 AND id = $2 AND contact_id = (SELECT r.contact_id FROM delivery_ref r WHERE r.delivery_id = $2)
FOR NO KEY UPDATE

-- name: report_contact_lock
-- Before the delivery, as everywhere: contacts, deliveries, duties.
SELECT id
FROM contact
WHERE controller_id = $1 AND id = (SELECT r.contact_id FROM delivery_ref r WHERE r.delivery_id = $2)
FOR NO KEY UPDATE

-- name: report_campaign_counts
SELECT CAST(COALESCE(sum(c.n) FILTER (WHERE c.state = 'complained'), 0) AS bigint) AS complained,
    CAST(COALESCE(sum(c.n), 0) AS bigint) AS handed_over
FROM (
    SELECT state, n FROM counter WHERE controller_id = $1 AND campaign_id = $2 AND what = 'delivery'
    UNION ALL
    SELECT to_state, n FROM counter_delta WHERE controller_id = $1 AND campaign_id = $2 AND what = 'delivery'
    UNION ALL
    SELECT from_state, -n FROM counter_delta WHERE controller_id = $1 AND campaign_id = $2 AND what = 'delivery'
) c
WHERE c.state = ANY (CAST($3 AS text[]))

-- name: report_move_delivery
UPDATE delivery
SET state = $3, settled_at = COALESCE(settled_at, $4), reply_class = CASE WHEN CAST($5 AS text) <> '' THEN $5 ELSE reply_class END
WHERE contact_id = $1 AND id = $2

-- name: report_duties
SELECT contact_id, id, state, reason, due_at, met_at
FROM duty
WHERE contact_id = $1 AND delivery_id = $2 AND state IN ('in_flight', 'met')
ORDER BY contact_id, id
FOR NO KEY UPDATE

-- name: report_move_duties
UPDATE duty
SET state = $3, reason = $4, detail = $5, met_at = NULL
WHERE contact_id = $1 AND id = ANY (CAST($2 AS uuid[]))

-- name: report_erased_duties
-- One whose person was told by others as well was informed all the same.
SELECT contact_id, id, due_at, due_inputs, met_at, erased_at
FROM duty
WHERE contact_id = $1 AND delivery_id = $2 AND state = 'erased' AND reason = $3 AND met_at IS NOT NULL AND told_at IS NULL
ORDER BY contact_id, id
FOR NO KEY UPDATE

-- name: report_unsay
UPDATE duty
SET reason = $3, detail = $4, met_at = NULL
WHERE contact_id = $1 AND id = $2

-- name: report_keep
INSERT INTO report (contact_id, id, controller_id, delivery_id, door, received_at, matched_by, outcome, status, code, diagnostic, moved_to, counted)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)

-- name: report_told
SELECT EXISTS (SELECT FROM report WHERE contact_id = $1 AND delivery_id = $2 AND outcome = ANY (CAST($3 AS text[])))

-- name: report_park
INSERT INTO report_unmatched (id, controller_id, door, received_at, outcome, status, why, state, tries, next_try_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)

-- name: report_raw_keep
INSERT INTO report_raw (report_id, controller_id, contact_id, sent_to, body, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (report_id) DO UPDATE SET contact_id = excluded.contact_id

-- name: report_raw_drop
DELETE FROM report_raw WHERE report_id = $1

-- name: report_waiting
SELECT u.id, u.door, u.received_at, u.tries, r.sent_to, r.body
FROM report_unmatched u
JOIN report_raw r ON r.report_id = u.id
WHERE u.controller_id = $1 AND u.state = 'waiting' AND u.next_try_at <= $2
ORDER BY u.next_try_at
LIMIT $3

-- name: report_waiting_lock
-- One that somebody else has in hand is left to them.
SELECT id
FROM report_unmatched
WHERE controller_id = $1 AND id = $2 AND state = 'waiting' AND next_try_at <= $3
FOR UPDATE SKIP LOCKED

-- name: report_unpark
DELETE FROM report_unmatched WHERE id = $1

-- name: report_wait_on
UPDATE report_unmatched
SET outcome = $2, status = $3, why = $4, state = $5, tries = tries + 1, next_try_at = $6
WHERE id = $1

-- name: report_put_off
-- What is known of it stays as it was.
UPDATE report_unmatched
SET state = $2, tries = tries + 1, next_try_at = $3
WHERE id = $1

-- name: report_unmatched
SELECT id, door, received_at, outcome, status, why, state, tries, next_try_at
FROM report_unmatched
WHERE controller_id = $1
ORDER BY id DESC
LIMIT $2

-- name: report_raw
SELECT body FROM report_raw WHERE controller_id = $1 AND report_id = $2

-- name: report_outlived
-- What waits and has no bytes any more is never tried again. Those in somebody's hands are
-- left to them.
UPDATE report_unmatched
SET state = $4, next_try_at = $2
WHERE id IN (
    SELECT u.id
    FROM report_raw r
    JOIN report_unmatched u ON u.id = r.report_id
    WHERE r.controller_id = $1 AND r.expires_at <= $2 AND u.state = 'waiting'
    ORDER BY r.expires_at
    LIMIT $3
    FOR UPDATE OF u SKIP LOCKED)

-- name: report_forget
-- What waits still keeps its bytes until it is given up.
DELETE FROM report_raw
WHERE report_id IN (
    SELECT r.report_id
    FROM report_raw r
    WHERE r.controller_id = $1 AND r.expires_at <= $2
        AND NOT EXISTS (SELECT FROM report_unmatched u WHERE u.id = r.report_id AND u.state = 'waiting')
    ORDER BY r.expires_at
    LIMIT $3
    FOR UPDATE OF r SKIP LOCKED)

-- name: suppression_forget
DELETE FROM suppression
WHERE ctid = ANY (ARRAY(SELECT ctid FROM suppression WHERE controller_id = $1 AND expires_at <= $2 ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED))

-- name: contact_reports
SELECT delivery_id, received_at, door, matched_by, outcome, status, code, diagnostic, moved_to
FROM report
WHERE contact_id = $1
ORDER BY received_at, id
