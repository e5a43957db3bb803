-- name: settle
-- The rows come in the order of their keys and are fetched one by one, from their
-- place where it is known, so they are locked in that order. What bears a claim is
-- sending, by the table's own check.
-- What became of an attempt is recorded also where its claim has passed: a mail
-- may have gone out. Deliveries come first, as where claims are rescued.
WITH x AS MATERIALIZED (
    SELECT n, contact_id, delivery_id, claim_id, attempt_id, to_state, at, ready_at, class, stage, code, enhanced, reply, place
    FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[]), CAST($3 AS uuid[]), CAST($4 AS uuid[]), CAST($5 AS text[]), CAST($6 AS timestamptz[]),
        CAST($7 AS timestamptz[]), CAST($8 AS text[]), CAST($9 AS text[]), CAST($10 AS bigint[]), CAST($11 AS text[]), CAST($12 AS text[]),
        CAST($13 AS tid[]))
        WITH ORDINALITY AS u(contact_id, delivery_id, claim_id, attempt_id, to_state, at, ready_at, class, stage, code, enhanced, reply, place, n)
), ended AS (
    UPDATE delivery d
    SET state = x.to_state, claim_id = NULL, reply_class = x.class,
        attempts = d.attempts + CASE WHEN x.attempt_id IS NULL THEN 0 ELSE 1 END,
        ready_at = COALESCE(x.ready_at, d.ready_at),
        settled_at = CASE WHEN x.to_state IN ('relayed', 'rejected') THEN x.at END
    FROM x
    WHERE d.ctid = x.place AND d.contact_id = x.contact_id AND d.id = x.delivery_id AND d.claim_id = x.claim_id
    RETURNING x.n, d.controller_id, d.campaign_id, d.document, d.languages, d.state
), told AS (
    INSERT INTO outcome (contact_id, id, delivery_id, ended_at, outcome, stage, code, enhanced, reply)
    SELECT contact_id, attempt_id, delivery_id, at, to_state, stage, code, enhanced, reply
    FROM x
    WHERE attempt_id IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING id
)
SELECT controller_id, campaign_id, document, languages, state, array_agg(n) AS places, CAST(NULL AS uuid[]) AS told
FROM ended
GROUP BY controller_id, campaign_id, document, languages, state
UNION ALL
SELECT NULL, NULL, '', '', '', NULL, array_agg(id)
FROM told

-- name: settle_uncertain
-- An attempt that was given up as uncertain may still learn what became of it.
UPDATE outcome o
SET outcome = s.to_state, ended_at = s.at, stage = s.stage, code = s.code, enhanced = s.enhanced, reply = s.reply
FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[]), CAST($3 AS uuid[]), CAST($4 AS uuid[]), CAST($5 AS text[]), CAST($6 AS timestamptz[]),
    CAST($7 AS timestamptz[]), CAST($8 AS text[]), CAST($9 AS text[]), CAST($10 AS bigint[]), CAST($11 AS text[]), CAST($12 AS text[]))
    WITH ORDINALITY AS s(contact_id, delivery_id, claim_id, attempt_id, to_state, at, ready_at, class, stage, code, enhanced, reply, n)
WHERE o.contact_id = s.contact_id AND o.id = s.attempt_id AND o.outcome = 'uncertain'
RETURNING s.n

-- name: settle_controller
SELECT controller_id FROM delivery_ref WHERE delivery_id = $1

-- name: settle_late
-- A delivery that was given up as uncertain, and whose attempt has told by now what
-- became of it. Only the last attempt speaks for it; a row that somebody else has
-- in hand is left to them.
WITH late AS MATERIALIZED (
    SELECT d.contact_id, d.id, a.claim_id, s.to_state, s.at, s.class
    FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[]), CAST($3 AS uuid[]), CAST($4 AS text[]), CAST($5 AS timestamptz[]), CAST($6 AS text[]))
        AS s(contact_id, delivery_id, attempt_id, to_state, at, class)
    JOIN attempt a ON a.contact_id = s.contact_id AND a.delivery_id = s.delivery_id AND a.id = s.attempt_id
    JOIN outcome o ON o.contact_id = a.contact_id AND o.id = a.id AND o.outcome = s.to_state
    JOIN delivery d ON d.contact_id = a.contact_id AND d.id = a.delivery_id AND d.attempts = a.number
    WHERE d.state = 'uncertain'
    ORDER BY d.contact_id, d.id
    FOR NO KEY UPDATE OF d SKIP LOCKED
)
UPDATE delivery d
SET state = l.to_state, reply_class = l.class, settled_at = l.at
FROM late l
WHERE d.contact_id = l.contact_id AND d.id = l.id
RETURNING d.contact_id, d.id, d.controller_id, d.campaign_id, d.document, d.languages, 'uncertain' AS from_state, d.state AS to_state, l.claim_id

-- name: suppress
INSERT INTO suppression AS s (controller_id, id, kind, hash, key_id, scope, reason, created_at, expires_at)
SELECT controller_id, id, kind, decode(hash, 'base64'), key_id, scope, reason, created_at, expires_at
FROM json_to_recordset(CAST($1 AS json)) AS r(controller_id uuid, id uuid, kind text, hash text, key_id text, scope text, reason text,
    created_at timestamptz, expires_at timestamptz)
ORDER BY controller_id, kind, decode(hash, 'base64'), scope
ON CONFLICT (controller_id, kind, hash, scope) DO UPDATE
SET expires_at = CASE WHEN s.expires_at IS NOT NULL AND excluded.expires_at IS NOT NULL THEN GREATEST(s.expires_at, excluded.expires_at) END

-- name: raise
-- Each once for its kind and subject while it is open; one that a person has seen
-- to is opened again.
INSERT INTO alert AS a (id, controller_id, kind, subject, raised_at, detail)
SELECT id, controller_id, kind, subject, raised_at, detail
FROM json_to_recordset(CAST($1 AS json)) AS r(id uuid, controller_id uuid, kind text, subject text, raised_at timestamptz, detail text)
ORDER BY controller_id, kind, subject
ON CONFLICT (controller_id, kind, subject) DO UPDATE
SET raised_at = excluded.raised_at, detail = excluded.detail, settled_at = NULL, settled_by = ''
WHERE a.settled_at IS NOT NULL
RETURNING controller_id, kind
