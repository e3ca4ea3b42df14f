-- What may be erased is in no statistics of the server: ANALYZE keeps samples of columns in pg_statistic, which whoever
-- may read the table can see, which is replicated, and which no redaction reaches. A change of its type, to the same
-- one, removes what an earlier version let it keep.
ALTER TABLE orch.events ALTER COLUMN payload TYPE bytea, ALTER COLUMN salt TYPE bytea;
ALTER TABLE orch.events ALTER COLUMN payload SET STATISTICS 0, ALTER COLUMN salt SET STATISTICS 0;
ALTER TABLE orch.commands ALTER COLUMN fingerprint TYPE text COLLATE "C";
ALTER TABLE orch.commands ALTER COLUMN fingerprint SET STATISTICS 0;
