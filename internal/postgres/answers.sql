-- name: answer_trail
-- The person behind a delivery.
SELECT r.contact_id FROM delivery_ref r WHERE r.controller_id = $1 AND r.delivery_id = $2

-- name: answer_same_message
SELECT a.contact_id, a.id, a.delivery_id, a.door, a.received_at, a.matched_by, a.language, a.kind, a.why, a.no, a.due_at, a.state, a.closed_at, a.closed_by, a.closed_as, a.closed_why
FROM report_received r
JOIN answer a ON a.id = r.report_id
WHERE r.controller_id = $1 AND r.door = $2 AND r.external_id = $3

-- name: answer_addresses
SELECT hash FROM identifier WHERE contact_id = $1 AND kind = 'email'

-- name: answer_holders
-- Who has an address, with the newest notice that went out to them. Two are enough to know that it is shared.
SELECT DISTINCT i.contact_id,
    (SELECT d.id FROM delivery d
     WHERE d.contact_id = i.contact_id AND d.document = 'notice' AND d.state = ANY (CAST($3 AS text[]))
     ORDER BY d.id DESC LIMIT 1) AS id
FROM identifier i
WHERE i.controller_id = $1 AND i.kind = 'email' AND i.hash = $2
LIMIT 2

-- name: answer_add
INSERT INTO answer (contact_id, id, controller_id, delivery_id, door, received_at, matched_by, language, kind, why, no, due_at, state)
VALUES (COALESCE(CAST($1 AS uuid), CAST('00000000-0000-0000-0000-000000000000' AS uuid)), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'open')

-- name: answer_text_add
INSERT INTO answer_text (contact_id, answer_id, controller_id, sender, subject, body, attachments, expires_at)
VALUES (COALESCE(CAST($1 AS uuid), CAST('00000000-0000-0000-0000-000000000000' AS uuid)), $2, $3, $4, $5, $6, $7, $8)

-- name: answers_open
SELECT contact_id, id, delivery_id, door, received_at, matched_by, language, kind, why, no, due_at, state, closed_at, closed_by, closed_as, closed_why
FROM answer
WHERE controller_id = $1 AND state = 'open'
ORDER BY due_at, id
LIMIT $2

-- name: answers_newest
SELECT contact_id, id, delivery_id, door, received_at, matched_by, language, kind, why, no, due_at, state, closed_at, closed_by, closed_as, closed_why
FROM answer
WHERE controller_id = $1
ORDER BY id DESC
LIMIT $2

-- name: answers_pending
SELECT contact_id, id, delivery_id, door, received_at, matched_by, language, kind, why, no, due_at, state, closed_at, closed_by, closed_as, closed_why
FROM answer
WHERE controller_id = $1 AND no = 'pending' AND id > $2
ORDER BY id
LIMIT $3

-- name: contact_answers
SELECT contact_id, id, delivery_id, door, received_at, matched_by, language, kind, why, no, due_at, state, closed_at, closed_by, closed_as, closed_why
FROM answer
WHERE contact_id = $1
ORDER BY received_at, id

-- name: answer
SELECT contact_id, id, delivery_id, door, received_at, matched_by, language, kind, why, no, due_at, state, closed_at, closed_by, closed_as, closed_why
FROM answer
WHERE controller_id = $1 AND id = $2

-- name: answer_lock
SELECT contact_id, id, delivery_id, door, received_at, matched_by, language, kind, why, no, due_at, state, closed_at, closed_by, closed_as, closed_why
FROM answer
WHERE controller_id = $1 AND id = $2
FOR UPDATE

-- name: answer_text
SELECT sender, subject, body, attachments, expires_at
FROM answer_text
WHERE contact_id = $1 AND answer_id = $2

-- name: answer_no_taken
UPDATE answer
SET no = $2
WHERE id = $1

-- name: answer_close
UPDATE answer
SET state = 'closed', closed_at = $2, closed_as = $3, closed_by = $4, closed_why = $5
WHERE id = $1 AND state = 'open'

-- name: answer_link
UPDATE answer
SET contact_id = $2, delivery_id = $3, matched_by = 'person', no = $4
WHERE id = $1

-- name: answer_text_link
UPDATE answer_text SET contact_id = $2 WHERE answer_id = $1 AND contact_id = COALESCE(CAST($3 AS uuid), CAST('00000000-0000-0000-0000-000000000000' AS uuid))

-- name: answer_raw_link
UPDATE report_raw SET contact_id = $2 WHERE report_id = $1

-- name: answer_newest_notice
SELECT d.id
FROM delivery d
WHERE d.contact_id = $1 AND d.document = 'notice' AND d.state = ANY (CAST($2 AS text[]))
ORDER BY d.id DESC
LIMIT 1

-- name: answers_to_remind
-- Once when the date is near, and once when it is past.
SELECT contact_id, id, delivery_id, door, received_at, matched_by, language, kind, why, no, due_at, state, closed_at, closed_by, closed_as, closed_why
FROM answer
WHERE controller_id = $1 AND state = 'open' AND due_at <= $3 AND (reminded_at IS NULL OR reminded_at < due_at AND due_at <= $2)
ORDER BY due_at, id
LIMIT $4
FOR UPDATE SKIP LOCKED

-- name: answers_reminded
UPDATE answer SET reminded_at = $2 WHERE id = ANY (CAST($1 AS uuid[]))

-- name: answer_alert_settle
UPDATE alert
SET settled_at = $3, settled_by = $4
WHERE controller_id = $1 AND kind = 'answer_due' AND subject = $2 AND settled_at IS NULL
RETURNING kind

-- name: answers_forget
-- With the words of somebody nobody knows goes the reason that a person gave: there is
-- no erasure with which it could go.
WITH over AS (
    SELECT contact_id, answer_id FROM answer_text WHERE controller_id = $1 AND expires_at <= $2 ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED
), reasons AS (
    UPDATE answer a
    SET closed_why = ''
    FROM over o
    WHERE a.contact_id = o.contact_id AND a.id = o.answer_id AND a.closed_why <> '' AND o.contact_id = CAST('00000000-0000-0000-0000-000000000000' AS uuid)
)
DELETE FROM answer_text w
USING over o
WHERE w.contact_id = o.contact_id AND w.answer_id = o.answer_id

-- name: figures_answers
SELECT min(received_at) AS oldest, min(due_at) AS due_at
FROM answer
WHERE controller_id = $1 AND state = 'open'

-- name: erase_answer_texts
DELETE FROM answer_text w
USING answer a, json_to_recordset(CAST($1 AS json)) AS e(contact_id uuid, id uuid)
WHERE a.contact_id = e.contact_id AND a.delivery_id = e.id AND w.contact_id = a.contact_id AND w.answer_id = a.id

-- name: erase_answer_raw
DELETE FROM report_raw w
USING answer a, json_to_recordset(CAST($1 AS json)) AS e(contact_id uuid, id uuid)
WHERE a.contact_id = e.contact_id AND a.delivery_id = e.id AND w.contact_id = a.contact_id AND w.report_id = a.id

-- name: erase_all_answer_texts
DELETE FROM answer_text WHERE contact_id = ANY (CAST($1 AS uuid[]))

-- name: erase_all_raw
DELETE FROM report_raw WHERE contact_id = ANY (CAST($1 AS uuid[]))

-- name: erase_answer_reasons
-- A person may have named somebody in the reason.
UPDATE answer SET closed_why = '' WHERE contact_id = ANY (CAST($1 AS uuid[])) AND closed_why <> ''

-- name: erase_open_answers
UPDATE answer
SET state = 'closed', closed_at = $2, closed_as = $3, no = CASE WHEN no IN ('pending', 'unknown_person') THEN 'left_to_person' ELSE no END
WHERE contact_id = ANY (CAST($1 AS uuid[])) AND state = 'open'
RETURNING id, kind

-- name: receipt_lock
-- Everybody with an address, so that of two receipts to it one sees the other.
SELECT i.contact_id
FROM identifier i
JOIN identifier own ON own.controller_id = i.controller_id AND own.kind = i.kind AND own.hash = i.hash
WHERE own.contact_id = $1 AND own.id = $2
ORDER BY i.contact_id, i.id
FOR NO KEY UPDATE OF i

-- name: receipt_lately
-- Whether an address got correspondence, whoever it was for.
SELECT EXISTS (
    SELECT FROM identifier own
    JOIN identifier i ON i.controller_id = own.controller_id AND i.kind = own.kind AND i.hash = own.hash
    JOIN delivery d ON d.contact_id = i.contact_id AND d.identifier_id = i.id
    WHERE own.contact_id = $1 AND own.id = $2 AND d.document <> 'notice' AND d.created_at > $3)
