-- name: told_add
INSERT INTO prior_notice (contact_id, id, controller_id, duty_id, told_at, proof, import_id, line, recorded_at)
SELECT t.contact_id, t.id, $1, t.duty_id, t.told_at, t.proof, t.import_id, t.line, $3
FROM json_to_recordset(CAST($2 AS json)) AS t(contact_id uuid, id uuid, duty_id uuid, told_at timestamptz, proof text, import_id uuid, line bigint)
ORDER BY t.contact_id, t.id
ON CONFLICT DO NOTHING

-- name: told_mark
-- The earliest telling counts. Duties that ended by a later one may be on time by it;
-- what an erased one came to stands.
WITH earlier AS MATERIALIZED (
    SELECT d.contact_id, d.id, d.told_at AS was, t.told_at
    FROM (
        SELECT j.contact_id, j.duty_id, min(j.told_at) AS told_at
        FROM json_to_recordset(CAST($2 AS json)) AS j(contact_id uuid, duty_id uuid, told_at timestamptz)
        GROUP BY j.contact_id, j.duty_id
    ) t
    JOIN duty d ON d.controller_id = $1 AND d.contact_id = t.contact_id AND d.id = t.duty_id
    WHERE (d.told_at IS NULL OR d.told_at > t.told_at) AND d.state <> 'erased'
    ORDER BY d.contact_id, d.id
    FOR NO KEY UPDATE OF d
)
UPDATE duty d
SET told_at = e.told_at
FROM earlier e
WHERE d.contact_id = e.contact_id AND d.id = e.id
RETURNING d.state, d.reason, d.due_at, e.was, d.told_at AS now_told

-- name: told_pending
SELECT contact_id, id
FROM duty
WHERE controller_id = $1 AND (contact_id, id) > ($2, $3) AND told_at IS NOT NULL AND state IN ('open', 'in_flight', 'failed', 'blocked')
ORDER BY contact_id, id
LIMIT $4

-- name: told_duties
SELECT d.contact_id, d.id, d.state, d.reason, d.due_at, d.told_at, d.delivery_id
FROM json_to_recordset(CAST($2 AS json)) AS k(contact_id uuid, id uuid)
JOIN duty d ON d.controller_id = $1 AND d.contact_id = k.contact_id AND d.id = k.id
WHERE d.told_at IS NOT NULL AND d.state IN ('open', 'in_flight', 'failed', 'blocked')
ORDER BY d.contact_id, d.id
FOR NO KEY UPDATE OF d

-- name: told_deliveries
-- Duties are locked already, so nothing waits for a delivery here: one that a worker
-- has in its hands is passed over, and looked at again.
SELECT v.id, v.state, EXISTS (
    SELECT FROM duty o
    WHERE o.contact_id = v.contact_id AND o.delivery_id = v.id AND o.state = 'in_flight' AND o.told_at IS NULL) AS owed_to_others
FROM json_to_recordset(CAST($1 AS json)) AS k(contact_id uuid, delivery_id uuid)
JOIN delivery v ON v.contact_id = k.contact_id AND v.id = k.delivery_id
WHERE v.state IN ('queued', 'deferred', 'uncertain')
FOR NO KEY UPDATE OF v SKIP LOCKED

-- name: told_cancel
UPDATE delivery v
SET state = 'cancelled', settled_at = $2
FROM json_to_recordset(CAST($1 AS json)) AS k(contact_id uuid, delivery_id uuid, was text)
WHERE v.contact_id = k.contact_id AND v.id = k.delivery_id AND v.state = k.was
RETURNING v.contact_id, v.id, v.controller_id, v.campaign_id, v.document, v.languages, k.was AS from_state, v.state AS to_state, (SELECT x.domain_class FROM lane x WHERE x.id = v.lane) AS class

-- name: told_hold
UPDATE delivery v
SET ready_at = $2
FROM json_to_recordset(CAST($1 AS json)) AS k(contact_id uuid, delivery_id uuid)
WHERE v.contact_id = k.contact_id AND v.id = k.delivery_id AND v.state = 'uncertain'

-- name: told_land
-- There is no way from in flight to excused but over open.
UPDATE duty d
SET state = 'open', reason = '', delivery_id = NULL
FROM json_to_recordset(CAST($1 AS json)) AS k(contact_id uuid, id uuid)
WHERE d.contact_id = k.contact_id AND d.id = k.id AND d.state = 'in_flight'

-- name: told_excuse
UPDATE duty d
SET state = 'excused', reason = $2, detail = ''
FROM json_to_recordset(CAST($1 AS json)) AS k(contact_id uuid, id uuid)
WHERE d.contact_id = k.contact_id AND d.id = k.id AND d.state IN ('open', 'failed', 'blocked')

-- name: told_reopen
UPDATE duty d
SET state = 'open', reason = ''
FROM json_to_recordset(CAST($2 AS json)) AS k(contact_id uuid, id uuid)
WHERE d.controller_id = $1 AND d.contact_id = k.contact_id AND d.id = k.id AND d.state = 'excused' AND d.reason = $3
RETURNING d.contact_id, d.id, d.due_at, d.told_at

-- name: told_of_contact
SELECT contact_id, id, duty_id, told_at, proof, import_id, line
FROM prior_notice
WHERE contact_id = $1
ORDER BY told_at, id
