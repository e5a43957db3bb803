-- name: tally_note
INSERT INTO counter_delta (controller_id, campaign_id, what, from_state, to_state, n, at)
SELECT r.controller_id, r.campaign_id, r.what, r.from_state, r.to_state, r.n, CAST($2 AS timestamptz)
FROM json_to_recordset(CAST($1 AS json)) AS r(controller_id uuid, campaign_id uuid, what text, from_state text, to_state text, n bigint)

-- name: tally_apply
-- Rows of counter are always taken in this order.
INSERT INTO counter AS c (controller_id, campaign_id, what, state, n)
SELECT r.controller_id, r.campaign_id, r.what, r.state, r.n
FROM json_to_recordset(CAST($1 AS json)) AS r(controller_id uuid, campaign_id uuid, what text, state text, n bigint)
ORDER BY r.controller_id, r.campaign_id, r.what, r.state
ON CONFLICT (controller_id, campaign_id, what, state) DO UPDATE SET n = c.n + excluded.n

-- name: tally_fold
-- One statement, so that whoever adds counter and counter_delta sees each row in
-- one of them. Delta rows that somebody else is folding are left to them.
WITH folded AS MATERIALIZED (
    DELETE FROM counter_delta
    WHERE id IN (SELECT id FROM counter_delta ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING controller_id, campaign_id, what, from_state, to_state, n, at
), sums AS (
    SELECT f.controller_id, f.campaign_id, f.what, s.state, sum(s.n) AS n
    FROM folded f CROSS JOIN LATERAL (VALUES (f.from_state, -f.n), (f.to_state, f.n)) AS s(state, n)
    WHERE s.state <> ''
    GROUP BY f.controller_id, f.campaign_id, f.what, s.state
), rates AS (
    INSERT INTO handed_over AS h (controller_id, second, n)
    SELECT controller_id, date_trunc('second', at), sum(n)
    FROM folded
    WHERE what = 'delivery' AND to_state = 'relayed' AND at IS NOT NULL
    GROUP BY controller_id, date_trunc('second', at)
    ORDER BY controller_id, date_trunc('second', at)
    ON CONFLICT (controller_id, second) DO UPDATE SET n = h.n + excluded.n
), added AS (
    INSERT INTO counter AS c (controller_id, campaign_id, what, state, n)
    SELECT controller_id, campaign_id, what, state, n
    FROM sums
    ORDER BY controller_id, campaign_id, what, state
    ON CONFLICT (controller_id, campaign_id, what, state) DO UPDATE SET n = c.n + excluded.n
)
SELECT count(*) FROM folded

-- name: tally_forget_rates
-- Old by the newest second on record, not by any clock.
DELETE FROM handed_over h
USING (SELECT controller_id, max(second) AS newest FROM handed_over GROUP BY controller_id) m
WHERE h.controller_id = m.controller_id AND h.second < m.newest - interval '3 hours'
