-- name: class_version
SELECT version FROM class_book WHERE controller_id = $1

-- name: class_change
-- Whoever changes classes takes turns here.
INSERT INTO class_book (controller_id, version)
VALUES ($1, 1)
ON CONFLICT (controller_id) DO UPDATE SET version = class_book.version + 1

-- name: classes
SELECT name, per_second, per_day, second, in_second, day, on_day, full_at
FROM domain_class
WHERE controller_id = $1
ORDER BY name

-- name: class_domains
SELECT domain, class
FROM class_domain
WHERE controller_id = $1
ORDER BY class, domain

-- name: class_set
-- What was given today counts already, if it was counted.
INSERT INTO domain_class (controller_id, name, per_second, per_day, day, full_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (controller_id, name) DO UPDATE
SET per_second = excluded.per_second, per_day = excluded.per_day, full_at = excluded.full_at,
    day = GREATEST(domain_class.day, excluded.day),
    on_day = CASE WHEN domain_class.day >= excluded.day THEN domain_class.on_day ELSE 0 END

-- name: class_lock
SELECT name, per_second, per_day, second, in_second, day, on_day, full_at
FROM domain_class
WHERE controller_id = $1 AND name = $2
FOR NO KEY UPDATE

-- name: class_remove
DELETE FROM domain_class WHERE controller_id = $1 AND name = $2

-- name: class_domains_clear
DELETE FROM class_domain WHERE controller_id = $1 AND class = $2

-- name: class_domains_set
INSERT INTO class_domain (controller_id, domain, class)
SELECT $1, d.domain, $2
FROM unnest(CAST($3 AS text[])) AS d(domain)

-- name: class_roll
-- A day that lies ahead of $3 comes from a clock that was wrong.
UPDATE domain_class
SET day = $2, on_day = 0, full_at = NULL
WHERE controller_id = $1 AND (day < $2 OR day > $3)

-- name: class_return
-- What was claimed before the day that is counted was charged to another.
UPDATE domain_class
SET on_day = GREATEST(0, on_day - $3)
WHERE controller_id = $1 AND name = $2 AND day <= $4

-- name: class_lanes
SELECT id, domain_class AS class
FROM lane
WHERE campaign_id = $1 AND channel = 'email'
ORDER BY id

-- name: class_lanes_add
-- A lane begins as that of the other domains stands. Whoever pauses a campaign or opens
-- it locks it before, and so finds this lane, or has it begin as they left the others.
INSERT INTO lane (controller_id, campaign_id, relay, domain_class, state, reason, pace)
SELECT a.controller_id, a.campaign_id, a.relay, k.class, a.state, a.reason, a.pace
FROM campaign c
JOIN lane a ON a.campaign_id = c.id AND a.domain_class = 'any'
CROSS JOIN unnest(CAST($2 AS text[])) AS k(class)
WHERE c.id = $1
ORDER BY k.class
FOR SHARE OF c, a
ON CONFLICT (controller_id, campaign_id, relay, domain_class) DO NOTHING

-- name: class_lane_open
UPDATE lane
SET state = 'open', reason = ''
WHERE campaign_id = $1 AND domain_class = $2 AND state = 'paused' AND reason <> ''
RETURNING id

-- name: class_lane_forget
DELETE FROM lane_standing s
USING lane l
WHERE l.campaign_id = $1 AND l.domain_class = $2 AND s.lane = l.id

-- name: sorting_begin
INSERT INTO lane_sorting (lane)
SELECT l.id
FROM lane l
JOIN campaign c ON c.id = l.campaign_id
WHERE l.controller_id = $1 AND l.channel = 'email' AND c.state NOT IN ('finished', 'cancelled')
ORDER BY l.id
ON CONFLICT (lane) DO UPDATE SET due_at = NULL, id = NULL

-- name: sorting_add
INSERT INTO lane_sorting (lane)
SELECT x.lane
FROM unnest(CAST($1 AS bigint[])) AS x(lane)
ORDER BY x.lane
ON CONFLICT DO NOTHING

-- name: sorting_next
SELECT s.lane, s.due_at, s.id, l.campaign_id, l.domain_class AS class
FROM lane_sorting s
JOIN lane l ON l.id = s.lane
WHERE l.controller_id = $1
ORDER BY s.lane
LIMIT 1
FOR NO KEY UPDATE OF s

-- name: sorting_left
SELECT EXISTS (SELECT FROM lane_sorting s JOIN lane l ON l.id = s.lane WHERE l.controller_id = $1)

-- name: sorting_on
UPDATE lane_sorting SET due_at = $2, id = $3 WHERE lane = $1

-- name: sorting_done
DELETE FROM lane_sorting WHERE lane = $1

-- name: sorting_look
-- It walks the narrow index on from where it stood. The domain alone leaves the database.
SELECT d.contact_id, d.id, d.due_at, COALESCE(substring(i.value FROM '[^@]*$'), '') AS domain
FROM (
    SELECT contact_id, id, due_at, identifier_id, channel
    FROM delivery
    WHERE lane = $1 AND shelf = 'queued' AND (due_at, id) > ($2, $3)
    ORDER BY due_at, id
    LIMIT $4
) d
LEFT JOIN identifier i ON i.contact_id = d.contact_id AND i.kind = d.channel AND i.id = d.identifier_id
ORDER BY d.due_at, d.id

-- name: sorting_move
-- What somebody has in their hands at this moment is left to its next claim.
WITH held AS MATERIALIZED (
    SELECT d.contact_id, d.id, m.lane, m.class
    FROM unnest(CAST($2 AS uuid[]), CAST($3 AS uuid[]), CAST($4 AS bigint[]), CAST($5 AS text[])) AS m(contact_id, id, lane, class)
    JOIN delivery d ON d.contact_id = m.contact_id AND d.id = m.id
    WHERE d.lane = $1 AND d.state = 'queued'
    ORDER BY d.contact_id, d.id
    FOR NO KEY UPDATE OF d SKIP LOCKED
)
UPDATE delivery d
SET lane = h.lane
FROM held h
WHERE d.contact_id = h.contact_id AND d.id = h.id
RETURNING h.class
