-- name: quota_add
-- A relay that was given nothing yet.
INSERT INTO relay_quota (controller_id, relay)
VALUES ($1, $2)
ON CONFLICT DO NOTHING

-- name: quota_lock
SELECT second, in_second, day, on_day
FROM relay_quota
WHERE controller_id = $1 AND relay = $2
FOR NO KEY UPDATE

-- name: quota_lease
UPDATE relay_quota
SET second = $3, in_second = $4, day = $5, on_day = $6, per_second = $7, per_day = $8
WHERE controller_id = $1 AND relay = $2

-- name: quota_return
UPDATE relay_quota
SET in_second = $3, on_day = $4
WHERE controller_id = $1 AND relay = $2

-- name: quotas
SELECT relay, day, on_day, per_second, per_day
FROM relay_quota
WHERE controller_id = $1
ORDER BY relay
