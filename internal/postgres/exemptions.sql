-- name: exemption_count
SELECT CAST(count(DISTINCT d.contact_id) AS bigint) AS people, CAST(count(*) AS bigint) AS duties
FROM duty d
JOIN contact c ON c.id = d.contact_id
WHERE d.controller_id = $1 AND d.contact_id >= $2 AND d.contact_id <= $3 AND d.state IN ('open', 'failed', 'blocked')
    AND (d.state <> 'blocked' OR NOT d.reason = ANY (CAST($4 AS text[]))) AND d.told_at IS NULL AND d.opened_at <= $5
    AND ($6 = '' OR d.activity_key = $6)
    AND (CAST($7 AS text[]) = '{}' OR d.source_key = ANY (CAST($7 AS text[])))
    AND (CAST($8 AS text[]) = '{}' OR c.country = ANY (CAST($8 AS text[])))
    AND (CAST($9 AS text[]) = '{}' OR d.state = ANY (CAST($9 AS text[])))
    AND (CAST($10 AS text[]) = '{}' OR d.state = 'blocked' AND d.reason = ANY (CAST($10 AS text[])))
    AND (CAST($11 AS timestamptz) IS NULL OR d.obtained_at >= $11)
    AND (CAST($12 AS timestamptz) IS NULL OR d.obtained_at < $12)
    AND (CAST($13 AS timestamptz) IS NULL OR d.due_at < $13)

-- name: exemption_page
-- As exemption_count. What is excused is found no more, so that the page begins at
-- the last contact and not behind it: it may have cut them in two.
SELECT d.contact_id, d.id, d.state, d.reason, d.due_at
FROM duty d
JOIN contact c ON c.id = d.contact_id
WHERE d.controller_id = $1 AND d.contact_id >= $2 AND d.contact_id <= $3 AND d.state IN ('open', 'failed', 'blocked')
    AND (d.state <> 'blocked' OR NOT d.reason = ANY (CAST($4 AS text[]))) AND d.told_at IS NULL AND d.opened_at <= $5
    AND ($6 = '' OR d.activity_key = $6)
    AND (CAST($7 AS text[]) = '{}' OR d.source_key = ANY (CAST($7 AS text[])))
    AND (CAST($8 AS text[]) = '{}' OR c.country = ANY (CAST($8 AS text[])))
    AND (CAST($9 AS text[]) = '{}' OR d.state = ANY (CAST($9 AS text[])))
    AND (CAST($10 AS text[]) = '{}' OR d.state = 'blocked' AND d.reason = ANY (CAST($10 AS text[])))
    AND (CAST($11 AS timestamptz) IS NULL OR d.obtained_at >= $11)
    AND (CAST($12 AS timestamptz) IS NULL OR d.obtained_at < $12)
    AND (CAST($13 AS timestamptz) IS NULL OR d.due_at < $13)
ORDER BY d.contact_id, d.id
LIMIT $14
FOR NO KEY UPDATE OF d

-- name: exemption_add
INSERT INTO exemption (id, controller_id, contact_id, filter, ground, because, weighing, public_url, law, review_on, review_at, state, people, duties,
    proposed_at, proposed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CAST($10 AS date), $11, $12, $13, $14, $15, $16)

-- name: exemptions
SELECT id, contact_id, filter, ground, because, weighing, public_url, law, to_char(review_on, 'YYYY-MM-DD') AS review_on, review_at, state,
    people, duties, excused, position, proposed_at, proposed_by, confirmed_at, confirmed_by, withdrawn_at, withdrawn_by, ended_at
FROM exemption
WHERE controller_id = $1 AND (CAST($2 AS uuid) IS NULL OR id = $2) AND (NOT $3 OR state <> 'ended')
ORDER BY review_at, id

-- name: exemptions_of_contact
SELECT id, contact_id, filter, ground, because, weighing, public_url, law, to_char(review_on, 'YYYY-MM-DD') AS review_on, review_at, state,
    people, duties, excused, position, proposed_at, proposed_by, confirmed_at, confirmed_by, withdrawn_at, withdrawn_by, ended_at
FROM exemption
WHERE id IN (SELECT exemption_id FROM exemption_duty WHERE contact_id = $1)
ORDER BY proposed_at, id

-- name: exemption_lock
SELECT id, contact_id, filter, ground, because, weighing, public_url, law, to_char(review_on, 'YYYY-MM-DD') AS review_on, review_at, state,
    people, duties, excused, position, proposed_at, proposed_by, confirmed_at, confirmed_by, withdrawn_at, withdrawn_by, ended_at
FROM exemption
WHERE controller_id = $1 AND id = $2
FOR NO KEY UPDATE

-- name: exemption_confirm
UPDATE exemption SET state = 'excusing', confirmed_at = $2, confirmed_by = $3 WHERE id = $1

-- name: exemption_withdraw
UPDATE exemption SET state = 'ending', withdrawn_at = $2, withdrawn_by = $3 WHERE id = $1

-- name: exemption_move
UPDATE exemption SET state = $2, ended_at = CASE WHEN $2 = 'ended' THEN CAST($3 AS timestamptz) END WHERE id = $1

-- name: exemption_advance
UPDATE exemption SET position = $2, excused = excused + $3 WHERE id = $1

-- name: exemption_excuse
UPDATE duty d
SET state = 'excused', reason = $3, detail = '', exemption_id = $2
FROM json_to_recordset(CAST($1 AS json)) AS k(contact_id uuid, id uuid)
WHERE d.contact_id = k.contact_id AND d.id = k.id AND d.state IN ('open', 'failed', 'blocked')

-- name: exemption_link
INSERT INTO exemption_duty (contact_id, exemption_id, duty_id, excused_at)
SELECT k.contact_id, $2, k.id, $3
FROM json_to_recordset(CAST($1 AS json)) AS k(contact_id uuid, id uuid)
ON CONFLICT DO NOTHING

-- name: exemption_reopen
WITH standing AS MATERIALIZED (
    SELECT contact_id, id
    FROM duty
    WHERE controller_id = $1 AND exemption_id = $2 AND state = 'excused'
    ORDER BY contact_id, id
    LIMIT $3
    FOR NO KEY UPDATE
)
UPDATE duty d
SET state = 'open', reason = '', exemption_id = NULL
FROM standing s
WHERE d.contact_id = s.contact_id AND d.id = s.id
RETURNING d.contact_id, d.id, d.due_at
