-- name: addressee_notice
-- The newest notice that they were given or are about to be, of whatever channel.
SELECT v.activity_key, v.register_version_id, d.languages, d.identifier_id
FROM delivery d
JOIN content_version v ON v.id = d.content_version_id
WHERE d.controller_id = $1 AND d.contact_id = $2 AND d.document = 'notice' AND d.state <> 'cancelled' AND ($3 = '' OR v.activity_key = $3)
ORDER BY d.id DESC
LIMIT 1

-- name: claim_planned
SELECT k.n, p.slots
FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[])) WITH ORDINALITY AS k(contact_id, delivery_id, n)
JOIN planned_values p ON p.contact_id = k.contact_id AND p.delivery_id = k.delivery_id

-- name: erase_planned
DELETE FROM planned_values p
USING json_to_recordset(CAST($1 AS json)) AS e(contact_id uuid, id uuid)
WHERE p.contact_id = e.contact_id AND p.delivery_id = e.id
