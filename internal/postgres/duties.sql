-- name: duties_end
WITH ending AS MATERIALIZED (
    SELECT d.contact_id, d.id, d.delivery_id, e.to_state, e.reason, e.at
    FROM json_to_recordset(CAST($1 AS json)) AS e(contact_id uuid, delivery_id uuid, to_state text, reason text, at timestamptz)
    JOIN duty d ON d.contact_id = e.contact_id AND d.delivery_id = e.delivery_id
    WHERE d.state = 'in_flight'
    ORDER BY d.contact_id, d.id
    FOR NO KEY UPDATE OF d
)
UPDATE duty d
SET state = e.to_state,
    reason = e.reason,
    detail = '',
    met_at = CASE WHEN e.to_state = 'met' THEN e.at END,
    delivery_id = CASE WHEN e.to_state <> 'open' THEN d.delivery_id END
FROM ending e
WHERE d.contact_id = e.contact_id AND d.id = e.id
RETURNING d.contact_id, d.id, d.controller_id, e.delivery_id, d.due_at
