-- name: standing_add
INSERT INTO lane_standing (lane, recent)
VALUES ($1, '')
ON CONFLICT DO NOTHING

-- name: standing_lock
SELECT recent
FROM lane_standing
WHERE lane = $1
FOR NO KEY UPDATE

-- name: standing
UPDATE lane_standing
SET recent = $2
WHERE lane = $1

-- name: standing_forget
-- Resumed, a lane begins anew.
DELETE FROM lane_standing s
USING lane l
WHERE l.campaign_id = $1 AND s.lane = l.id

-- name: lane_hold
-- One that a person has paused meanwhile stays theirs.
UPDATE lane l
SET state = 'paused', reason = $3
FROM campaign c
WHERE l.controller_id = $1 AND l.id = $2 AND l.state = 'open' AND c.id = l.campaign_id
RETURNING c.id, c.key, l.domain_class AS class
