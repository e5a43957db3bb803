-- Letters and calls: what no mail worker ever claims, and people carry out.

-- +goose Up

-- Each of these allows more than what it replaces, so no row needs to be looked at again.
ALTER TABLE identifier DROP CONSTRAINT identifier_kind_check,
    ADD CONSTRAINT identifier_kind_check CHECK (kind IN ('source_ref', 'profile_url', 'email', 'phone', 'row', 'postal')) NOT VALID;
ALTER TABLE delivery DROP CONSTRAINT delivery_channel_check,
    ADD CONSTRAINT delivery_channel_check CHECK (channel IN ('email', 'letter', 'phone')) NOT VALID;
ALTER TABLE report DROP CONSTRAINT report_matched_by_check,
    ADD CONSTRAINT report_matched_by_check CHECK (matched_by IN ('envelope', 'envid', 'message_id', 'reply', 'reference')) NOT VALID;

-- A lane holds one channel. Mail workers claim from lanes of mail alone.
ALTER TABLE lane ADD COLUMN channel text NOT NULL DEFAULT 'email' CHECK (channel IN ('email', 'letter', 'phone'));
UPDATE lane l -- of a schema that was taken back and is here again
SET channel = l.relay, domain_class = l.relay, state = CASE k.state WHEN 'running' THEN 'open' WHEN 'paused' THEN 'paused' ELSE 'closed' END
FROM campaign k
WHERE k.id = l.campaign_id AND l.relay IN ('letter', 'phone');

-- What waits for people, the earliest date first. Mail is not in it.
CREATE INDEX delivery_by_hand ON delivery (controller_id, channel, due_at, id) WHERE channel <> 'email' AND shelf IN ('queued', 'deferred');

-- Letters that were taken out of the queue together. Its id is that of their claim, whose
-- lease does not pass: a person has them in hand.
CREATE TABLE letter_batch (
    id            uuid PRIMARY KEY,
    controller_id uuid NOT NULL REFERENCES controller,
    made_at       timestamptz NOT NULL,
    made_by       text NOT NULL,
    size          text NOT NULL CHECK (size IN ('', 'normal', 'large')),  -- '': as the register says
    letters       integer NOT NULL,              -- taken, and not left out or withdrawn since
    state         text NOT NULL CHECK (state IN ('making', 'made', 'posted', 'withdrawn')),
    posted_on     date,
    posted        integer NOT NULL DEFAULT 0,
    returned      integer NOT NULL DEFAULT 0,
    ended_at      timestamptz,                   -- when it was marked as posted or withdrawn
    ended_by      text NOT NULL DEFAULT ''
);

-- What is in a batch. What is withdrawn is in none.
CREATE TABLE letter (
    contact_id  uuid NOT NULL REFERENCES contact,
    delivery_id uuid NOT NULL,
    batch_id    uuid NOT NULL REFERENCES letter_batch,
    PRIMARY KEY (contact_id, delivery_id, batch_id)
);
CREATE INDEX letter_of_batch ON letter (batch_id);
CREATE INDEX letter_batch_open ON letter_batch (controller_id, made_at) WHERE state IN ('making', 'made');

-- Suppressions that end are deleted when their time has come.
UPDATE suppression SET expires_at = created_at + interval '365 days' WHERE scope = 'address' AND expires_at IS NULL;
CREATE INDEX suppression_expires ON suppression (controller_id, expires_at) WHERE expires_at IS NOT NULL;

-- +goose Down
-- Without its batch nobody could say what became of a letter.
-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT FROM letter_batch WHERE state IN ('making', 'made')) THEN
        RAISE EXCEPTION 'letters lie in batches: mark them as posted, or withdraw them, first';
    END IF;
END
$$;
-- +goose StatementEnd
DROP INDEX suppression_expires;
DROP TABLE letter, letter_batch;
DROP INDEX delivery_by_hand;
-- Lanes and letters stay as they are: claims of the older program would take them for
-- mail, find no address, and suppress them.
UPDATE lane SET state = 'closed', domain_class = 'any' WHERE channel <> 'email';
ALTER TABLE lane DROP COLUMN channel;
-- The wider checks stay: a row that a narrower one has no word for could be neither changed
-- nor, with others in one statement, woken. What the tables held of posted letters is on
-- record elsewhere, and made of that again (00020).
