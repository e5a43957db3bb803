-- What is told through two doors counts once.

-- +goose Up
-- A message is known by what it is, through whichever door of mail it comes: one source for all of them.
INSERT INTO report_received (controller_id, door, external_id, report_id, received_at)
SELECT DISTINCT ON (controller_id, external_id) controller_id, 'mail', external_id, report_id, received_at
FROM report_received
WHERE door IN ('pipe', 'smtp', 'lmtp', 'imap')
ORDER BY controller_id, external_id, received_at;
DELETE FROM report_received WHERE door IN ('pipe', 'smtp', 'lmtp', 'imap');

-- False: another report had told the same of its delivery, and figures have that one.
ALTER TABLE report ADD COLUMN counted boolean NOT NULL DEFAULT true;

-- +goose Down
ALTER TABLE report DROP COLUMN counted;
-- Answers known by what they are ('message') stay: an older program does not look at them, and a newer one takes none of them in twice.
UPDATE report_received SET door = 'pipe' WHERE door = 'mail';
