-- name: unsettled
-- What may yet be sent by itself. $1: uncertain deliveries are left to a person; $2: an
-- instant behind which nothing is sent by itself.
SELECT count(*)
FROM delivery
WHERE state <> 'relayed' AND NOT (state = 'uncertain' AND ($1 OR ready_at > $2))

-- name: hurry
-- A trial has no time to wait for the next try of what was refused for now.
UPDATE delivery SET ready_at = $1 WHERE state = 'deferred' AND ready_at > $1

-- name: deliveries
SELECT d.id, d.state,
    COALESCE((SELECT bool_and(u.state = 'met') FROM duty u WHERE u.contact_id = d.contact_id AND u.delivery_id = d.id), false) AS met,
    count(a.id) AS attempts, count(o.id) AS ended,
    count(o.id) FILTER (WHERE o.outcome = 'relayed') AS relayed,
    count(o.id) FILTER (WHERE o.outcome = 'uncertain') AS uncertain,
    (array_agg(a.sha256 ORDER BY a.number) FILTER (WHERE a.sha256 IS NOT NULL))[1] AS sha256
FROM delivery d
LEFT JOIN attempt a ON a.contact_id = d.contact_id AND a.delivery_id = d.id
LEFT JOIN outcome o ON o.contact_id = a.contact_id AND o.id = a.id
GROUP BY d.contact_id, d.id

-- name: outcomes
SELECT count(*) FILTER (WHERE outcome = 'relayed'), count(*) FILTER (WHERE outcome = 'uncertain') FROM outcome

-- name: flooded
-- What became of each delivery and its duties.
SELECT d.id, d.state,
    COALESCE((SELECT string_agg(DISTINCT rtrim(u.state || ' ' || u.reason), ', ') FROM duty u WHERE u.contact_id = d.contact_id AND u.delivery_id = d.id), '')
FROM delivery d

-- name: received
-- What has been taken in; what of it stands nowhere; the automatic replies that are counted and stand
-- nowhere; suppressed addresses; mails that wait to be sent.
SELECT (SELECT count(*) FROM report_received WHERE door <> 'message'),
    (SELECT count(*) FROM report_received r
        WHERE r.door <> 'message' AND NOT EXISTS (SELECT 1 FROM report x WHERE x.id = r.report_id)
        AND NOT EXISTS (SELECT 1 FROM report_unmatched x WHERE x.id = r.report_id)
        AND NOT EXISTS (SELECT 1 FROM answer x WHERE x.id = r.report_id)),
    (SELECT COALESCE(sum(n), 0) FROM (
            SELECT n FROM counter WHERE what = 'report' AND state = 'automatic_reply'
            UNION ALL
            SELECT n FROM counter_delta WHERE what = 'report' AND to_state = 'automatic_reply') c)
        - (SELECT count(*) FROM report WHERE outcome = 'automatic_reply'),
    (SELECT count(*) FROM suppression),
    (SELECT count(*) FROM delivery WHERE state IN ('queued', 'sending', 'deferred', 'uncertain'))
