//! PostgreSQL: Aiven's fork of Telegraf's input, one measurement a statistics view.

use super::Confidence::{Listed, Plugin, Seen};
use super::Row;

/// The views' families, and those of PgBouncer.
pub(crate) const PG: &[Row] = &[
    Row {
        levels: "database_size",
        ..Row::of("postgresql.database_size", Seen, "do, dev")
    },
    Row {
        levels: "conn_count oldest_conn_age oldest_running_query_age",
        ..Row::of("postgresql.pg_stat_activity", Seen, "do, ts, dev")
    },
    Row {
        levels: "oldest_non_autovacuum_query_age",
        ..Row::of("postgresql.pg_stat_activity", Seen, "do")
    },
    Row {
        counts: "xact_commit xact_rollback blks_hit blks_read deadlocks temp_bytes",
        ..Row::of("postgresql.pg_stat_database", Seen, "do, ts, dev")
    },
    Row {
        counts: "temp_files",
        ..Row::of("postgresql.pg_stat_database", Listed, "dev")
    },
    Row {
        counts: "conflicts tup_deleted tup_fetched tup_inserted tup_returned tup_updated",
        ..Row::of("postgresql.pg_stat_database", Plugin, "tel")
    },
    Row {
        levels: "bytes_diff flush_diff",
        ..Row::of("postgresql.pg_stat_replication", Seen, "do, dev")
    },
    Row {
        counts: "seq_scan seq_tup_read idx_scan idx_tup_fetch n_tup_ins n_tup_upd n_tup_del",
        ..Row::of("postgresql.pg_stat_user_tables", Seen, "do")
    },
    Row {
        levels: "n_live_tup n_dead_tup",
        counts: "n_tup_hot_upd vacuum_count autovacuum_count analyze_count autoanalyze_count",
        ..Row::of("postgresql.pg_stat_user_tables", Plugin, "tel")
    },
    Row {
        counts: "checkpoints_timed checkpoints_req checkpoint_write_time checkpoint_sync_time \
                 buffers_checkpoint buffers_clean maxwritten_clean buffers_backend \
                 buffers_backend_fsync buffers_alloc",
        ..Row::of("postgresql.pg_stat_bgwriter", Listed, "dev")
    },
    Row {
        levels: "freeze_limit txns",
        ..Row::of("postgresql.transactions", Listed, "dev")
    },
    Row {
        levels: "avg_bind_count avg_client_parse_count avg_query_count avg_query_time \
                 avg_server_assignment_count avg_server_parse_count avg_wait_time \
                 avg_xact_count avg_xact_time",
        counts: "total_bind_count total_client_parse_count total_query_count total_query_time \
                 total_received total_sent total_server_assignment_count \
                 total_server_parse_count total_wait_time total_xact_count total_xact_time",
        ..Row::of("pgbouncer", Listed, "doc")
    },
];
