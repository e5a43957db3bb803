-- name: intake_lock
SELECT pg_advisory_xact_lock(14, hashtext(CAST($1 AS text)))

-- name: import_begin
-- The update changes nothing; it returns the import that is there already.
INSERT INTO import (id, controller_id, source_key, activity_key, file_name, file_hash, settings_hash, started_at, basis)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (controller_id, source_key, activity_key, file_hash, settings_hash) DO UPDATE SET file_hash = excluded.file_hash
RETURNING id, source_key, activity_key, file_name, file_hash, settings_hash, finished_at, position, accepted, merged, refused

-- name: import_advance
-- Only from the position that this run has read to: two runs of one file would
-- otherwise skip rows.
UPDATE import
SET position = position + $2, accepted = accepted + $3, merged = merged + $4, refused = refused + $5
WHERE id = $1 AND finished_at IS NULL AND position = $6

-- name: import_finish
UPDATE import SET finished_at = $2 WHERE id = $1 AND finished_at IS NULL

-- name: intake_known
-- The planner takes an array that comes out of a subquery for a short one, whatever
-- its length, and so looks each key up in the index, however big the table.
SELECT DISTINCT i.contact_id
FROM unnest((SELECT CAST($2 AS text[])), (SELECT CAST($3 AS bytea[]))) AS k(kind, hash)
JOIN identifier i ON i.controller_id = $1 AND i.kind = k.kind AND i.hash = k.hash
ORDER BY i.contact_id

-- name: intake_suppressed
SELECT DISTINCT s.hash
FROM unnest((SELECT CAST($2 AS text[])), (SELECT CAST($3 AS bytea[]))) AS k(kind, hash)
JOIN suppression s ON s.controller_id = $1 AND s.kind = k.kind AND s.hash = k.hash AND s.scope = 'use'
WHERE s.expires_at IS NULL OR s.expires_at > $4

-- name: contact_fill
WITH filled AS MATERIALIZED (
    SELECT c.id, f.name, f.country, f.region, f.city, f.postal_code, f.language, f.organisation, f.job_title, f.first_obtained_at
    FROM json_to_recordset(CAST($2 AS json)) AS f(id uuid, name text, country text, region text, city text, postal_code text,
        language text, organisation text, job_title text, first_obtained_at timestamptz)
    JOIN contact c ON c.controller_id = $1 AND c.id = f.id
    ORDER BY c.id
    FOR NO KEY UPDATE OF c
)
UPDATE contact c
SET name = f.name, country = f.country, region = f.region, city = f.city, postal_code = f.postal_code, language = f.language,
    organisation = f.organisation, job_title = f.job_title,
    first_obtained_at = LEAST(c.first_obtained_at, f.first_obtained_at), updated_at = $3
FROM filled f
WHERE c.id = f.id

-- name: identifier_add
INSERT INTO identifier (contact_id, id, controller_id, kind, hash, key_id, value, added_at)
SELECT contact_id, id, controller_id, kind, hash, key_id, value, added_at
FROM stage_identifier
ORDER BY contact_id, id
ON CONFLICT DO NOTHING

-- name: acquisition_add
INSERT INTO acquisition (contact_id, id, controller_id, source_key, activity_key, obtained_at, obtained_basis, page, visibility, import_id, line, recorded_at)
SELECT contact_id, id, controller_id, source_key, activity_key, obtained_at, obtained_basis, page, visibility, import_id, line, recorded_at
FROM stage_acquisition
ORDER BY contact_id, id
ON CONFLICT DO NOTHING

-- name: duty_add
INSERT INTO duty (contact_id, id, controller_id, activity_key, source_key, cause, acquisition_id, obtained_at, due_at, due_rule, due_inputs,
    state, reason, detail, opened_at)
SELECT contact_id, id, controller_id, activity_key, source_key, cause, acquisition_id, obtained_at, due_at, due_rule, due_inputs,
    state, reason, detail, opened_at
FROM stage_duty
ORDER BY contact_id, id
ON CONFLICT DO NOTHING
RETURNING state, reason, due_at

-- name: delivery_shorten
WITH sooner AS MATERIALIZED (
    SELECT v.contact_id, v.id, s.due_at
    FROM json_to_recordset(CAST($2 AS json)) AS s(contact_id uuid, id uuid, due_at timestamptz)
    JOIN duty d ON d.controller_id = $1 AND d.contact_id = s.contact_id AND d.id = s.id AND d.state = 'in_flight'
    JOIN delivery v ON v.contact_id = d.contact_id AND v.id = d.delivery_id
    WHERE v.due_at > s.due_at
    ORDER BY v.contact_id, v.id
    FOR NO KEY UPDATE OF v
)
UPDATE delivery v
SET due_at = LEAST(v.due_at, s.due_at)
FROM (SELECT contact_id, id, min(due_at) AS due_at FROM sooner GROUP BY contact_id, id) s
WHERE v.contact_id = s.contact_id AND v.id = s.id

-- name: duty_lock
-- All duties of the people of whom a batch moves any, in the order of their keys: a
-- notice that is stopped may have told of others. What follows takes no more.
SELECT d.contact_id
FROM (SELECT DISTINCT contact_id FROM json_to_recordset(CAST($2 AS json)) AS j(contact_id uuid)) s
JOIN duty d ON d.controller_id = $1 AND d.contact_id = s.contact_id
ORDER BY d.contact_id, d.id
FOR NO KEY UPDATE OF d

-- name: quarantine_deliveries
-- Notices of such duties that no worker has in hand and that never went out.
SELECT v.contact_id, v.id, v.state
FROM json_to_recordset(CAST($2 AS json)) AS s(contact_id uuid, id uuid)
JOIN duty d ON d.controller_id = $1 AND d.contact_id = s.contact_id AND d.id = s.id AND d.state = 'in_flight'
JOIN delivery v ON v.contact_id = d.contact_id AND v.id = d.delivery_id
WHERE v.state IN ('queued', 'deferred')
    AND NOT EXISTS (SELECT FROM outcome o WHERE o.contact_id = v.contact_id AND o.delivery_id = v.id AND o.outcome = 'uncertain')
FOR NO KEY UPDATE OF v SKIP LOCKED

-- name: duty_quarantine
WITH held AS MATERIALIZED (
    SELECT d.contact_id, d.id, d.state, d.reason
    FROM json_to_recordset(CAST($2 AS json)) AS s(contact_id uuid, id uuid)
    JOIN duty d ON d.controller_id = $1 AND d.contact_id = s.contact_id AND d.id = s.id
    WHERE d.state IN ('open', 'failed', 'blocked')
    ORDER BY d.contact_id, d.id
    FOR NO KEY UPDATE OF d
)
UPDATE duty d
SET state = 'blocked', reason = $3, detail = ''
FROM held h
WHERE d.contact_id = h.contact_id AND d.id = h.id
RETURNING d.contact_id, d.id, h.state, h.reason, d.due_at

-- name: duty_shorten
WITH sooner AS MATERIALIZED (
    SELECT d.contact_id, d.id, d.due_at AS was, s.due_at, s.due_rule, s.due_inputs, s.obtained_at
    FROM json_to_recordset(CAST($2 AS json)) AS s(contact_id uuid, id uuid, due_at timestamptz, due_rule text, due_inputs jsonb, obtained_at timestamptz)
    JOIN duty d ON d.controller_id = $1 AND d.contact_id = s.contact_id AND d.id = s.id
    WHERE d.due_at > s.due_at
    ORDER BY d.contact_id, d.id
    FOR NO KEY UPDATE OF d
)
UPDATE duty d
SET due_at = s.due_at, due_rule = s.due_rule, due_inputs = s.due_inputs, obtained_at = s.obtained_at
FROM sooner s
WHERE d.contact_id = s.contact_id AND d.id = s.id
RETURNING d.state, d.reason, s.was AS due_at, d.due_at AS now_due,
    CASE WHEN d.state = 'met' THEN d.met_at WHEN d.state = 'excused' AND d.reason = 'told_before' THEN d.told_at END AS ended_at
