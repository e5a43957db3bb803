-- name: contact_deliveries
SELECT d.id, COALESCE(k.key, '') AS campaign_key, d.document, d.state, d.languages, d.language_rule, d.form, d.due_at, m.sha256, m.composed_at
FROM delivery d
LEFT JOIN campaign k ON k.id = d.campaign_id
LEFT JOIN message m ON m.contact_id = d.contact_id AND m.delivery_id = d.id
WHERE d.contact_id = $1
ORDER BY d.id

-- name: contact_attempts
SELECT delivery_id, number, relay, begun_at, ended_at, COALESCE(outcome, '') AS outcome, stage, code, enhanced, reply
FROM attempt
WHERE contact_id = $1
ORDER BY delivery_id, number

-- name: contact_objections
SELECT contact_id, id, activity_key, scope, way, made_at, delivery_id
FROM objection
WHERE contact_id = $1
ORDER BY made_at, id

-- name: contact_requests
SELECT contact_id, id, kind, way, received_at, due_at, delivery_id
FROM request
WHERE contact_id = $1
ORDER BY received_at, id
