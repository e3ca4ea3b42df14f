#!/usr/bin/env bash
# Runs once, when the data is made: the roles, each with the password of its file; who may come in, and how.
set -euo pipefail
export SECRETS=${SECRETS:-/run/secrets}

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\set database `echo "$POSTGRES_DB"`
\set owner_password `cat "$SECRETS/owner_password"`
\set writer_password `cat "$SECRETS/writer_password"`
\set auditor_password `cat "$SECRETS/auditor_password"`
\set replicator_password `cat "$SECRETS/replicator_password"`
CREATE ROLE log_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE log_writer LOGIN PASSWORD :'writer_password';
CREATE ROLE log_auditor LOGIN PASSWORD :'auditor_password';
CREATE ROLE replicator LOGIN REPLICATION PASSWORD :'replicator_password';
ALTER DATABASE :"database" OWNER TO log_owner;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO log_writer, log_auditor;
SELECT pg_create_physical_replication_slot('standby');
SQL

cat >"$PGDATA/pg_hba.conf" <<'HBA'
# The server's own socket is for its administrator; everybody else has a password.
local   all         all                   peer map=admin
host    all         all         all       scram-sha-256
host    replication replicator  all       scram-sha-256
HBA
cat >"$PGDATA/pg_ident.conf" <<'IDENT'
admin   postgres    postgres
admin   root        postgres
IDENT
