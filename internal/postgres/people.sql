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

-- name: person
-- As the four above, in one row.
SELECT c.id, c.name, c.country, c.region, c.city, c.postal_code, c.language, c.organisation, c.job_title, c.first_obtained_at, c.objected_at,
    c.tell_at, c.erased_at,
    (SELECT json_agg(i ORDER BY i.added_at, i.id)
     FROM (SELECT contact_id, id, kind, value, encode(hash, 'base64') AS hash, key_id, added_at
           FROM identifier WHERE controller_id = $1 AND contact_id = c.id) i) AS identifiers,
    (SELECT json_agg(a ORDER BY a.source_key, a.obtained_at NULLS LAST, a.id)
     FROM (SELECT contact_id, id, source_key, activity_key, obtained_at, obtained_basis, page, visibility, import_id, COALESCE(line, 0) AS line
           FROM acquisition WHERE controller_id = $1 AND contact_id = c.id) a) AS acquisitions,
    (SELECT json_agg(d ORDER BY d.due_at, d.id)
     FROM (SELECT contact_id, id, activity_key, source_key, cause, acquisition_id, obtained_at, due_at, due_rule, due_inputs, state, reason, detail,
               met_at, delivery_id, erased_at, told_at, exemption_id
           FROM duty WHERE controller_id = $1 AND contact_id = c.id) d) AS duties
FROM contact c
WHERE c.controller_id = $1 AND c.id = $2

-- name: shared_mailboxes
SELECT count(*)
FROM (SELECT FROM identifier WHERE controller_id = $1 AND kind = $2 GROUP BY hash HAVING count(*) > 1) s
