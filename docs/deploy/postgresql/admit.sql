-- Said once by the owner of the log, after `orch init`: who writes, and who only reads.
SELECT orch.admit('log_writer', 'write');
SELECT orch.admit('log_auditor', 'read');
