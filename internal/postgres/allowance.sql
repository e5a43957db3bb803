-- name: allowance
SELECT campaign_id, daily, day, today, canary, canary_left, canary_wait, canary_share, canary_state, canary_at
FROM campaign_allowance
WHERE campaign_id = $1

-- name: allowances_daily
SELECT a.campaign_id, a.daily
FROM campaign_allowance a
JOIN campaign c ON c.id = a.campaign_id
WHERE c.controller_id = $1 AND c.state = 'running' AND a.daily > 0

-- name: allowance_daily
-- What was told today already counts, if it was counted.
INSERT INTO campaign_allowance (campaign_id, daily, day)
VALUES ($1, $2, $3)
ON CONFLICT (campaign_id) DO UPDATE
SET daily = excluded.daily, day = GREATEST(campaign_allowance.day, excluded.day),
    today = CASE WHEN campaign_allowance.day >= excluded.day THEN campaign_allowance.today ELSE 0 END

-- name: allowance_canary
INSERT INTO campaign_allowance (campaign_id, canary, canary_left, canary_wait, canary_share, canary_state, canary_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (campaign_id) DO UPDATE
SET canary = excluded.canary, canary_left = excluded.canary_left, canary_wait = excluded.canary_wait,
    canary_share = excluded.canary_share, canary_state = excluded.canary_state, canary_at = excluded.canary_at

-- name: allowance_roll
-- A day that lies ahead of $3 comes from a clock that was wrong.
UPDATE campaign_allowance a
SET day = $2, today = 0
FROM campaign c
WHERE c.id = a.campaign_id AND c.controller_id = $1 AND a.daily > 0 AND (a.day < $2 OR a.day > $3)

-- name: allowance_return
-- What was claimed before the day that is counted was charged to another.
UPDATE campaign_allowance
SET today = GREATEST(0, today - CASE WHEN day <= $3 THEN $2 ELSE 0 END),
    canary_left = canary_left + CASE WHEN canary_state = 'sending' THEN $2 ELSE 0 END
WHERE campaign_id = $1

-- name: canaries
SELECT c.key, a.campaign_id, a.daily, a.day, a.today, a.canary, a.canary_left, a.canary_wait, a.canary_share, a.canary_state, a.canary_at
FROM campaign_allowance a
JOIN campaign c ON c.id = a.campaign_id
WHERE c.controller_id = $1 AND c.state = 'running' AND a.canary_state IN ('sending', 'waiting')
ORDER BY c.id

-- name: canary_letters
-- What became of letters since a campaign began: they were no canary's.
SELECT d.state, count(*) AS n
FROM campaign k
JOIN letter_batch b ON b.controller_id = k.controller_id AND b.made_at >= k.started_at
JOIN letter l ON l.batch_id = b.id
JOIN delivery d ON d.contact_id = l.contact_id AND d.id = l.delivery_id AND d.campaign_id = k.id
WHERE k.id = $1
GROUP BY d.state

-- name: canary_calls
SELECT c.state, CAST(sum(c.n) AS bigint) AS n
FROM (
    SELECT state, n FROM counter WHERE controller_id = (SELECT k.controller_id FROM campaign k WHERE k.id = $1) AND campaign_id = $1 AND what = 'call'
    UNION ALL
    SELECT to_state, n FROM counter_delta WHERE campaign_id = $1 AND what = 'call'
) c
GROUP BY c.state

-- name: canary_move
UPDATE campaign_allowance a
SET canary_state = $3, canary_at = $4
FROM campaign c
WHERE a.campaign_id = $1 AND a.canary_state = $2 AND c.id = a.campaign_id
RETURNING c.key

-- name: canary_override
UPDATE campaign_allowance
SET canary_state = 'overridden', canary_at = $2
WHERE campaign_id = $1 AND canary_state IN ('waiting', 'failed')

-- name: canary_hold
UPDATE lane
SET state = 'paused', reason = $2
WHERE campaign_id = $1 AND state = 'open'

-- name: canary_open
-- A lane that is held for another reason stays so.
UPDATE lane
SET state = 'open', reason = ''
WHERE campaign_id = $1 AND state = 'paused' AND reason = $2
