-- name: request_rows
-- Requests by id, with what became of the mails that tell of their extension and their end.
SELECT r.contact_id, r.id, r.kind, r.activity_key, r.way, r.received_at, r.due_at, r.state, r.delivery_id, r.proof, r.proved_at,
    r.extended_at, r.extended_to, r.extension_reason, r.ground, r.ended_at, r.codes_sent,
    r.extension_delivery, r.extension_posted, e.state AS extension_state, e.settled_at AS extension_settled,
    (SELECT min(o.ended_at) FROM outcome o WHERE o.contact_id = r.contact_id AND o.delivery_id = r.extension_delivery AND o.outcome = 'relayed') AS extension_relayed,
    r.answer_delivery, r.answer_posted, a.state AS answer_state, a.settled_at AS answer_settled,
    (SELECT min(o.ended_at) FROM outcome o WHERE o.contact_id = r.contact_id AND o.delivery_id = r.answer_delivery AND o.outcome = 'relayed') AS answer_relayed
FROM request r
LEFT JOIN delivery e ON e.contact_id = r.contact_id AND e.id = r.extension_delivery
LEFT JOIN delivery a ON a.contact_id = r.contact_id AND a.id = r.answer_delivery
WHERE r.controller_id = $1 AND r.id = ANY (CAST((SELECT CAST($2 AS uuid[])) AS uuid[]))
ORDER BY r.received_at, r.id

-- name: requests_open
SELECT id FROM request
WHERE controller_id = $1 AND ended_at IS NULL AND ($2 = '' OR kind = $2)
ORDER BY due_at, id
LIMIT $3

-- name: requests_newest
SELECT id FROM request
WHERE controller_id = $1 AND ($2 = '' OR kind = $2)
ORDER BY id DESC
LIMIT $3

-- name: requests_of
SELECT id FROM request WHERE contact_id = ANY (CAST($1 AS uuid[]))

-- name: requests_to_look_at
SELECT contact_id, id FROM request
WHERE controller_id = $1 AND look_at <= $2
ORDER BY look_at, id
LIMIT $3

-- name: request_contact
SELECT contact_id FROM request WHERE controller_id = $1 AND id = $2

-- name: request_add
INSERT INTO request (contact_id, id, controller_id, kind, activity_key, way, received_at, due_at, state, delivery_id, proof, proved_at,
    ground, answer_delivery, answer_posted, ended_at, look_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)

-- name: request_change
-- The first date and the instant of receipt never change.
UPDATE request
SET state = $3, proof = $4, proved_at = $5, extended_at = $6, extended_to = $7, extension_reason = $8, extension_delivery = $9, extension_posted = $10,
    ground = $11, answer_delivery = $12, answer_posted = $13, ended_at = $14, look_at = $15, codes_sent = codes_sent + $16
WHERE contact_id = $1 AND id = $2

-- name: request_looked_at
UPDATE request SET look_at = $3 WHERE contact_id = $1 AND id = $2

-- name: request_event_add
INSERT INTO request_event (contact_id, id, controller_id, request_id, at, what, from_state, to_state, by, why, delivery_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)

-- name: request_events
SELECT id, at, what, from_state, to_state, by, why, delivery_id
FROM request_event
WHERE contact_id = $1 AND request_id = $2
ORDER BY at, id

-- name: request_text_add
INSERT INTO request_text (contact_id, id, controller_id, request_id, what, by, language, body, written_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: request_texts
SELECT id, what, by, language, body, written_at
FROM request_text
WHERE contact_id = $1 AND request_id = $2
ORDER BY written_at, id

-- name: request_texts_written
SELECT count(*) FROM request_text WHERE contact_id = $1 AND by = ''

-- name: request_texts_expire
UPDATE request_text SET expires_at = $3 WHERE contact_id = $1 AND request_id = $2

-- name: request_texts_forget
WITH over AS (
    SELECT contact_id, id FROM request_text WHERE controller_id = $1 AND expires_at <= $2 ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
DELETE FROM request_text w USING over o WHERE w.contact_id = o.contact_id AND w.id = o.id

-- name: proof_code_end
-- A new code ends those before it. They count as sent until their time is over.
UPDATE proof_code SET tries_left = 0 WHERE contact_id = $1 AND request_id = $2 AND key_id <> ''

-- name: proof_code_add
INSERT INTO proof_code (contact_id, request_id, id, controller_id, made_at, expires_at, key_id, tries_left)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: proof_codes_lately
SELECT count(*) FROM proof_code WHERE contact_id = $1 AND key_id <> '' AND expires_at > $2

-- name: proof_code_try
-- The try is counted here, before anybody compares.
UPDATE proof_code
SET tries_left = tries_left - 1
WHERE contact_id = $1 AND request_id = $2 AND key_id <> '' AND tries_left > 0 AND expires_at > $3
RETURNING contact_id, request_id, id, key_id, made_at, expires_at, tries_left

-- name: proof_letter_try
-- The first try of each span begins it; where no try is left nothing comes back.
INSERT INTO proof_code AS c (contact_id, request_id, id, controller_id, made_at, expires_at, key_id, tries_left)
VALUES ($1, $2, $3, $4, $5, $6, '', $7 - 1)
ON CONFLICT (contact_id, request_id, id) DO UPDATE
SET tries_left = CASE WHEN c.expires_at <= excluded.made_at THEN excluded.tries_left ELSE c.tries_left - 1 END,
    expires_at = CASE WHEN c.expires_at <= excluded.made_at THEN excluded.expires_at ELSE c.expires_at END
WHERE c.expires_at <= excluded.made_at OR c.tries_left > 0
RETURNING id

-- name: proof_codes_spend
-- What proved is of no more use; it stands until its hour is over, so that it counts as sent.
UPDATE proof_code SET tries_left = 0 WHERE contact_id = $1 AND request_id = $2

-- name: proof_codes_forget
DELETE FROM proof_code WHERE controller_id = $1 AND expires_at <= $2

-- name: restriction_add
INSERT INTO restriction (contact_id, id, controller_id, request_id, activity_key, purposes, reason, from_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: restriction_lift
UPDATE restriction SET lift_at = $3, lifted_by = $4, told_delivery = $5, told_posted = $6
WHERE contact_id = $1 AND id = $2

-- name: restrictions
SELECT x.contact_id, x.id, x.request_id, x.activity_key, x.purposes, x.reason, x.from_at, x.lift_at, x.lifted_by, x.told_delivery, x.told_posted,
    d.state AS told_state, d.settled_at AS told_settled,
    (SELECT min(o.ended_at) FROM outcome o WHERE o.contact_id = x.contact_id AND o.delivery_id = x.told_delivery AND o.outcome = 'relayed') AS told_relayed
FROM restriction x
LEFT JOIN delivery d ON d.contact_id = x.contact_id AND d.id = x.told_delivery
WHERE x.contact_id = ANY (CAST((SELECT CAST($1 AS uuid[])) AS uuid[]))
ORDER BY x.from_at, x.id

-- name: correction_add
INSERT INTO correction (contact_id, id, controller_id, request_id, field, old_value, new_value, made_at, by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: corrections
SELECT id, request_id, field, old_value, new_value, made_at, by
FROM correction
WHERE contact_id = $1
ORDER BY made_at, id

-- name: contact_correct
UPDATE contact
SET name = $3, country = $4, region = $5, city = $6, postal_code = $7, language = $8, organisation = $9, job_title = $10, updated_at = $11
WHERE controller_id = $1 AND id = $2

-- name: identifier_correct
-- One that is there already counts again.
INSERT INTO identifier (contact_id, id, controller_id, kind, hash, key_id, value, added_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (contact_id, kind, hash) DO UPDATE SET replaced_at = NULL

-- name: identifiers_replace
UPDATE identifier SET replaced_at = $3 WHERE contact_id = $1 AND id = ANY (CAST($2 AS uuid[])) AND replaced_at IS NULL

-- name: identifiers_replaced
SELECT id FROM identifier WHERE contact_id = $1 AND replaced_at IS NOT NULL

-- name: request_notice
SELECT d.id
FROM delivery d
WHERE d.contact_id = $1 AND d.document = 'notice' AND d.state = ANY (CAST($2 AS text[]))
ORDER BY d.id DESC
LIMIT 1

-- name: request_alert_settle
UPDATE alert
SET settled_at = $4, settled_by = $5
WHERE controller_id = $1 AND kind = ANY (CAST($2 AS text[])) AND subject = $3 AND settled_at IS NULL
RETURNING kind

-- name: figures_requests
-- The open ones that no notice of an extension moves, and by id those that one may.
SELECT min(received_at) AS oldest, min(due_at) FILTER (WHERE extended_at IS NULL) AS due_at,
    array_agg(id) FILTER (WHERE extended_at IS NOT NULL) AS extended
FROM request
WHERE controller_id = $1 AND ended_at IS NULL

-- name: erase_request_end
UPDATE request
SET state = $3, ended_at = $4, look_at = NULL
WHERE contact_id = $1 AND id = $2

-- name: erase_request_texts
DELETE FROM request_text WHERE contact_id = ANY (CAST($1 AS uuid[]))

-- name: erase_corrections
DELETE FROM correction WHERE contact_id = ANY (CAST($1 AS uuid[]))

-- name: erase_proof_codes
DELETE FROM proof_code WHERE contact_id = ANY (CAST($1 AS uuid[]))
