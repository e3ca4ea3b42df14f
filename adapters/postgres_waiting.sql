-- Where those leave their requests who find another session writing. Whoever writes next writes for all of them.
-- Nothing here outlives a crash, nor has to: who has no answer yet asks again, and a command is known by its id.
CREATE UNLOGGED TABLE IF NOT EXISTS orch.waiting (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key uuid NOT NULL,  -- after a crash numbers begin anew: nobody may take another's answer for its own
    until bigint NOT NULL,  -- µs since the epoch; later nobody but its owner has it written
    decisions jsonb NOT NULL
) WITH (toast_tuple_target = 8160);
ALTER TABLE orch.waiting ALTER COLUMN decisions SET STORAGE EXTERNAL;  -- it is there for moments: never compressed

CREATE UNLOGGED TABLE IF NOT EXISTS orch.answered (
    number bigint PRIMARY KEY,
    key uuid NOT NULL,
    until bigint NOT NULL,
    answers jsonb NOT NULL
);
