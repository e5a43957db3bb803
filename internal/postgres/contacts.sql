-- name: contact_deliveries
SELECT d.id, COALESCE(k.key, '') AS campaign_key, d.document, d.channel, d.state, d.languages, d.language_rule, d.form, d.due_at, m.sha256, m.composed_at
FROM delivery d
LEFT JOIN campaign k ON k.id = d.campaign_id
LEFT JOIN attempt m ON m.contact_id = d.contact_id AND m.delivery_id = d.id AND m.number = 1
WHERE d.contact_id = $1
ORDER BY d.id

-- name: contact_attempts
SELECT a.delivery_id, a.number, a.relay, a.begun_at, o.ended_at, COALESCE(o.outcome, '') AS outcome, COALESCE(o.stage, '') AS stage,
    COALESCE(o.code, 0) AS code, COALESCE(o.enhanced, '') AS enhanced, COALESCE(o.reply, '') AS reply
FROM attempt a
LEFT JOIN outcome o ON o.contact_id = a.contact_id AND o.id = a.id
WHERE a.contact_id = $1
ORDER BY a.delivery_id, a.number

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
