-- name: campaign_add
INSERT INTO campaign (id, controller_id, key, activity_key, kind, filter, state, pace, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (controller_id, key) DO NOTHING

-- name: campaigns
SELECT id, key, activity_key, kind, filter, state, pace, created_at, created_by, content_version_id, approved_at,
    COALESCE(approved_by, '') AS approved_by, COALESCE(approved_people, 0) AS approved_people, frozen_until, started_at, ended_at
FROM campaign
WHERE controller_id = $1 AND ($2 = '' OR key = $2)
ORDER BY created_at, id

-- name: skeletons_add
INSERT INTO skeleton (hash, body)
SELECT DISTINCT decode(r.hash, 'base64'), decode(r.body, 'base64')
FROM json_to_recordset(CAST($1 AS json)) AS r(hash text, body text)
ORDER BY 1
ON CONFLICT DO NOTHING

-- name: content_add
INSERT INTO content_version (id, controller_id, hash, activity_key, register_version_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (controller_id, hash) DO NOTHING

-- name: content_skeletons_add
INSERT INTO content_version_skeleton (content_version_id, document, languages, form, skeleton_hash)
SELECT $1, r.document, r.languages, r.form, decode(r.hash, 'base64')
FROM json_to_recordset(CAST($2 AS json)) AS r(document text, languages text, form text, hash text)

-- name: content_by_hash
SELECT id FROM content_version WHERE controller_id = $1 AND hash = $2

-- name: content
SELECT id, hash, activity_key, register_version_id FROM content_version WHERE id = $1

-- name: content_skeletons
SELECT c.document, c.languages, c.form, s.hash, s.body
FROM content_version_skeleton c
JOIN skeleton s ON s.hash = c.skeleton_hash
WHERE c.content_version_id = $1
ORDER BY c.document, c.languages, c.form

-- name: skeleton
SELECT body FROM skeleton WHERE hash = $1

-- name: campaign_approve
UPDATE campaign
SET state = 'freezing', content_version_id = $3, approved_at = $4, approved_by = $5, approved_people = $6
WHERE controller_id = $1 AND id = $2 AND state = 'draft'
RETURNING key

-- name: campaign_lane_add
INSERT INTO lane (controller_id, campaign_id, relay, domain_class, state, pace)
SELECT controller_id, id, 'default', 'any', 'closed', pace
FROM campaign
WHERE controller_id = $1 AND id = $2

-- name: campaign_lock
SELECT state FROM campaign WHERE controller_id = $1 AND id = $2 FOR NO KEY UPDATE

-- name: campaign_move
UPDATE campaign
SET state = $2,
    started_at = CASE WHEN $2 = 'running' THEN COALESCE(started_at, $3) ELSE started_at END,
    ended_at = CASE WHEN $2 IN ('finished', 'cancelled') THEN $3 ELSE ended_at END
WHERE id = $1
RETURNING key

-- name: campaign_lanes_move
UPDATE lane SET state = $2, reason = '' WHERE campaign_id = $1

-- name: campaign_held
SELECT count(*)
FROM lane
WHERE campaign_id = $1 AND state = 'paused' AND reason <> ''

-- name: campaign_cancel_deliveries
-- One that may have arrived is left as it is: opening its duties would have
-- the next campaign tell the person a second time (E5).
WITH waiting AS MATERIALIZED (
    SELECT d.contact_id, d.id, d.state
    FROM delivery d
    WHERE d.campaign_id = $1 AND d.shelf IN ('queued', 'deferred')
        AND (d.attempts = 0 OR NOT EXISTS (
            SELECT FROM outcome o WHERE o.contact_id = d.contact_id AND o.delivery_id = d.id AND o.outcome = 'uncertain'))
    LIMIT $2
    FOR NO KEY UPDATE OF d SKIP LOCKED
)
UPDATE delivery d
SET state = 'cancelled', settled_at = $3
FROM waiting w
WHERE d.contact_id = w.contact_id AND d.id = w.id
RETURNING d.contact_id, d.id, d.controller_id, d.campaign_id, d.document, d.languages, w.state AS from_state, d.state AS to_state, (SELECT x.domain_class FROM lane x WHERE x.id = d.lane) AS class

-- name: campaign_pace
UPDATE campaign SET pace = $3 WHERE controller_id = $1 AND id = $2

-- name: campaign_lanes_pace
UPDATE lane SET pace = $2 WHERE campaign_id = $1

-- name: campaign_counts
SELECT c.state, CAST(sum(c.n) AS bigint) AS n
FROM (
    SELECT state, n FROM counter WHERE campaign_id = $1 AND what = 'delivery'
    UNION ALL
    SELECT to_state, n FROM counter_delta WHERE campaign_id = $1 AND what = 'delivery'
    UNION ALL
    SELECT from_state, -n FROM counter_delta WHERE campaign_id = $1 AND what = 'delivery'
) c
WHERE c.state <> ''
GROUP BY c.state
HAVING sum(c.n) <> 0
