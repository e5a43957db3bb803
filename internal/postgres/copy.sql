-- name: copy_files
SELECT id, file_name, started_at
FROM import
WHERE controller_id = $1 AND id = ANY (CAST($2 AS uuid[]))

-- name: copy_words
SELECT answer_id, subject, body
FROM answer_text
WHERE controller_id = $1 AND contact_id = $2
