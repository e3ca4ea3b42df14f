#!/usr/bin/env bash
# A hot standby: at the first start it copies the primary, and from then on it streams from it.
set -euo pipefail

passwords=$(dirname "$PGDATA")/passwords
mkdir -p "$(dirname "$PGDATA")"
(umask 077 && printf '%s:%s:replication:replicator:%s\n' \
  "$PRIMARY_HOST" "$PRIMARY_PORT" "$(cat "$REPLICATOR_PASSWORD_FILE")" >"$passwords")
export PGPASSFILE=$passwords

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  rm -rf "$PGDATA"  # a copy that was cut off half-way
  pg_basebackup --dbname "postgresql://replicator@$PRIMARY_HOST:$PRIMARY_PORT/?application_name=standby" \
    --pgdata "$PGDATA" --write-recovery-conf --wal-method stream --checkpoint fast --slot standby
fi
chmod 0700 "$PGDATA"
exec postgres -D "$PGDATA" -c config_file="$STANDBY_CONFIG" "$@"
