-- name: register_controller
-- The update changes nothing; it locks the row and returns it.
INSERT INTO controller (id, key, created_at)
VALUES ($1, $2, $3)
ON CONFLICT (key) DO UPDATE SET key = excluded.key
RETURNING id

-- name: register_newest
SELECT id, controller_id, version, hash, body, applied_at, applied_by
FROM register_version
WHERE controller_id = $1
ORDER BY version DESC
LIMIT 1

-- name: register_add
INSERT INTO register_version (id, controller_id, version, hash, body, applied_at, applied_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: register_current
-- Two rows are enough to see that there is more than one controller.
SELECT v.id
FROM controller c
CROSS JOIN LATERAL (
    SELECT id
    FROM register_version
    WHERE controller_id = c.id
    ORDER BY version DESC
    LIMIT 1
) v
WHERE $1 = '' OR c.key = $1
LIMIT 2

-- name: register_by_id
SELECT id, controller_id, version, hash, body, applied_at, applied_by
FROM register_version
WHERE id = $1

-- name: register_before
SELECT id, controller_id, version, hash, body, applied_at, applied_by
FROM register_version
WHERE controller_id = $1 AND version < $2
ORDER BY version DESC
LIMIT 1

-- name: register_unopened
SELECT id, controller_id, version, hash, body, applied_at, applied_by
FROM register_version v
WHERE controller_id = $1 AND NOT EXISTS (SELECT FROM register_opened o WHERE o.register_version_id = v.id)
ORDER BY version

-- name: register_opened
INSERT INTO register_opened (register_version_id, at)
VALUES ($1, $2)
ON CONFLICT DO NOTHING

-- name: register_contacts
SELECT id
FROM contact
WHERE controller_id = $1 AND id > $2
ORDER BY id
LIMIT $3

-- name: audit_add
INSERT INTO audit (id, controller_id, at, actor, action, subject, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7)
