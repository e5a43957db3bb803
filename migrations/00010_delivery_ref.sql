-- A delivery by its id alone, as an envelope sender has it, or by its code. Both
-- stand in a row that is written once: the delivery's own moves three times, and
-- each move cost it an entry in either index.

-- +goose Up
CREATE TABLE delivery_ref (
    delivery_id   uuid PRIMARY KEY,
    controller_id uuid NOT NULL,
    contact_id    uuid NOT NULL,
    code          text NOT NULL,
    UNIQUE (controller_id, code)
);
INSERT INTO delivery_ref (delivery_id, controller_id, contact_id, code)
SELECT id, controller_id, contact_id, code FROM delivery ORDER BY id;
DROP INDEX delivery_id;
DROP INDEX delivery_code;

-- What was put into a notice is written once and read as a whole: as text it costs
-- less to write than taken apart.
ALTER TABLE message_values ALTER COLUMN slots TYPE json USING slots::json;

-- +goose Down
ALTER TABLE message_values ALTER COLUMN slots TYPE jsonb USING slots::jsonb;
CREATE UNIQUE INDEX delivery_id ON delivery (id);
CREATE UNIQUE INDEX delivery_code ON delivery (controller_id, code);
DROP TABLE delivery_ref;
