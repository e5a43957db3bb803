-- name: key_fingerprint
-- The first to come writes it; everybody reads what the first one wrote.
INSERT INTO key_fingerprint (purpose, key_id, fingerprint, first_seen)
VALUES ($1, $2, $3, $4)
ON CONFLICT (purpose, key_id) DO UPDATE SET purpose = excluded.purpose
RETURNING fingerprint
