-- name: figures_counts
SELECT c.what, c.state, CAST(sum(c.n) AS bigint) AS n
FROM (
    SELECT what, state, n FROM counter WHERE controller_id = $1
    UNION ALL
    SELECT what, to_state, n FROM counter_delta WHERE controller_id = $1
    UNION ALL
    SELECT what, from_state, -n FROM counter_delta WHERE controller_id = $1
) c
WHERE c.state <> ''
GROUP BY c.what, c.state
HAVING sum(c.n) <> 0

-- name: figures_owed_in_hour
SELECT (SELECT count(*)
        FROM duty d
        WHERE d.controller_id = $1 AND d.state IN ('open', 'in_flight', 'failed', 'blocked') AND d.due_at >= e.hour AND d.due_at < e.at)
FROM json_to_recordset(CAST($2 AS json)) AS e(n integer, hour timestamptz, at timestamptz)
ORDER BY e.n

-- name: figures_oldest_due
SELECT due_at
FROM duty
WHERE controller_id = $1 AND state IN ('open', 'in_flight', 'failed', 'blocked')
ORDER BY due_at
LIMIT 1

-- name: figures_handed_over
SELECT CAST(COALESCE(sum(n), 0) AS bigint)
FROM (
    SELECT n FROM handed_over WHERE controller_id = $1 AND second > $2
    UNION ALL
    SELECT n FROM counter_delta WHERE controller_id = $1 AND what = 'delivery' AND to_state = 'relayed' AND at > $2
) h

-- name: figures_lanes
-- What is queued in no class's lane is the rest of the campaign's.
SELECT l.id, l.campaign_id, l.domain_class AS class, l.state, l.reason, l.pace, COALESCE(k.key, '') AS campaign_key, CAST(COALESCE(q.n, 0) AS bigint) AS queued,
    (SELECT d.due_at FROM delivery d WHERE d.lane = l.id AND d.shelf = 'queued' ORDER BY d.due_at, d.id LIMIT 1) AS earliest_due
FROM lane l
LEFT JOIN campaign k ON k.id = l.campaign_id
LEFT JOIN (
    SELECT c.campaign_id, k.class, sum(k.n) AS n
    FROM (
        SELECT campaign_id, what, state, n FROM counter WHERE controller_id = $1 AND what IN ('delivery', 'correspondence', 'class')
        UNION ALL
        SELECT campaign_id, what, to_state, n FROM counter_delta WHERE controller_id = $1 AND what IN ('delivery', 'correspondence', 'class')
        UNION ALL
        SELECT campaign_id, what, from_state, -n FROM counter_delta WHERE controller_id = $1 AND what IN ('delivery', 'correspondence', 'class')
    ) c
    CROSS JOIN LATERAL (
        SELECT 'any' AS class, CASE WHEN c.what = 'class' THEN -c.n ELSE c.n END AS n
        UNION ALL
        SELECT c.state, c.n WHERE c.what = 'class'
    ) k
    WHERE c.state <> '' AND (c.what = 'class' OR c.state = 'queued')
    GROUP BY c.campaign_id, k.class
) q ON q.campaign_id IS NOT DISTINCT FROM l.campaign_id AND q.class = l.domain_class
WHERE l.controller_id = $1 AND l.channel = 'email'
ORDER BY l.id

-- name: figures_queue_oldest
SELECT q.created_at
FROM lane l
CROSS JOIN LATERAL (
    SELECT d.created_at FROM delivery d WHERE d.lane = l.id AND d.shelf = 'queued' ORDER BY d.created_at LIMIT 1
) q
WHERE l.controller_id = $1 AND l.state = 'open' AND l.channel = 'email'
ORDER BY q.created_at
LIMIT 1

-- name: figures_stranded
-- The next address of a failed duty is looked for by its own campaign, while that lives.
SELECT count(*)
FROM (
    SELECT
    FROM duty d
    LEFT JOIN delivery v ON v.contact_id = d.contact_id AND v.id = d.delivery_id
    LEFT JOIN campaign c ON c.id = v.campaign_id
    WHERE d.controller_id = $1 AND d.state = 'failed' AND (c.id IS NULL OR c.state IN ('finished', 'cancelled'))
    LIMIT $2
) s

-- name: figures_exemptions
SELECT count(*) FILTER (WHERE state = 'proposed') AS proposed, count(*) FILTER (WHERE state = 'in_force' AND review_at <= $2) AS review_soon
FROM exemption
WHERE controller_id = $1 AND state <> 'ended'

-- name: figures_by_hand
-- What waits for people: a part of the narrow index, as far as it is counted; window
-- is how many of the instants $3 its date has reached.
SELECT w.campaign_id, w.channel, l.state AS lane_state, width_bucket(w.due_at, CAST($3 AS timestamptz[])) AS due_window,
    count(*) AS n, count(*) FILTER (WHERE w.shelf = 'queued') AS queued, min(w.due_at) AS first_due
FROM (
    SELECT d.campaign_id, d.lane, d.channel, d.shelf, d.due_at
    FROM delivery d
    WHERE d.controller_id = $1 AND d.channel IN ('letter', 'phone') AND d.channel <> 'email' AND d.shelf IN ('queued', 'deferred')
    LIMIT $2
) w
JOIN lane l ON l.id = w.lane
GROUP BY w.campaign_id, w.channel, l.state, due_window

-- name: figures_in_batches
-- Letters that are printed, or about to be, and not posted.
SELECT width_bucket(d.due_at, CAST($2 AS timestamptz[])) AS due_window, count(*) AS n, min(d.due_at) AS first_due
FROM letter_batch b
JOIN letter l ON l.batch_id = b.id
JOIN delivery d ON d.contact_id = l.contact_id AND d.id = l.delivery_id AND d.claim_id = b.id
WHERE b.controller_id = $1 AND b.state IN ('making', 'made')
GROUP BY due_window

-- name: figures_letters
SELECT COALESCE(sum(letters) FILTER (WHERE state IN ('making', 'made')), 0) AS in_batches,
    count(*) FILTER (WHERE state IN ('making', 'made')) AS batches,
    min(made_at) FILTER (WHERE state IN ('making', 'made')) AS oldest_batch,
    COALESCE(sum(posted), 0) AS posted, COALESCE(sum(returned), 0) AS returned
FROM letter_batch
WHERE controller_id = $1
