-- name: storage_begun
SELECT LEAST(c.first_obtained_at, c.created_at) AS at, c.id, c.id AS contact_id
FROM contact c
WHERE c.controller_id = $1 AND c.erased_at IS NULL AND LEAST(c.first_obtained_at, c.created_at) < $2
    AND (LEAST(c.first_obtained_at, c.created_at), c.id) > (CAST($3 AS timestamptz), CAST($4 AS uuid))
ORDER BY LEAST(c.first_obtained_at, c.created_at), c.id
LIMIT $5

-- name: told_only
-- The conditions on document and form are those of a narrow index. A delivery is
-- made before its notice is composed: these are all whose time may have come.
SELECT d.created_at AS at, d.id, d.contact_id
FROM delivery d
WHERE d.controller_id = $1 AND d.document = 'notice' AND (d.form LIKE '%?%' OR d.form LIKE '%!%')
    AND d.created_at < $2 AND (d.created_at, d.id) > (CAST($3 AS timestamptz), CAST($4 AS uuid))
    AND d.state = ANY (CAST($6 AS text[]))
    AND EXISTS (SELECT FROM acquisition a WHERE a.contact_id = d.contact_id AND a.visibility <> 'public')
ORDER BY d.created_at, d.id
LIMIT $5

-- name: storage_events
-- Those whose data for the activity are still here.
SELECT e.ends_at AS at, e.id, e.contact_id
FROM storage_event e
WHERE e.controller_id = $1 AND e.ends_at < $2 AND (e.ends_at, e.id) > (CAST($3 AS timestamptz), CAST($4 AS uuid))
    AND EXISTS (SELECT FROM contact c WHERE c.id = e.contact_id AND c.erased_at IS NULL)
    AND EXISTS (SELECT FROM acquisition a WHERE a.contact_id = e.contact_id AND a.activity_key = e.activity_key)
ORDER BY e.ends_at, e.id
LIMIT $5

-- name: storage_event_add
INSERT INTO storage_event (contact_id, id, controller_id, activity_key, happened_on, ends_at, recorded_at, recorded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: storage_event_dates
SELECT contact_id, activity_key, min(happened_on) AS happened_on
FROM storage_event
WHERE contact_id = ANY (CAST($1 AS uuid[]))
GROUP BY contact_id, activity_key

-- name: erase_storage_events
DELETE FROM storage_event WHERE contact_id = ANY (CAST($1 AS uuid[]))

-- name: quarantined
SELECT d.due_at AS at, d.id, d.contact_id
FROM duty d
WHERE d.controller_id = $1 AND d.state = 'blocked' AND d.reason = 'quarantined'
    AND d.due_at <= $2 AND (d.due_at, d.id) > (CAST($3 AS timestamptz), CAST($4 AS uuid))
ORDER BY d.due_at, d.id
LIMIT $5

-- name: erase_lock_contacts
SELECT id
FROM contact
WHERE controller_id = $1 AND id = ANY (CAST($2 AS uuid[])) AND erased_at IS NULL
ORDER BY id
FOR NO KEY UPDATE

-- name: erase_lock_deliveries
SELECT d.contact_id, d.id, d.document, d.state, d.form, m.composed_at, v.activity_key, v.register_version_id,
    d.state = 'uncertain' OR d.state IN ('queued', 'deferred') AND d.attempts > 0 AND EXISTS (
        SELECT FROM outcome o WHERE o.contact_id = d.contact_id AND o.delivery_id = d.id AND o.outcome = 'uncertain') AS unsure,
    ARRAY(SELECT l.duty_id FROM delivery_duty l WHERE l.contact_id = d.contact_id AND l.delivery_id = d.id) AS duties
FROM delivery d
JOIN content_version v ON v.id = d.content_version_id
LEFT JOIN attempt m ON m.contact_id = d.contact_id AND m.delivery_id = d.id AND m.number = 1
WHERE d.contact_id = ANY (CAST($1 AS uuid[]))
ORDER BY d.contact_id, d.id
FOR NO KEY UPDATE OF d

-- name: erase_requests
-- Requests for access, and answers of theirs that read like one and nobody has looked at.
SELECT contact_id, max(due_at) AS due_at
FROM (
    SELECT contact_id, due_at FROM request WHERE contact_id = ANY (CAST($1 AS uuid[])) AND ended_at IS NULL AND kind <> 'erasure'
    UNION ALL
    SELECT contact_id, due_at FROM answer WHERE contact_id = ANY (CAST($1 AS uuid[])) AND state = 'open' AND kind = 'access'
) asked
GROUP BY contact_id

-- name: erase_lock_duties
SELECT id
FROM duty
WHERE contact_id = ANY (CAST($1 AS uuid[]))
ORDER BY contact_id, id
FOR NO KEY UPDATE

-- name: erase_duties
WITH going AS MATERIALIZED (
    SELECT d.contact_id, d.id, d.state, d.reason, d.delivery_id, e.reason AS end_reason, e.detail AS end_detail, e.cause
    FROM json_to_recordset(CAST($1 AS json)) AS e(contact_id uuid, id uuid, cause text, reason text, detail text)
    JOIN duty d ON d.contact_id = e.contact_id AND d.id = e.id
    WHERE d.state <> 'erased'
)
UPDATE duty d
SET state = 'erased', reason = g.end_reason, detail = g.end_detail, erased_at = $2
FROM going g
WHERE d.contact_id = g.contact_id AND d.id = g.id
RETURNING d.contact_id, d.id, g.state, g.reason, d.due_at, g.delivery_id, g.cause

-- name: erase_cancel
UPDATE delivery d
SET state = 'cancelled', settled_at = $2
FROM json_to_recordset(CAST($1 AS json)) AS e(contact_id uuid, id uuid, was text)
WHERE d.contact_id = e.contact_id AND d.id = e.id AND d.state IN ('queued', 'deferred')
RETURNING d.contact_id, d.id, d.controller_id, d.campaign_id, d.document, d.languages, e.was AS from_state, d.state AS to_state, (SELECT x.domain_class FROM lane x WHERE x.id = d.lane) AS class

-- name: erase_acquisitions
DELETE FROM acquisition a
USING json_to_recordset(CAST($1 AS json)) AS e(contact_id uuid, activity_key text, source_key text)
WHERE a.contact_id = e.contact_id AND a.activity_key = e.activity_key AND a.source_key = e.source_key

-- name: erase_values
UPDATE attempt a
SET slots = NULL
FROM json_to_recordset(CAST($1 AS json)) AS e(contact_id uuid, id uuid)
WHERE a.contact_id = e.contact_id AND a.delivery_id = e.id AND a.slots IS NOT NULL

-- name: erase_replies
UPDATE outcome o
SET reply = ''
FROM json_to_recordset(CAST($1 AS json)) AS e(contact_id uuid, id uuid)
WHERE o.contact_id = e.contact_id AND o.delivery_id = e.id AND o.reply <> ''

-- name: erase_reports
-- What mail systems said of them: addresses are masked in it, names are not.
UPDATE report r
SET diagnostic = ''
FROM json_to_recordset(CAST($1 AS json)) AS e(contact_id uuid, id uuid)
WHERE r.contact_id = e.contact_id AND r.delivery_id = e.id AND r.diagnostic <> ''

-- name: erase_raw_reports
-- Answers that nobody has understood, kept for somebody to read.
DELETE FROM report_raw w
USING json_to_recordset(CAST($1 AS json)) AS e(contact_id uuid, id uuid), report r
WHERE w.contact_id = e.contact_id AND r.contact_id = e.contact_id AND r.id = w.report_id AND r.delivery_id = e.id

-- name: erase_pages
UPDATE attempt m
SET slots = CAST(CAST(m.slots AS jsonb) - e.slots AS text)
FROM (
    SELECT contact_id, id, array_agg(slot) AS slots
    FROM json_to_recordset(CAST($1 AS json)) AS p(contact_id uuid, id uuid, slot text)
    GROUP BY contact_id, id
) e
WHERE m.contact_id = e.contact_id AND m.delivery_id = e.id AND m.slots IS NOT NULL

-- name: erase_disclosure_references
-- That data were passed on, to whom and when, stays.
DELETE FROM disclosure_reference WHERE contact_id = ANY (CAST($1 AS uuid[]))

-- name: erase_identifiers
DELETE FROM identifier WHERE contact_id = ANY (CAST($1 AS uuid[]))

-- name: erase_contacts
-- Country, region and the rest go with the name: a handful of them can be enough to
-- know who it was.
UPDATE contact
SET name = '', country = '', region = '', city = '', postal_code = '', language = '', organisation = '', job_title = '',
    erased_at = $2, updated_at = $2
WHERE id = ANY (CAST($1 AS uuid[]))
