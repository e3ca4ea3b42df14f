-- Where commands lie for moments, while another session writes. Nothing here has to outlive a crash: it ends every
-- session, and whoever has no answer asks again.
CREATE UNLOGGED TABLE orch.waiting (
    number bigint GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME orch.waiting_number) PRIMARY KEY,
    until bigint NOT NULL,  -- µs since the epoch; later nobody takes it along
    alone boolean NOT NULL,  -- it was not recorded together with others: its owner writes it, and is told why
    decision jsonb NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, vacuum_truncate = off);
ALTER TABLE orch.waiting ALTER COLUMN decision SET STORAGE EXTERNAL;  -- it is there for moments: never compressed
ALTER TABLE orch.waiting ALTER COLUMN decision SET STATISTICS 0;  -- as everything that may be erased

CREATE SEQUENCE orch.waiting_taken MINVALUE 0 START 0;  -- up to which number somebody has looked
