-- People are looked up one by one in the index, however many they are and however
-- big the tables: the planner takes an array that comes out of a subquery for a
-- short one, where a long one might have it read a whole table.

-- name: people_contacts
SELECT id, name, country, region, city, postal_code, language, organisation, job_title, first_obtained_at, objected_at, tell_at, erased_at
FROM contact
WHERE controller_id = $1 AND id = ANY (CAST((SELECT CAST($2 AS uuid[])) AS uuid[]))

-- name: people_identifiers
SELECT contact_id, id, kind, value, hash, key_id
FROM identifier
WHERE controller_id = $1 AND contact_id = ANY (CAST((SELECT CAST($2 AS uuid[])) AS uuid[]))
ORDER BY contact_id, added_at, id

-- name: people_acquisitions
SELECT contact_id, id, source_key, activity_key, obtained_at, obtained_basis, page, visibility, import_id, COALESCE(line, 0) AS line
FROM acquisition
WHERE controller_id = $1 AND contact_id = ANY (CAST((SELECT CAST($2 AS uuid[])) AS uuid[]))
ORDER BY contact_id, source_key, obtained_at NULLS LAST, id

-- name: people_duties
SELECT contact_id, id, activity_key, source_key, cause, acquisition_id, obtained_at, due_at, due_rule, due_inputs, state, reason, detail,
    met_at, delivery_id, erased_at, told_at, exemption_id
FROM duty
WHERE controller_id = $1 AND contact_id = ANY (CAST((SELECT CAST($2 AS uuid[])) AS uuid[]))
ORDER BY contact_id, due_at, id

-- name: shared_mailboxes
SELECT count(*)
FROM (SELECT FROM identifier WHERE controller_id = $1 AND kind = $2 GROUP BY hash HAVING count(*) > 1) s
