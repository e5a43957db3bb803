-- What is kept how long: the ledger outside, legal holds, runs of the deletion job.

-- +goose Up

-- Ledgers that this database has had lines of. Up to done_line all of them are in it;
-- which later ones are, ledger_line says.
CREATE TABLE ledger (
    id          uuid PRIMARY KEY,            -- as the file's first line has it
    done_line   bigint NOT NULL DEFAULT 0,
    done_offset bigint NOT NULL DEFAULT 0,   -- where the next line begins, in octets
    done_chain  bytea NOT NULL DEFAULT '',   -- the hash chained over all up to there
    place       text NOT NULL,               -- host and path where it was last seen
    seen_at     timestamptz NOT NULL         -- when all of it was last in this database
);
CREATE TABLE ledger_line (
    ledger_id uuid NOT NULL,
    line      bigint NOT NULL,
    PRIMARY KEY (ledger_id, line)
);

-- +goose Down
DROP TABLE ledger_line, ledger;
