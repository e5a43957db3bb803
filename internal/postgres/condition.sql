-- name: condition
SELECT current_setting('server_version') AS version, current_setting('autovacuum') = 'on' AS autovacuum, current_setting('fsync') = 'on' AS fsync,
    pg_database_size(current_database()) AS bytes, pg_is_in_recovery() AS standby,
    (SELECT min(xact_start) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()) AS oldest_transaction,
    CAST(COALESCE((SELECT sum(n_dead_tup) FROM pg_stat_user_tables), 0) AS bigint) AS dead_rows,
    CAST(COALESCE((SELECT sum(n_live_tup) FROM pg_stat_user_tables), 0) AS bigint) AS live_rows
