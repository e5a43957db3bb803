-- name: ledger_line_add
-- A line that its own transaction and a replay both bring stands there once.
INSERT INTO ledger_line (ledger_id, line)
SELECT ledger_id, line
FROM json_to_recordset(CAST($1 AS json)) AS r(ledger_id uuid, line bigint)
ORDER BY ledger_id, line
ON CONFLICT (ledger_id, line) DO NOTHING

-- name: ledger
SELECT done_line, done_offset, done_chain
FROM ledger
WHERE id = $1

-- name: ledger_lines
SELECT line
FROM ledger_line
WHERE ledger_id = $1 AND line = ANY (CAST($2 AS bigint[]))

-- name: ledger_done
INSERT INTO ledger AS l (id, done_line, done_offset, done_chain, place, seen_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE
SET done_line = GREATEST(l.done_line, excluded.done_line), done_offset = GREATEST(l.done_offset, excluded.done_offset),
    done_chain = CASE WHEN excluded.done_line > l.done_line THEN excluded.done_chain ELSE l.done_chain END,
    place = excluded.place, seen_at = excluded.seen_at

-- name: ledger_fold
DELETE FROM ledger_line
WHERE ledger_id = $1 AND line <= $2

-- name: ledgers
SELECT id, done_line, place, seen_at
FROM ledger
ORDER BY id

-- name: ledger_contact
SELECT id
FROM contact
WHERE controller_id = $1 AND id = $2 AND erased_at IS NULL
FOR NO KEY UPDATE

-- name: ledger_controller
SELECT count(*)
FROM controller
WHERE id = $1
