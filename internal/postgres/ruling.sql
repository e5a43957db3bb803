-- name: ruling_lock
SELECT d.contact_id, d.id, d.controller_id, d.campaign_id, d.document, d.languages, d.state AS from_state, d.state AS to_state,
    COALESCE(k.state, '') = 'cancelled' AS cancelled,
    (SELECT max(o.ended_at) FROM outcome o
     WHERE o.contact_id = d.contact_id AND o.delivery_id = d.id AND o.outcome = 'uncertain') AS attempted_at
FROM delivery d
LEFT JOIN campaign k ON k.id = d.campaign_id
WHERE d.controller_id = $1 AND d.id = $2 AND d.contact_id = (SELECT r.contact_id FROM delivery_ref r WHERE r.delivery_id = $2)
FOR NO KEY UPDATE OF d

-- name: ruling_move
UPDATE delivery
SET state = $3, claim_id = CASE WHEN $3 = 'sending' THEN CAST($4 AS uuid) END,
    settled_at = CASE WHEN $3 IN ('relayed', 'rejected') THEN CAST($5 AS timestamptz) END
WHERE contact_id = $1 AND id = $2

-- name: ruling_alert
UPDATE alert
SET settled_at = $3, settled_by = $4
WHERE controller_id = $1 AND kind = $5 AND subject = $2 AND settled_at IS NULL
RETURNING kind
