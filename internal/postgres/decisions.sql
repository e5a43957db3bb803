-- name: decision_add
INSERT INTO decision (contact_id, id, controller_id, kind, decided_at, decided_by, why)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: contact_decisions
SELECT contact_id, kind, decided_at, decided_by, why
FROM decision
WHERE contact_id = $1
ORDER BY decided_at, id

-- name: tell_contact
UPDATE contact SET tell_at = $3, updated_at = $3 WHERE controller_id = $1 AND id = $2 AND erased_at IS NULL

-- name: tell_duties
WITH held AS MATERIALIZED (
    SELECT contact_id, id, state, reason
    FROM duty
    WHERE controller_id = $1 AND contact_id = $2 AND state = 'blocked' AND reason = ANY (CAST($3 AS text[]))
    ORDER BY id
    FOR NO KEY UPDATE
)
UPDATE duty d
SET state = 'open', reason = '', detail = ''
FROM held h
WHERE d.contact_id = h.contact_id AND d.id = h.id
RETURNING d.id, h.state, h.reason, d.due_at
