-- What correspondence was planned with: dates, what was asked, the team's own words. A
-- notice's values are drawn when it is composed; those of a letter about somebody's rights
-- are known when it is decided, and nowhere else. They go with the values of the messages.

-- +goose Up
CREATE TABLE planned_values (
    contact_id  uuid NOT NULL,
    delivery_id uuid NOT NULL,
    slots       text NOT NULL,   -- JSON
    PRIMARY KEY (contact_id, delivery_id)
);

-- +goose Down
DROP TABLE planned_values;
