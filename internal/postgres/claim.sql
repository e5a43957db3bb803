-- name: claim_lanes
-- A copy of the database that nobody has confirmed gives nothing (see instance). A
-- lane with nothing in its queue is not asked: a claim of one delivery would ask a few
-- such lanes in turn, and go without the one that waits in another.
SELECT l.id, l.campaign_id, l.domain_class AS class, l.pace, COALESCE(a.daily > 0 OR a.canary_state = 'sending', false) AS limited,
    COALESCE(k.per_second > 0 OR k.per_day > 0, false) AS class_limited, COALESCE(b.version, 0) AS classes
FROM lane l
LEFT JOIN campaign_allowance a ON a.campaign_id = l.campaign_id
LEFT JOIN domain_class k ON k.controller_id = l.controller_id AND k.name = l.domain_class
LEFT JOIN class_book b ON b.controller_id = l.controller_id
WHERE l.controller_id = $1 AND l.state = 'open' AND l.channel = 'email'
    AND EXISTS (SELECT FROM delivery d WHERE d.lane = l.id AND d.shelf = 'queued')
    AND NOT EXISTS (SELECT FROM instance WHERE held_at IS NOT NULL OR place <> instance_place())
ORDER BY l.id

-- name: claim_owed
-- What is queued and still on time, by the hour in which it is due, each hour's
-- taken to be due with its first. It walks a part of the narrow index alone.
SELECT d.lane, min(d.due_at) AS at, count(*) AS n
FROM lane l
JOIN delivery d ON d.lane = l.id AND d.shelf = 'queued' AND d.due_at >= $2 AND d.due_at < $3
WHERE l.controller_id = $1 AND l.state = 'open' AND l.channel = 'email'
GROUP BY d.lane, date_bin('1 hour', d.due_at, $2)
ORDER BY d.lane, at

-- name: claim_paced_lanes
-- A second that another worker, with a clock a little ahead, has begun already
-- counts as this one. One that is further ahead than $3 comes from a clock that was
-- wrong, and counts for nothing: the lane would stand still until then. What all lanes
-- of a campaign gave is counted in the one for the domains of no class.
SELECT id, campaign_id, pace, CASE WHEN pace_second BETWEEN $2 AND $3 THEN pace_used ELSE 0 END AS used
FROM lane
WHERE controller_id = $1 AND state <> 'closed' AND pace > 0 AND domain_class = 'any'
ORDER BY id
FOR NO KEY UPDATE SKIP LOCKED

-- name: claim_charge_pace
UPDATE lane l
SET pace_used = CASE WHEN l.pace_second BETWEEN $2 AND $3 THEN l.pace_used ELSE 0 END + r.used,
    pace_second = CASE WHEN l.pace_second BETWEEN $2 AND $3 THEN l.pace_second ELSE $2 END
FROM json_to_recordset(CAST($1 AS json)) AS r(id bigint, used integer)
WHERE l.id = r.id

-- name: claim_allowances
SELECT campaign_id, daily, day, today, canary, canary_left, canary_wait, canary_share, canary_state, canary_at
FROM campaign_allowance
WHERE campaign_id = ANY (CAST($1 AS uuid[]))
ORDER BY campaign_id
FOR NO KEY UPDATE SKIP LOCKED

-- name: claim_charge_allowances
UPDATE campaign_allowance a
SET today = a.today + r.n, canary_left = GREATEST(0, a.canary_left - r.n)
FROM unnest(CAST($1 AS uuid[]), CAST($2 AS bigint[])) AS r(campaign_id, n)
WHERE a.campaign_id = r.campaign_id

-- name: claim_classes
SELECT name, per_second, per_day, second, in_second, day, on_day, full_at
FROM domain_class
WHERE controller_id = $1 AND name = ANY (CAST($2 AS text[]))
ORDER BY name
FOR NO KEY UPDATE SKIP LOCKED

-- name: claim_charge_classes
UPDATE domain_class k
SET second = r.second, in_second = r.in_second, on_day = r.on_day, full_at = r.full_at
FROM json_to_recordset(CAST($2 AS json)) AS r(name text, second timestamptz, in_second integer, on_day integer, full_at timestamptz)
WHERE k.controller_id = $1 AND k.name = r.name

-- name: claim_astray
-- Back to the queue untouched, in the lane of its class where its campaign has one.
UPDATE delivery d
SET state = 'queued', claim_id = NULL, lane = COALESCE(a.home, d.lane)
FROM (
    SELECT s.contact_id, s.id, s.n, l.id AS home
    FROM unnest(CAST($2 AS uuid[]), CAST($3 AS uuid[]), CAST($4 AS uuid[]), CAST($5 AS text[])) WITH ORDINALITY AS s(contact_id, id, campaign_id, class, n)
    LEFT JOIN lane l ON l.controller_id = $1 AND l.campaign_id = s.campaign_id AND l.relay = 'default' AND l.domain_class = s.class
) a
WHERE d.contact_id = a.contact_id AND d.id = a.id
RETURNING a.n, a.home IS NOT NULL AS moved

-- name: claim
-- $4 is what each lane is asked for, $5 the greatest number in it, $6 their sum. The
-- limits by these say nothing new: they are numbers that the planner can see, and
-- so it walks the narrow index (lane, due_at, id), stops, and looks up the rest row
-- by row. A row that is found by its place (ctid) is one that nobody has changed
-- since this statement began; another is left in the queue.
WITH picked AS MATERIALIZED (
    SELECT a.lane, p.place, p.contact_id, p.identifier_id, p.channel, p.late
    FROM json_to_recordset(CAST($4 AS json)) AS a(lane bigint, on_time integer, late integer)
    CROSS JOIN LATERAL (
        (SELECT place, contact_id, identifier_id, channel, false AS late
         FROM (SELECT ctid AS place, contact_id, identifier_id, channel
               FROM delivery
               WHERE lane = a.lane AND shelf = 'queued' AND due_at >= $3
               ORDER BY due_at, id
               LIMIT $5
               FOR NO KEY UPDATE SKIP LOCKED) on_time
         LIMIT a.on_time)
        UNION ALL
        (SELECT place, contact_id, identifier_id, channel, true AS late
         FROM (SELECT ctid AS place, contact_id, identifier_id, channel
               FROM delivery
               WHERE lane = a.lane AND shelf = 'queued' AND due_at < $3
               ORDER BY due_at, id
               LIMIT $5
               FOR NO KEY UPDATE SKIP LOCKED) overdue
         LIMIT a.late)
    ) p
    LIMIT $6
), judged AS MATERIALIZED (
    -- An address that is gone or that must not be written to is not claimed (R5, R9).
    SELECT p.place, p.late, c.name, c.country, c.region, c.first_obtained_at, i.value AS address, i.hash AS address_hash, i.key_id AS address_key,
        i.id IS NULL OR EXISTS (
            SELECT FROM suppression s
            WHERE s.controller_id = $1 AND s.kind = i.kind AND s.hash = i.hash AND s.scope = 'address' AND s.key_id = i.key_id
                AND (s.expires_at IS NULL OR s.expires_at > $3)) AS suppressed
    FROM picked p
    JOIN contact c ON c.id = p.contact_id
    LEFT JOIN identifier i ON i.contact_id = p.contact_id AND i.kind = p.channel AND i.id = p.identifier_id
)
UPDATE delivery d
SET state = CASE WHEN j.suppressed THEN 'suppressed' ELSE 'sending' END,
    claim_id = CASE WHEN NOT j.suppressed THEN CAST($2 AS uuid) END,
    settled_at = CASE WHEN j.suppressed THEN CAST($3 AS timestamptz) END
FROM judged j
WHERE d.ctid = j.place AND d.state = 'queued'
RETURNING d.ctid AS place, d.contact_id, d.id, d.lane, j.late, j.suppressed, d.document, d.languages, d.form, d.content_version_id, d.skeleton_hash,
    d.code, d.due_at, d.created_at, d.attempts, j.name, j.country, j.region, j.first_obtained_at,
    COALESCE(j.address, '') AS address, j.address_hash, COALESCE(j.address_key, '') AS address_key

-- name: claim_note
-- The ids are those of what is claimed, so that whoever ends the claim finds it
-- without an index that every delivery would have to enter.
INSERT INTO claim (id, controller_id, lease_until, open, contacts, deliveries)
VALUES ($1, $2, $3, $4, $5, $6)

-- name: claim_contents
SELECT id, activity_key, register_version_id
FROM content_version
WHERE id = ANY (CAST($1 AS uuid[]))

-- name: claim_messages
-- What went out in earlier attempts.
SELECT k.n, a.composed_at, a.sha256, a.slots
FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[])) WITH ORDINALITY AS k(contact_id, delivery_id, n)
JOIN attempt a ON a.contact_id = k.contact_id AND a.delivery_id = k.delivery_id AND a.number = 1

-- name: claim_acquisitions
SELECT k.n, a.id, a.source_key, a.activity_key, a.obtained_at, a.obtained_basis, a.page, a.visibility
FROM unnest(CAST($1 AS uuid[])) WITH ORDINALITY AS k(contact_id, n)
JOIN acquisition a ON a.contact_id = k.contact_id

-- name: claim_duties
-- What a notice says of the duties that it discharges.
SELECT k.n, u.ctid AS place, u.id, u.source_key, u.cause, u.obtained_at, u.due_at, u.due_rule, CAST(u.due_inputs ->> 'read_at' AS timestamptz) AS read_at
FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[])) WITH ORDINALITY AS k(contact_id, delivery_id, n)
JOIN duty u ON u.contact_id = k.contact_id AND u.delivery_id = k.delivery_id
ORDER BY k.n, u.id

-- name: lanes
SELECT l.id, l.campaign_id, l.domain_class AS class, l.state, l.reason, l.pace,
    COALESCE(k.per_second, 0) AS per_second, COALESCE(k.per_day, 0) AS per_day, COALESCE(k.on_day, 0) AS on_day
FROM lane l
LEFT JOIN domain_class k ON k.controller_id = l.controller_id AND k.name = l.domain_class
WHERE l.controller_id = $1
ORDER BY l.id
