-- name: list_owed
-- The earliest deadline first. $2 is the deadline behind which a page begins, or
-- -infinity; what stands at it is told apart by contact and duty.
SELECT d.contact_id, d.id, d.activity_key, d.source_key, d.due_at, d.due_rule, d.state, d.reason, d.detail, d.told_at, CAST(NULL AS timestamptz) AS ended_at
FROM duty d
WHERE d.controller_id = $1 AND d.state IN ('open', 'in_flight', 'failed', 'blocked')
    AND d.due_at >= $2 AND d.due_at < $5 AND (d.due_at > $2 OR (d.contact_id, d.id) > ($3, $4))
    AND d.state = ANY (CAST($6 AS text[]))
    AND ($7 = '' OR d.activity_key = $7)
    AND (CAST($8 AS text[]) = '{}' OR d.source_key = ANY (CAST($8 AS text[])))
    AND (CAST($9 AS text[]) = '{}' OR EXISTS (SELECT FROM contact c WHERE c.id = d.contact_id AND c.country = ANY (CAST($9 AS text[]))))
    AND (CAST($10 AS timestamptz) IS NULL OR d.obtained_at >= $10)
    AND (CAST($11 AS timestamptz) IS NULL OR d.obtained_at < $11)
ORDER BY d.due_at, d.contact_id, d.id
LIMIT $12

-- name: list_blocked
-- As list_owed, of what is blocked for one of the reasons $6.
SELECT d.contact_id, d.id, d.activity_key, d.source_key, d.due_at, d.due_rule, d.state, d.reason, d.detail, d.told_at, CAST(NULL AS timestamptz) AS ended_at
FROM duty d
WHERE d.controller_id = $1 AND d.state = 'blocked' AND d.reason = ANY (CAST($6 AS text[]))
    AND d.due_at >= $2 AND d.due_at < $5 AND (d.due_at > $2 OR (d.contact_id, d.id) > ($3, $4))
    AND ($7 = '' OR d.activity_key = $7)
    AND (CAST($8 AS text[]) = '{}' OR d.source_key = ANY (CAST($8 AS text[])))
    AND (CAST($9 AS text[]) = '{}' OR EXISTS (SELECT FROM contact c WHERE c.id = d.contact_id AND c.country = ANY (CAST($9 AS text[]))))
    AND (CAST($10 AS timestamptz) IS NULL OR d.obtained_at >= $10)
    AND (CAST($11 AS timestamptz) IS NULL OR d.obtained_at < $11)
ORDER BY d.due_at, d.contact_id, d.id
LIMIT $12

-- name: list_ended
-- What has ended, in the order of people.
SELECT l.contact_id, l.id, l.activity_key, l.source_key, l.due_at, l.due_rule, l.state, l.reason, l.detail, l.told_at, l.ended_at
FROM (
    SELECT d.contact_id, d.id, d.activity_key, d.source_key, d.due_at, d.due_rule, d.state, d.reason, d.detail, d.told_at, d.obtained_at,
        CASE WHEN d.state = 'met' THEN d.met_at WHEN d.state = 'excused' AND d.reason = 'told_before' THEN d.told_at END AS ended_at
    FROM duty d
    WHERE d.controller_id = $1 AND (d.contact_id, d.id) > ($2, $3) AND d.state = ANY (CAST($5 AS text[]))
) l
WHERE l.due_at < $4
    AND ($6 = '' OR l.activity_key = $6)
    AND (CAST($7 AS text[]) = '{}' OR l.source_key = ANY (CAST($7 AS text[])))
    AND (CAST($8 AS text[]) = '{}' OR EXISTS (SELECT FROM contact c WHERE c.id = l.contact_id AND c.country = ANY (CAST($8 AS text[]))))
    AND (CAST($9 AS timestamptz) IS NULL OR l.obtained_at >= $9)
    AND (CAST($10 AS timestamptz) IS NULL OR l.obtained_at < $10)
    AND (NOT $11 OR l.ended_at > l.due_at)
ORDER BY l.contact_id, l.id
LIMIT $12

-- name: list_due_of
SELECT due_at FROM duty WHERE controller_id = $1 AND contact_id = $2 AND id = $3

-- name: alerts_open
-- A subject is an id: of a contact, of a delivery, which is somebody's, or of
-- something that is about many.
SELECT o.id, o.kind, o.subject, o.detail, o.raised_at, COALESCE(v.contact_id, c.id) AS contact_id
FROM (
    SELECT id, kind, subject, detail, raised_at,
        CASE WHEN subject ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN CAST(subject AS uuid) END AS about
    FROM alert
    WHERE controller_id = $1 AND settled_at IS NULL AND ($2 = '' OR kind = $2)
        AND (raised_at, id) > (SELECT COALESCE(max(a.raised_at), '-infinity'), CAST($3 AS uuid) FROM alert a WHERE a.id = $3)
    ORDER BY raised_at, id
    LIMIT $4
) o
LEFT JOIN delivery v ON v.id = o.about AND v.controller_id = $1
LEFT JOIN contact c ON c.id = o.about AND c.controller_id = $1
ORDER BY o.raised_at, o.id

-- name: alert_settle
UPDATE alert
SET settled_at = $3, settled_by = $4
WHERE controller_id = $1 AND id = $2 AND settled_at IS NULL
RETURNING kind
