-- name: duties_end
-- Where every delivery passes through, a duty's place is known ($6); else its places
-- are looked up by key. Contacts come in order, and so do a contact's duties, by
-- their ids: so they are locked. Elsewhere it is a single delivery, or the duties of
-- the contacts are locked before.
UPDATE duty d
SET state = e.to_state,
    reason = e.reason,
    detail = '',
    met_at = CASE WHEN e.to_state = 'met' THEN e.at END,
    delivery_id = CASE WHEN e.to_state <> 'open' THEN d.delivery_id END
FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[]), CAST($3 AS text[]), CAST($4 AS text[]), CAST($5 AS timestamptz[]), CAST($6 AS tid[]))
    WITH ORDINALITY AS e(contact_id, delivery_id, to_state, reason, at, place, n)
CROSS JOIN LATERAL (
    SELECT e.place AS place WHERE e.place IS NOT NULL
    UNION ALL
    (SELECT k.ctid FROM duty k WHERE e.place IS NULL AND k.contact_id = e.contact_id AND k.delivery_id = e.delivery_id ORDER BY k.id)
) p
WHERE d.ctid = p.place AND d.contact_id = e.contact_id AND d.delivery_id = e.delivery_id AND d.state = 'in_flight'
RETURNING e.n, d.id, d.controller_id, d.due_at
