-- name: duties_lock
-- In the order in which all lock duties.
SELECT d.id
FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[])) AS x(contact_id, delivery_id)
JOIN duty d ON d.contact_id = x.contact_id AND d.delivery_id = x.delivery_id
ORDER BY d.contact_id, d.id
FOR NO KEY UPDATE OF d

-- name: duties_end
-- At their places contacts come in order, and a contact's duties in that of their
-- ids; else duties_lock has locked them.
UPDATE duty d
SET state = x.to_state,
    reason = x.reason,
    detail = '',
    met_at = CASE WHEN x.to_state = 'met' THEN x.at END,
    delivery_id = CASE WHEN x.to_state <> 'open' THEN d.delivery_id END
FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[]), CAST($3 AS text[]), CAST($4 AS text[]), CAST($5 AS timestamptz[]), CAST($6 AS tid[]))
    WITH ORDINALITY AS x(contact_id, delivery_id, to_state, reason, at, place, n)
WHERE d.ctid = x.place AND d.contact_id = x.contact_id AND d.delivery_id = x.delivery_id AND d.state = 'in_flight'
RETURNING x.n, d.id, d.controller_id, d.due_at
