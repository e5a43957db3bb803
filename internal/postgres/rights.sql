-- name: notice
-- All of a notice that is one row, since each page that is opened asks for it: of the
-- delivery itself, or of the notice that it answers to (notice_behind).
SELECT n.id, n.identifier_id, n.languages, n.form, n.state, n.content_version_id, n.code,
    v.activity_key, v.register_version_id, m.composed_at, m.slots,
    ARRAY(SELECT l.duty_id FROM delivery_duty l WHERE l.contact_id = n.contact_id AND l.delivery_id = n.id) AS duties,
    (SELECT max(u.erased_at) FROM delivery_duty l JOIN duty u ON u.contact_id = l.contact_id AND u.id = l.duty_id
     WHERE l.contact_id = n.contact_id AND l.delivery_id = n.id
     HAVING bool_and(u.erased_at IS NOT NULL)) AS erased_at,
    (SELECT min(o.made_at) FROM objection o WHERE o.contact_id = n.contact_id AND o.activity_key = v.activity_key) AS objected_at,
    (SELECT r.due_at FROM request r WHERE r.contact_id = n.contact_id AND r.kind = 'access' AND r.state = 'received') AS access_due_at
FROM delivery d
JOIN delivery n ON n.contact_id = d.contact_id AND n.content_version_id = d.content_version_id AND n.document = 'notice'
    AND (n.id = d.id OR d.document <> 'notice')
JOIN content_version v ON v.id = n.content_version_id
LEFT JOIN attempt m ON m.contact_id = n.contact_id AND m.delivery_id = n.id AND m.number = 1
WHERE d.controller_id = $1 AND d.contact_id = $2 AND d.id = $3
ORDER BY n.id DESC
LIMIT 1

-- name: notice_skeletons
SELECT document, languages, form, skeleton_hash AS hash
FROM content_version_skeleton
WHERE content_version_id = $1
ORDER BY document, languages, form

-- name: notice_behind
-- The links and the code of a receipt lead to the notice that it answers to: the
-- newest to that person with the same content.
SELECT n.contact_id, n.id
FROM delivery d
JOIN delivery n ON n.contact_id = d.contact_id AND n.content_version_id = d.content_version_id AND n.document = 'notice'
    AND (n.id = d.id OR d.document <> 'notice')
WHERE d.controller_id = $1 AND d.contact_id = $2 AND d.id = $3
ORDER BY n.id DESC
LIMIT 1

-- name: notice_by_code
SELECT contact_id, delivery_id AS id FROM delivery_ref WHERE controller_id = $1 AND code = $2

-- name: contact_lock
SELECT id FROM contact WHERE controller_id = $1 AND id = $2 FOR NO KEY UPDATE

-- name: objection_add
INSERT INTO objection (contact_id, id, controller_id, activity_key, scope, way, made_at, delivery_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (contact_id, activity_key, scope) DO NOTHING

-- name: objection
SELECT contact_id, id, activity_key, scope, way, made_at, delivery_id
FROM objection
WHERE contact_id = $1 AND activity_key = $2 AND scope = $3

-- name: contact_objected
UPDATE contact SET objected_at = COALESCE(objected_at, $3) WHERE controller_id = $1 AND id = $2

-- name: request_add
INSERT INTO request (contact_id, id, controller_id, kind, way, received_at, due_at, state, delivery_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'received', $8)
ON CONFLICT (contact_id, kind) WHERE state = 'received' DO NOTHING

-- name: request_open
SELECT contact_id, id, kind, way, received_at, due_at, delivery_id
FROM request
WHERE contact_id = $1 AND kind = $2 AND state = 'received'

-- name: express_lane
SELECT id FROM lane WHERE controller_id = $1 AND campaign_id IS NULL AND relay = 'default' AND domain_class = 'any'

-- name: express_lane_add
INSERT INTO lane (controller_id, relay, domain_class, state)
VALUES ($1, 'default', 'any', 'open')
ON CONFLICT (controller_id, campaign_id, relay, domain_class) DO NOTHING
