-- Letters of a schema that was taken back and is here again. Where none was, this changes nothing.

-- +goose Up
-- What 00018's tables held of batches is told by the audit, and of their letters by what became
-- of their attempts. Without them a letter that comes back would find no batch, and its duty
-- would count as met (E2). The size in which they were printed is not on record.
-- +goose StatementBegin
DO $$
BEGIN
    INSERT INTO letter_batch (id, controller_id, made_at, made_by, size, letters, state, posted_on, ended_at, ended_by)
    SELECT CAST(m.subject AS uuid), m.controller_id, m.at, m.actor, '', 0, CASE WHEN p.id IS NULL THEN 'withdrawn' ELSE 'posted' END,
        CAST(p.detail ->> 'on' AS date), COALESCE(p.at, w.at), COALESCE(p.actor, w.actor, '')
    FROM audit m
    LEFT JOIN audit p ON p.controller_id = m.controller_id AND p.action = 'letter.posted' AND p.subject = m.subject
    LEFT JOIN LATERAL (
        SELECT at, actor FROM audit
        WHERE controller_id = m.controller_id AND action = 'letter.withdraw' AND subject = m.subject
        ORDER BY at DESC, id DESC
        LIMIT 1) w ON true
    WHERE m.action = 'letter.batch' AND NOT EXISTS (SELECT FROM letter_batch b WHERE b.id = CAST(m.subject AS uuid));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO letter (contact_id, delivery_id, batch_id)
    SELECT a.contact_id, a.delivery_id, a.claim_id
    FROM attempt a
    JOIN letter_batch b ON b.id = a.claim_id
    JOIN outcome o ON o.contact_id = a.contact_id AND o.id = a.id AND o.outcome = 'relayed'
    WHERE a.relay = 'post'
    ORDER BY a.contact_id, a.delivery_id
    ON CONFLICT DO NOTHING;
    UPDATE letter_batch b
    SET letters = CASE WHEN b.state = 'posted' THEN x.n ELSE 0 END, posted = CASE WHEN b.state = 'posted' THEN x.n ELSE 0 END, returned = x.bounced
    FROM (
        SELECT l.batch_id, count(*) AS n, count(*) FILTER (WHERE d.state = 'bounced') AS bounced
        FROM letter l
        JOIN delivery d ON d.contact_id = l.contact_id AND d.id = l.delivery_id
        GROUP BY l.batch_id) x
    WHERE b.id = x.batch_id AND b.state IN ('posted', 'withdrawn');
    UPDATE report SET matched_by = 'reference' WHERE door = 'letter' AND matched_by = 'envelope';
END
$$;
-- +goose StatementEnd

-- 00018 opens lanes of letters and calls again as their campaigns run, also where all of a
-- campaign waits for its canary.
UPDATE lane l
SET state = 'paused', reason = m.reason
FROM lane m
WHERE l.channel <> 'email' AND l.state = 'open' AND m.campaign_id = l.campaign_id AND m.channel = 'email' AND m.domain_class = 'any'
    AND m.state = 'paused' AND m.reason = 'canary';

-- +goose Down
SELECT 1; -- nothing is lost by it
