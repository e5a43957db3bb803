-- What each delivery costs: fewer indexes under the rows that move, and one truth
-- for when a notice was composed.

-- +goose Up

-- What is claimed is little at any time, so one narrow index finds it by claim, by
-- lease and by campaign.
DROP INDEX delivery_claim;
DROP INDEX delivery_leased;
CREATE INDEX delivery_sending ON delivery (claim_id) WHERE state = 'sending';
DROP INDEX delivery_campaign_open;
CREATE INDEX delivery_campaign_open ON delivery (campaign_id) WHERE state IN ('queued', 'deferred', 'uncertain');

-- An attempt is counted by what ends it, no more by what begins it.
UPDATE delivery d
SET attempts = d.attempts - (
    SELECT count(*) FROM attempt a
    WHERE a.contact_id = d.contact_id AND a.delivery_id = d.id AND a.claim_id = d.claim_id AND a.outcome IS NULL)
WHERE d.state = 'sending';

-- It stands in message, with the hash of what was composed.
ALTER TABLE delivery DROP COLUMN composed_at;

-- An attempt is looked up by its delivery. It is written twice within seconds; the
-- second version finds room on its page, and no index hears of it.
ALTER TABLE attempt DROP CONSTRAINT attempt_pkey;
ALTER TABLE attempt DROP CONSTRAINT attempt_contact_id_delivery_id_number_key;
ALTER TABLE attempt ADD PRIMARY KEY (contact_id, delivery_id, number);
ALTER TABLE attempt SET (fillfactor = 70);

-- +goose Down
ALTER TABLE attempt RESET (fillfactor);
ALTER TABLE attempt DROP CONSTRAINT attempt_pkey;
ALTER TABLE attempt ADD PRIMARY KEY (contact_id, id);
ALTER TABLE attempt ADD UNIQUE (contact_id, delivery_id, number);
ALTER TABLE delivery ADD COLUMN composed_at timestamptz;
UPDATE delivery d SET composed_at = m.composed_at FROM message m WHERE m.contact_id = d.contact_id AND m.delivery_id = d.id;
UPDATE delivery d
SET attempts = d.attempts + (
    SELECT count(*) FROM attempt a
    WHERE a.contact_id = d.contact_id AND a.delivery_id = d.id AND a.claim_id = d.claim_id AND a.outcome IS NULL)
WHERE d.state = 'sending';
DROP INDEX delivery_campaign_open;
CREATE INDEX delivery_campaign_open ON delivery (campaign_id) WHERE state IN ('queued', 'sending', 'deferred', 'uncertain');
DROP INDEX delivery_sending;
CREATE INDEX delivery_claim ON delivery (claim_id) WHERE state = 'sending';
CREATE INDEX delivery_leased ON delivery (controller_id, lease_until) WHERE state = 'sending';
