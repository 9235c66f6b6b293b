//! OpenSearch, and Elasticsearch with `elasticsearch_` for `opensearch_`.

use super::{Confidence, Kind, Row};

/// Telegraf's input elasticsearch.
pub(crate) const SEARCH: &[Row] = &[
    Row {
        measurement: "opensearch_breakers",
        kind: Kind::Untyped,
        levels: "accounting_estimated_size_in_bytes accounting_limit_size_in_bytes accounting_overhead \
            fielddata_estimated_size_in_bytes fielddata_limit_size_in_bytes fielddata_overhead \
            in_flight_requests_estimated_size_in_bytes in_flight_requests_limit_size_in_bytes \
            in_flight_requests_overhead parent_estimated_size_in_bytes parent_limit_size_in_bytes \
            parent_overhead request_estimated_size_in_bytes request_limit_size_in_bytes \
            request_overhead",
        counts: "accounting_tripped fielddata_tripped in_flight_requests_tripped parent_tripped \
            request_tripped",
        texts: "",
        sources: "dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "opensearch_cluster_health",
        kind: Kind::Untyped,
        levels: "active_primary_shards active_shards active_shards_percent_as_number \
            delayed_unassigned_shards initializing_shards number_of_data_nodes number_of_nodes \
            number_of_pending_tasks relocating_shards status_code task_max_waiting_in_queue_millis \
            unassigned_shards",
        counts: "",
        texts: "status",
        sources: "adm, gds, nais, do",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "opensearch_cluster_health_indices",
        kind: Kind::Untyped,
        levels: "active_primary_shards active_shards initializing_shards number_of_replicas \
            number_of_shards relocating_shards status_code unassigned_shards",
        counts: "",
        texts: "status",
        sources: "dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "opensearch_clusterstats_indices",
        kind: Kind::Untyped,
        levels: "count docs_count docs_deleted query_cache_memory_size_in_bytes segments_count \
            segments_memory_in_bytes shards_total store_size_in_bytes",
        counts: "query_cache_evictions",
        texts: "",
        sources: "adm, gds, nais, do",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "opensearch_clusterstats_indices",
        kind: Kind::Untyped,
        levels: "shards_primaries shards_replication",
        counts: "",
        texts: "",
        sources: "dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "opensearch_clusterstats_nodes",
        kind: Kind::Untyped,
        levels: "count_master count_total fs_available_in_bytes fs_free_in_bytes fs_total_in_bytes \
            jvm_mem_heap_max_in_bytes jvm_mem_heap_used_in_bytes process_cpu_percent",
        counts: "",
        texts: "",
        sources: "adm, gds, nais, do",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "opensearch_clusterstats_nodes",
        kind: Kind::Untyped,
        levels: "count_data jvm_threads",
        counts: "",
        texts: "",
        sources: "tel",
        confidence: Confidence::Plugin,
    },
    Row {
        measurement: "opensearch_fs",
        kind: Kind::Untyped,
        levels: "total_available_in_bytes total_total_in_bytes",
        counts: "io_stats_devices_0_operations io_stats_devices_0_read_kilobytes \
            io_stats_devices_0_read_operations io_stats_devices_0_write_kilobytes \
            io_stats_devices_0_write_operations io_stats_total_operations \
            io_stats_total_read_kilobytes io_stats_total_read_operations \
            io_stats_total_write_kilobytes io_stats_total_write_operations",
        texts: "",
        sources: "adm, gds, nais, do",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "opensearch_fs",
        kind: Kind::Untyped,
        levels: "data_0_available_in_bytes data_0_free_in_bytes data_0_total_in_bytes total_free_in_bytes",
        counts: "timestamp",
        texts: "",
        sources: "dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "opensearch_http",
        kind: Kind::Untyped,
        levels: "current_open",
        counts: "total_opened",
        texts: "",
        sources: "adm, gds, nais, do",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "opensearch_indices",
        kind: Kind::Untyped,
        levels: "docs_count query_cache_cache_size query_cache_memory_size_in_bytes \
            request_cache_memory_size_in_bytes segments_count segments_memory_in_bytes \
            segments_norms_memory_in_bytes segments_points_memory_in_bytes \
            segments_terms_memory_in_bytes store_size_in_bytes translog_operations \
            translog_size_in_bytes translog_uncommitted_operations",
        counts: "fielddata_evictions flush_total get_total indexing_index_failed \
            indexing_index_time_in_millis indexing_index_total merges_total_time_in_millis \
            query_cache_cache_count query_cache_evictions query_cache_hit_count \
            query_cache_miss_count query_cache_total_count refresh_total request_cache_evictions \
            request_cache_hit_count request_cache_miss_count search_fetch_total \
            search_query_time_in_millis search_query_total",
        texts: "",
        sources: "adm, gds, nais, do",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "opensearch_indices",
        kind: Kind::Untyped,
        levels: "completion_size_in_bytes docs_deleted fielddata_memory_size_in_bytes get_current \
            indexing_delete_current indexing_index_current merges_current merges_current_docs \
            merges_current_size_in_bytes recovery_current_as_source recovery_current_as_target \
            refresh_listeners search_fetch_current search_open_contexts search_query_current \
            search_scroll_current search_suggest_current store_reserved_in_bytes warmer_current",
        counts: "flush_periodic flush_total_time_in_millis get_exists_time_in_millis get_exists_total \
            get_missing_time_in_millis get_missing_total get_time_in_millis \
            indexing_delete_time_in_millis indexing_delete_total indexing_noop_update_total \
            merges_total merges_total_docs merges_total_size_in_bytes refresh_external_total \
            refresh_total_time_in_millis search_fetch_time_in_millis search_scroll_time_in_millis \
            search_scroll_total search_suggest_time_in_millis search_suggest_total warmer_total \
            warmer_total_time_in_millis",
        texts: "",
        sources: "dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "opensearch_jvm",
        kind: Kind::Untyped,
        levels: "mem_heap_max_in_bytes mem_heap_used_in_bytes mem_heap_used_percent threads_count",
        counts: "gc_collectors_old_collection_count gc_collectors_old_collection_time_in_millis \
            gc_collectors_young_collection_count gc_collectors_young_collection_time_in_millis \
            uptime_in_millis",
        texts: "",
        sources: "adm, gds, nais, do",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "opensearch_jvm",
        kind: Kind::Untyped,
        levels: "buffer_pools_direct_count buffer_pools_direct_used_in_bytes buffer_pools_mapped_count \
            buffer_pools_mapped_used_in_bytes classes_current_loaded_count \
            mem_heap_committed_in_bytes mem_non_heap_committed_in_bytes mem_non_heap_used_in_bytes \
            mem_pools_old_max_in_bytes mem_pools_old_peak_max_in_bytes \
            mem_pools_old_peak_used_in_bytes mem_pools_old_used_in_bytes \
            mem_pools_survivor_max_in_bytes mem_pools_survivor_used_in_bytes \
            mem_pools_young_max_in_bytes mem_pools_young_peak_max_in_bytes \
            mem_pools_young_peak_used_in_bytes mem_pools_young_used_in_bytes threads_peak_count",
        counts: "classes_total_loaded_count classes_total_unloaded_count timestamp",
        texts: "",
        sources: "dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "opensearch_os",
        kind: Kind::Untyped,
        levels: "cpu_load_average_15m cpu_load_average_1m cpu_load_average_5m cpu_percent \
            mem_free_in_bytes mem_free_percent mem_total_in_bytes mem_used_in_bytes mem_used_percent \
            swap_free_in_bytes swap_total_in_bytes swap_used_in_bytes",
        counts: "timestamp",
        texts: "",
        sources: "adm, gds, nais, do",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "opensearch_process",
        kind: Kind::Untyped,
        levels: "cpu_percent max_file_descriptors open_file_descriptors",
        counts: "",
        texts: "",
        sources: "adm, gds, nais, do",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "opensearch_process",
        kind: Kind::Untyped,
        levels: "mem_total_virtual_in_bytes",
        counts: "cpu_total_in_millis timestamp",
        texts: "",
        sources: "dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "opensearch_thread_pool",
        kind: Kind::Untyped,
        levels: "analyze_active analyze_largest analyze_queue analyze_threads fetch_shard_started_active \
            fetch_shard_started_largest fetch_shard_started_queue fetch_shard_started_threads \
            fetch_shard_store_active fetch_shard_store_largest fetch_shard_store_queue \
            fetch_shard_store_threads flush_active flush_largest flush_queue flush_threads \
            force_merge_active force_merge_largest force_merge_queue force_merge_threads \
            generic_active generic_largest generic_queue generic_threads get_active get_largest \
            get_queue get_threads listener_active listener_largest listener_queue listener_threads \
            management_active management_largest management_queue management_threads refresh_active \
            refresh_largest refresh_queue refresh_threads repository_azure_active \
            repository_azure_largest repository_azure_queue repository_azure_threads search_active \
            search_largest search_queue search_threads search_throttled_active \
            search_throttled_largest search_throttled_queue search_throttled_threads snapshot_active \
            snapshot_largest snapshot_queue snapshot_threads sql-worker_active sql-worker_largest \
            sql-worker_queue sql-worker_threads system_read_active system_read_largest \
            system_read_queue system_read_threads system_write_active system_write_largest \
            system_write_queue system_write_threads warmer_active warmer_largest warmer_queue \
            warmer_threads write_active write_largest write_queue write_threads",
        counts: "analyze_completed analyze_rejected fetch_shard_store_completed \
            fetch_shard_store_rejected flush_completed flush_rejected force_merge_completed \
            force_merge_rejected generic_completed generic_rejected get_completed get_rejected \
            listener_completed listener_rejected management_completed management_rejected \
            refresh_completed refresh_rejected repository_azure_completed repository_azure_rejected \
            search_completed search_rejected search_throttled_completed search_throttled_rejected \
            snapshot_completed snapshot_rejected sql-worker_completed sql-worker_rejected \
            system_read_completed system_read_rejected system_write_completed system_write_rejected \
            warmer_completed warmer_rejected write_completed write_rejected",
        texts: "",
        sources: "dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "opensearch_transport",
        kind: Kind::Untyped,
        levels: "",
        counts: "rx_count rx_size_in_bytes tx_count tx_size_in_bytes",
        texts: "",
        sources: "adm, gds, nais, do",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "opensearch_transport",
        kind: Kind::Untyped,
        levels: "server_open",
        counts: "total_outbound_connections",
        texts: "",
        sources: "dev",
        confidence: Confidence::Listed,
    },
];
