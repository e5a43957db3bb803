-- name: duties_end
WITH ending AS MATERIALIZED (
    SELECT d.contact_id, d.id, d.delivery_id, e.to_state, e.reason, e.at
    FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[]), CAST($3 AS text[]), CAST($4 AS text[]), CAST($5 AS timestamptz[]))
        AS e(contact_id, delivery_id, to_state, reason, at)
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
