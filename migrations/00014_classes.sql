-- Classes of recipient domains: what their mail systems may be sent, by all workers,
-- campaigns and relays together.

-- +goose Up

-- One more with each change of a controller's classes, so that claims see that there
-- was one.
CREATE TABLE class_book (
    controller_id uuid PRIMARY KEY REFERENCES controller,
    version       bigint NOT NULL
);

-- A lane bears the name of its class; 'any' is none of these. Claims lock this row.
CREATE TABLE domain_class (
    controller_id uuid NOT NULL REFERENCES controller,
    name          text NOT NULL CHECK (name <> 'any'),
    per_second    integer NOT NULL DEFAULT 0,  -- 0: no limit
    per_day       integer NOT NULL DEFAULT 0,  -- 0: no limit
    second        timestamptz,                 -- that in_second counts for
    in_second     integer NOT NULL DEFAULT 0,
    day           timestamptz,                 -- that on_day counts for: its first instant
    on_day        integer NOT NULL DEFAULT 0,
    full_at       timestamptz,                 -- when on_day last reached per_day
    PRIMARY KEY (controller_id, name)
);
ALTER TABLE domain_class SET (fillfactor = 50, autovacuum_vacuum_threshold = 200);

-- A domain stands for those below it, too, as far as they are not listed themselves.
CREATE TABLE class_domain (
    controller_id uuid NOT NULL,
    domain        text NOT NULL,               -- A-labels, small letters
    class         text NOT NULL,
    PRIMARY KEY (controller_id, domain),
    FOREIGN KEY (controller_id, class) REFERENCES domain_class ON DELETE CASCADE
);

-- Lanes whose queue is still to be looked through since the classes changed, and how
-- far that is done.
CREATE TABLE lane_sorting (
    lane   bigint PRIMARY KEY REFERENCES lane,
    due_at timestamptz,                        -- the last delivery that was looked at; null: none yet
    id     uuid
);

-- +goose Down
DROP TABLE lane_sorting;
DROP TABLE class_domain;
DROP TABLE domain_class;
DROP TABLE class_book;
UPDATE delivery d
SET lane = a.id
FROM lane l
JOIN lane a ON a.campaign_id = l.campaign_id AND a.relay = l.relay AND a.domain_class = 'any'
WHERE d.lane = l.id AND l.domain_class <> 'any';
DELETE FROM lane_standing s USING lane l WHERE l.id = s.lane AND l.domain_class <> 'any';
DELETE FROM lane WHERE domain_class <> 'any';
DELETE FROM counter WHERE what = 'class';
DELETE FROM counter_delta WHERE what = 'class';
