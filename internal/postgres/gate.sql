-- name: gate_lookup
-- Contacts and suppressions under keyed hashes, each looked up in its index.
SELECT k.n, i.contact_id, false AS suppressed
FROM unnest(CAST($2 AS text[]), CAST($3 AS bytea[])) WITH ORDINALITY AS k(kind, hash, n)
JOIN identifier i ON i.controller_id = $1 AND i.kind = k.kind AND i.hash = k.hash
UNION ALL
SELECT k.n, CAST(NULL AS uuid), true
FROM unnest(CAST($2 AS text[]), CAST($3 AS bytea[])) WITH ORDINALITY AS k(kind, hash, n)
JOIN suppression s ON s.controller_id = $1 AND s.kind = k.kind AND s.hash = k.hash AND s.scope = 'use'
    AND (s.expires_at IS NULL OR s.expires_at > $4)

-- name: gate_facts
-- One row for each contact, so that a single question costs one look at each index.
SELECT c.id, c.first_obtained_at, c.objected_at, c.erased_at,
    (SELECT json_agg(json_build_object('activity', a.activity_key, 'source', a.source_key, 'visibility', a.visibility))
     FROM acquisition a WHERE a.contact_id = c.id) AS acquisitions,
    (SELECT json_agg(json_build_object('id', d.id, 'activity', d.activity_key, 'cause', d.cause, 'state', d.state, 'due_at', d.due_at, 'inputs', d.due_inputs))
     FROM duty d WHERE d.contact_id = c.id) AS duties,
    (SELECT json_agg(json_build_object('activity', o.activity_key, 'scope', o.scope))
     FROM objection o WHERE o.contact_id = c.id) AS objections,
    (SELECT json_agg(json_build_object('activity', x.activity_key, 'purposes', x.purposes, 'lift_at', x.lift_at, 'delivery', x.told_delivery, 'posted', x.told_posted,
        'state', d.state, 'settled', d.settled_at,
        'relayed', (SELECT min(u.ended_at) FROM outcome u WHERE u.contact_id = x.contact_id AND u.delivery_id = x.told_delivery AND u.outcome = 'relayed')))
     FROM restriction x LEFT JOIN delivery d ON d.contact_id = x.contact_id AND d.id = x.told_delivery WHERE x.contact_id = c.id) AS restrictions
FROM contact c
WHERE c.controller_id = $1 AND c.id = ANY (CAST((SELECT CAST($2 AS uuid[])) AS uuid[]))

-- name: gate_lock
SELECT id
FROM contact
WHERE controller_id = $1 AND id = ANY (CAST($2 AS uuid[]))
ORDER BY id
FOR NO KEY UPDATE

-- name: disclosure_add
WITH new AS MATERIALIZED (
    SELECT contact_id, id, activity_key, purpose_key, kind, recipient, at, recorded_at, by, allowed, reason, decode(idempotency, 'hex') AS idempotency
    FROM json_to_recordset(CAST($2 AS json)) AS j(contact_id uuid, id uuid, activity_key text, purpose_key text, kind text, recipient text,
        at timestamptz, recorded_at timestamptz, by text, allowed boolean, reason text, idempotency text)
)
INSERT INTO disclosure (contact_id, id, controller_id, activity_key, purpose_key, kind, recipient, at, recorded_at, by, allowed, reason, idempotency)
SELECT contact_id, id, $1, activity_key, purpose_key, kind, recipient, at, recorded_at, by, allowed, reason, idempotency
FROM new
ORDER BY contact_id, id
ON CONFLICT (contact_id, by, idempotency) WHERE idempotency IS NOT NULL DO NOTHING
RETURNING contact_id, id

-- name: disclosure_reference_add
INSERT INTO disclosure_reference (contact_id, disclosure_id, reference)
SELECT contact_id, id, theirs
FROM json_to_recordset(CAST($1 AS json)) AS j(contact_id uuid, id uuid, theirs text)
WHERE theirs <> ''

-- name: disclosure_same
SELECT d.contact_id, d.id, d.activity_key, d.purpose_key, d.kind, d.recipient, d.at, d.recorded_at, d.by, d.allowed, d.reason, d.idempotency, '' AS reference
FROM json_to_recordset(CAST($1 AS json)) AS j(contact_id uuid, by text, idempotency text)
JOIN disclosure d ON d.contact_id = j.contact_id AND d.by = j.by AND d.idempotency = decode(j.idempotency, 'hex')

-- name: disclosures_of
SELECT d.contact_id, d.id, d.activity_key, d.purpose_key, d.kind, d.recipient, d.at, d.recorded_at, d.by, d.allowed, d.reason, d.idempotency,
    COALESCE(r.reference, '') AS reference
FROM disclosure d
LEFT JOIN disclosure_reference r ON r.contact_id = d.contact_id AND r.disclosure_id = d.id
WHERE d.contact_id = $1
ORDER BY d.at, d.id

-- name: api_token_add
INSERT INTO api_token (controller_id, id, hash, name, purposes, created_at, created_by)
VALUES ($1, $2, $3, $4, CAST($5 AS text[]), $6, $7)
ON CONFLICT (controller_id, name) DO NOTHING

-- name: api_token
SELECT id, hash, name, purposes, created_at, created_by, revoked_at, revoked_by, used_on
FROM api_token
WHERE controller_id = $1 AND id = $2

-- name: api_tokens
SELECT id, hash, name, purposes, created_at, created_by, revoked_at, revoked_by, used_on
FROM api_token
WHERE controller_id = $1
ORDER BY created_at, id

-- name: api_token_revoke
UPDATE api_token SET revoked_at = $3, revoked_by = $4
WHERE controller_id = $1 AND name = $2 AND revoked_at IS NULL

-- name: api_token_used
UPDATE api_token SET used_on = $2
WHERE id = $1 AND (used_on IS NULL OR used_on < $2)
