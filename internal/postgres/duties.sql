-- name: duties_end
-- Where every delivery passes through, rows are looked up by key: in the order of
-- their contacts, and a contact's duties in that of their index. So they are locked.
-- Elsewhere it is a single delivery, or the duties of the contacts are locked before.
UPDATE duty d
SET state = e.to_state,
    reason = e.reason,
    detail = '',
    met_at = CASE WHEN e.to_state = 'met' THEN e.at END,
    delivery_id = CASE WHEN e.to_state <> 'open' THEN d.delivery_id END
FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[]), CAST($3 AS text[]), CAST($4 AS text[]), CAST($5 AS timestamptz[]))
    WITH ORDINALITY AS e(contact_id, delivery_id, to_state, reason, at, n)
WHERE d.contact_id = e.contact_id AND d.delivery_id = e.delivery_id AND d.state = 'in_flight'
RETURNING e.n, d.id, d.controller_id, d.due_at
