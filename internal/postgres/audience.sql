-- name: candidates
-- The narrow index gives duties in the order of contacts, so that a page ends
-- after as many contacts as it may hold. That contacts lie behind $3, too, is
-- said for a plan that walks them instead.
SELECT d.contact_id, array_agg(d.id) AS duties
FROM duty d
JOIN contact c ON c.id = d.contact_id
WHERE d.controller_id = $1 AND d.activity_key = $2 AND d.contact_id > $3 AND c.id > $3
    AND d.state IN ('open', 'failed', 'blocked')
    AND (d.state = 'open'
        OR d.state = 'blocked' AND d.reason = ANY (CAST($5 AS text[]))
        OR d.state = 'failed' AND EXISTS (
            SELECT FROM delivery v JOIN campaign k ON k.id = v.campaign_id
            WHERE v.contact_id = d.contact_id AND v.id = d.delivery_id AND k.state IN ('finished', 'cancelled')))
    AND (CAST($6 AS text[]) = '{}' OR d.source_key = ANY (CAST($6 AS text[])))
    AND (CAST($7 AS text[]) = '{}' OR c.country = ANY (CAST($7 AS text[])))
    AND (CAST($8 AS timestamptz) IS NULL OR d.obtained_at >= $8)
    AND (CAST($9 AS timestamptz) IS NULL OR d.obtained_at < $9)
GROUP BY d.contact_id
ORDER BY d.contact_id
LIMIT $4

-- name: candidates_failed
SELECT d.contact_id, array_agg(d.id) AS duties
FROM duty d
JOIN delivery v ON v.contact_id = d.contact_id AND v.id = d.delivery_id
WHERE d.controller_id = $1 AND d.activity_key = $2 AND d.contact_id > $3 AND d.state = 'failed' AND v.campaign_id = $5
GROUP BY d.contact_id
ORDER BY d.contact_id
LIMIT $4

-- name: dead_addresses
SELECT i.id
FROM identifier i
JOIN suppression s ON s.controller_id = i.controller_id AND s.kind = i.kind AND s.hash = i.hash AND s.scope = 'address'
WHERE i.controller_id = $1 AND i.contact_id = ANY (CAST($2 AS uuid[])) AND s.key_id = i.key_id AND (s.expires_at IS NULL OR s.expires_at > $3)
UNION
SELECT i.id -- put right: another one took its place (Art. 16)
FROM identifier i
WHERE i.controller_id = $1 AND i.contact_id = ANY (CAST($2 AS uuid[])) AND i.replaced_at IS NOT NULL

-- name: spent_addresses
-- How often notices of a campaign failed at an address, and how often because its
-- mailbox was full.
SELECT identifier_id AS id, count(*) AS times, count(*) FILTER (WHERE state = 'bounced' AND reply_class = 'mailbox_full') AS full_times
FROM delivery
WHERE campaign_id = $1 AND contact_id = ANY (CAST($2 AS uuid[])) AND state IN ('rejected', 'bounced', 'suppressed')
GROUP BY identifier_id

-- name: shared_addresses
SELECT i.id
FROM identifier i
WHERE i.controller_id = $1 AND i.contact_id = ANY (CAST($2 AS uuid[])) AND i.kind = 'email'
    AND EXISTS (
        SELECT FROM identifier o
        WHERE o.controller_id = i.controller_id AND o.kind = i.kind AND o.hash = i.hash AND o.contact_id <> i.contact_id)

-- name: place_hand_lane
-- It is of no class of domains, and not of the rest either. The update changes nothing; it
-- returns the lane that is there already.
INSERT INTO lane (controller_id, campaign_id, relay, domain_class, state, channel)
VALUES ($1, $2, $3, $3, $4, $3)
ON CONFLICT (controller_id, campaign_id, relay, domain_class) DO UPDATE SET channel = excluded.channel
RETURNING id

-- name: place_lock_duties
SELECT d.contact_id, d.id, d.state, d.reason, d.due_at
FROM json_to_recordset(CAST($2 AS json)) AS k(contact_id uuid, id uuid)
JOIN duty d ON d.contact_id = k.contact_id AND d.id = k.id
WHERE d.controller_id = $1 AND (d.state IN ('open', 'failed') OR d.state = 'blocked' AND d.reason = ANY (CAST($3 AS text[])))
ORDER BY d.contact_id, d.id
FOR NO KEY UPDATE OF d

-- name: place_unblock
UPDATE duty d
SET state = 'open', reason = '', detail = ''
FROM json_to_recordset(CAST($1 AS json)) AS p(contact_id uuid, id uuid)
WHERE d.contact_id = p.contact_id AND d.id = p.id AND d.state = 'blocked'

-- name: place_in_flight
UPDATE duty d
SET state = 'in_flight', reason = '', detail = '', delivery_id = p.delivery_id
FROM json_to_recordset(CAST($1 AS json)) AS p(contact_id uuid, id uuid, delivery_id uuid)
WHERE d.contact_id = p.contact_id AND d.id = p.id AND d.state IN ('open', 'failed')

-- name: place_block
UPDATE duty d
SET state = 'blocked', reason = p.reason, detail = p.detail
FROM json_to_recordset(CAST($1 AS json)) AS p(contact_id uuid, id uuid, reason text, detail text)
WHERE d.contact_id = p.contact_id AND d.id = p.id AND d.state IN ('open', 'failed', 'blocked')

-- name: place_position
UPDATE campaign SET frozen_until = $2 WHERE id = $1 AND (frozen_until IS NULL OR frozen_until < $2)
