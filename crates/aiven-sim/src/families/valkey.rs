//! Valkey, Redis and Dragonfly: one protocol, one input.

use super::{Confidence, Kind, Row};

/// Telegraf's input redis. Measurements are `valkey…` where the node says so.
pub(crate) const VALKEY: &[Row] = &[
    Row {
        measurement: "redis",
        kind: Kind::Untyped,
        levels: "blocked_clients clients connected_slaves instantaneous_ops_per_sec maxclients maxmemory \
            mem_fragmentation_ratio used_memory used_memory_rss",
        counts: "evicted_keys expired_keys keyspace_hits keyspace_misses rejected_connections \
            total_commands_processed total_connections_received total_net_input_bytes \
            total_net_output_bytes uptime",
        texts: "aof_last_bgrewrite_status aof_last_write_status master_failover_state maxmemory_policy \
            rdb_last_bgsave_status redis_version",
        sources: "do, dev",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "redis",
        kind: Kind::Untyped,
        levels: "active_defrag_running allocator_active allocator_allocated allocator_frag_bytes \
            allocator_frag_ratio allocator_resident allocator_rss_bytes allocator_rss_ratio \
            aof_current_rewrite_time_sec aof_enabled aof_last_cow_size aof_last_rewrite_time_sec \
            aof_rewrite_in_progress aof_rewrite_scheduled client_recent_max_input_buffer \
            client_recent_max_output_buffer clients_in_timeout_table cluster_connections \
            cluster_enabled current_cow_size current_fork_perc current_save_keys_processed \
            current_save_keys_total expired_stale_perc instantaneous_input_kbps \
            instantaneous_output_kbps keyspace_hitrate latest_fork_usec lazyfree_pending_objects \
            loading lru_clock master_repl_offset mem_aof_buffer mem_clients_normal \
            mem_clients_slaves mem_fragmentation_bytes mem_not_counted_for_evict \
            mem_replication_backlog migrate_cached_sockets module_fork_in_progress \
            module_fork_last_cow_size number_of_cached_scripts pubsub_channels pubsub_patterns \
            rdb_bgsave_in_progress rdb_changes_since_last_save rdb_current_bgsave_time_sec \
            rdb_last_bgsave_time_sec rdb_last_cow_size rdb_last_save_time rdb_last_save_time_elapsed \
            repl_backlog_active repl_backlog_first_byte_offset repl_backlog_histlen \
            repl_backlog_size rss_overhead_bytes rss_overhead_ratio second_repl_offset \
            slave_expires_tracked_keys total_system_memory tracking_clients tracking_total_items \
            tracking_total_keys tracking_total_prefixes used_memory_dataset used_memory_dataset_perc \
            used_memory_lua used_memory_overhead used_memory_peak used_memory_peak_perc \
            used_memory_scripts used_memory_startup",
        counts: "active_defrag_hits active_defrag_key_hits active_defrag_key_misses active_defrag_misses \
            dump_payload_sanitizations expire_cycle_cpu_milliseconds expired_time_cap_reached_count \
            io_threaded_reads_processed io_threaded_writes_processed lazyfreed_objects sync_full \
            sync_partial_err sync_partial_ok total_error_replies total_forks total_reads_processed \
            total_writes_processed unexpected_error_replies used_cpu_sys used_cpu_sys_children \
            used_cpu_sys_main_thread used_cpu_user used_cpu_user_children used_cpu_user_main_thread",
        texts: "",
        sources: "dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "redis_cmdstat",
        kind: Kind::Untyped,
        levels: "usec_per_call",
        counts: "calls usec",
        texts: "",
        sources: "dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "redis_keyspace",
        kind: Kind::Untyped,
        levels: "avg_ttl expires keys",
        counts: "",
        texts: "",
        sources: "do",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "redis_replication",
        kind: Kind::Untyped,
        levels: "lag offset",
        counts: "",
        texts: "",
        sources: "do",
        confidence: Confidence::Seen,
    },
];
