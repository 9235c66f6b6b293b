//! The tables: what Telegraf's inputs report, by measurement.

/// A measurement: words separated by white space.
pub(super) struct Measurement {
    pub(super) name: &'static str,
    pub(super) gauges: &'static str,
    pub(super) counters: &'static str,
    /// Label sets that each field has; `-` is the empty one.
    pub(super) labels: &'static str,
}

/// Telegraf's inputs on every node.
pub(super) const HOST: &[Measurement] = &[
    Measurement {
        name: "cpu",
        gauges: "usage_guest usage_guest_nice usage_idle usage_iowait usage_irq usage_nice \
                 usage_softirq usage_steal usage_system usage_user",
        counters: "",
        labels: r#"cpu="cpu-total" cpu="cpu0" cpu="cpu1""#,
    },
    Measurement {
        name: "disk",
        gauges: "free inodes_free inodes_total inodes_used total used used_percent",
        counters: "",
        labels: r#"device="md0",fstype="ext4",mode="rw",path="/"
        device="md1",fstype="ext4",mode="rw",path="/srv""#,
    },
    Measurement {
        name: "diskio",
        gauges: "io_time iops_in_progress weighted_io_time",
        counters: "merged_reads merged_writes read_bytes read_time reads write_bytes write_time writes",
        labels: r#"name="md0" name="nvme0n1""#,
    },
    Measurement {
        name: "kernel",
        gauges: "entropy_avail",
        counters: "boot_time context_switches interrupts processes_forked",
        labels: "-",
    },
    Measurement {
        name: "mem",
        gauges: "active available available_percent buffered cached commit_limit committed_as dirty \
                 free huge_pages_free inactive mapped page_tables shared slab sreclaimable sunreclaim \
                 swap_cached swap_free swap_total total used used_percent vmalloc_total write_back",
        counters: "",
        labels: "-",
    },
    Measurement {
        name: "net",
        gauges: "speed",
        counters: "bytes_recv bytes_sent drop_in drop_out err_in err_out packets_recv packets_sent",
        labels: r#"interface="eth0" interface="eth1""#,
    },
    Measurement {
        name: "net",
        gauges: "",
        counters: "icmp_inmsgs icmp_outmsgs tcp_activeopens tcp_attemptfails tcp_estabresets tcp_insegs \
                   tcp_outsegs tcp_retranssegs udp_indatagrams udp_outdatagrams udplite_indatagrams",
        labels: r#"interface="all""#,
    },
    Measurement {
        name: "netstat",
        gauges: "tcp_close tcp_close_wait tcp_established tcp_fin_wait1 tcp_listen tcp_syn_recv \
                 tcp_time_wait udp_socket",
        counters: "",
        labels: "-",
    },
    Measurement {
        name: "processes",
        gauges: "blocked dead idle running sleeping stopped total total_threads zombies",
        counters: "",
        labels: "-",
    },
    Measurement {
        name: "swap",
        gauges: "free total used used_percent",
        counters: "in out",
        labels: "-",
    },
    Measurement {
        name: "system",
        gauges: "load1 load15 load5 n_cpus n_users",
        counters: "uptime",
        labels: "-",
    },
];

/// OpenSearch; Telegraf's plugin kept Elasticsearch's name.
pub(super) const SEARCH: &[Measurement] = &[
    Measurement {
        name: "elasticsearch_breakers",
        gauges: "estimated_size_in_bytes limit_size_in_bytes overhead",
        counters: "tripped",
        labels: r#"breaker="fielddata" breaker="in_flight_requests" breaker="parent" breaker="request""#,
    },
    Measurement {
        name: "elasticsearch_cluster_health",
        gauges: "active_primary_shards active_shards active_shards_percent_as_number \
                 delayed_unassigned_shards initializing_shards number_of_data_nodes number_of_nodes \
                 number_of_pending_tasks relocating_shards status_code unassigned_shards",
        counters: "",
        labels: "-",
    },
    Measurement {
        name: "elasticsearch_clusterstats_indices",
        gauges: "count docs_count docs_deleted segments_count segments_memory_in_bytes shards_total \
                 store_size_in_bytes",
        counters: "",
        labels: "-",
    },
    Measurement {
        name: "elasticsearch_fs",
        gauges: "total_available_in_bytes total_free_in_bytes total_total_in_bytes",
        counters: "io_stats_total_operations io_stats_total_read_kilobytes \
                   io_stats_total_write_kilobytes",
        labels: "-",
    },
    Measurement {
        name: "elasticsearch_http",
        gauges: "current_open",
        counters: "total_opened",
        labels: "-",
    },
    Measurement {
        name: "elasticsearch_indices",
        gauges: "docs_count docs_deleted fielddata_memory_size_in_bytes \
                 query_cache_memory_size_in_bytes segments_count segments_memory_in_bytes \
                 store_size_in_bytes",
        counters: "get_total indexing_delete_total indexing_index_total indexing_index_time_in_millis \
                   merges_total refresh_total search_fetch_total search_query_total \
                   search_query_time_in_millis flush_total",
        labels: r#"index="_all" index=".kibana" index="logs-a" index="logs-b" index="logs-c"
        index="logs-d" index="metrics-a" index="metrics-b" index="traces-a" index="traces-b""#,
    },
    Measurement {
        name: "elasticsearch_jvm",
        gauges: "mem_heap_committed_in_bytes mem_heap_max_in_bytes mem_heap_used_in_bytes \
                 mem_heap_used_percent mem_non_heap_used_in_bytes threads_count",
        counters: "gc_collectors_old_collection_count gc_collectors_young_collection_count \
                   gc_collectors_young_collection_time_in_millis uptime_in_millis",
        labels: "-",
    },
    Measurement {
        name: "elasticsearch_os",
        gauges: "cpu_load_average_1m cpu_percent mem_free_in_bytes mem_used_percent",
        counters: "",
        labels: "-",
    },
    Measurement {
        name: "elasticsearch_process",
        gauges: "cpu_percent max_file_descriptors open_file_descriptors",
        counters: "cpu_total_in_millis",
        labels: "-",
    },
    Measurement {
        name: "elasticsearch_thread_pool",
        gauges: "active largest queue threads",
        counters: "completed rejected",
        labels: r#"pool="analyze" pool="fetch_shard_started" pool="flush" pool="force_merge"
        pool="generic" pool="get" pool="listener" pool="management" pool="refresh"
        pool="search" pool="snapshot" pool="warmer" pool="write""#,
    },
    Measurement {
        name: "elasticsearch_transport",
        gauges: "server_open",
        counters: "rx_count rx_size_in_bytes tx_count tx_size_in_bytes",
        labels: "-",
    },
];

/// Kafka by Jolokia.
pub(super) const KAFKA: &[Measurement] = &[
    Measurement {
        name: "kafka_controller_KafkaController",
        gauges: "ActiveControllerCount_Value OfflinePartitionsCount_Value \
                 PreferredReplicaImbalanceCount_Value",
        counters: "",
        labels: "-",
    },
    Measurement {
        name: "kafka_server_ReplicaManager",
        gauges: "LeaderCount_Value PartitionCount_Value UnderReplicatedPartitions_Value",
        counters: "IsrExpandsPerSec_Count IsrShrinksPerSec_Count",
        labels: "-",
    },
    Measurement {
        name: "kafka_server_BrokerTopicMetrics",
        gauges: "BytesInPerSec_OneMinuteRate",
        counters: "BytesInPerSec_Count BytesOutPerSec_Count FailedFetchRequestsPerSec_Count \
                   FailedProduceRequestsPerSec_Count MessagesInPerSec_Count \
                   TotalFetchRequestsPerSec_Count TotalProduceRequestsPerSec_Count",
        labels: r#"- topic="orders" topic="payments" topic="audit""#,
    },
    Measurement {
        name: "kafka_log_Log",
        gauges: "LogEndOffset_Value LogStartOffset_Value NumLogSegments_Value Size_Value",
        counters: "",
        labels: r#"partition="0",topic="orders" partition="1",topic="orders"
        partition="0",topic="payments" partition="0",topic="audit""#,
    },
    Measurement {
        name: "kafka_network_RequestMetrics",
        gauges: "TotalTimeMs_99thPercentile TotalTimeMs_Mean",
        counters: "RequestsPerSec_Count",
        labels: r#"request="Fetch" request="Metadata" request="Produce""#,
    },
    Measurement {
        name: "java_lang_Memory",
        gauges: "HeapMemoryUsage_committed HeapMemoryUsage_max HeapMemoryUsage_used \
                 NonHeapMemoryUsage_used",
        counters: "",
        labels: "-",
    },
    Measurement {
        name: "java_lang_GarbageCollector",
        gauges: "",
        counters: "G1_Old_Generation_CollectionCount G1_Young_Generation_CollectionCount \
                   G1_Young_Generation_CollectionTime",
        labels: "-",
    },
];

/// PostgreSQL.
pub(super) const POSTGRES: &[Measurement] = &[
    Measurement {
        name: "postgresql",
        gauges: "numbackends database_size",
        counters: "blk_read_time blks_hit blks_read buffers_alloc buffers_checkpoint checkpoints_req \
                   checkpoints_timed conflicts deadlocks temp_bytes tup_deleted tup_fetched \
                   tup_inserted tup_returned tup_updated xact_commit xact_rollback",
        labels: r#"datname="defaultdb" datname="postgres""#,
    },
    Measurement {
        name: "postgresql_pg_stat_replication",
        gauges: "bytes_diff",
        counters: "",
        labels: r#"application_name="standby-1""#,
    },
    Measurement {
        name: "postgresql_pg_stat_user_tables",
        gauges: "n_dead_tup n_live_tup",
        counters: "idx_scan n_tup_del n_tup_ins n_tup_upd seq_scan vacuum_count",
        labels: r#"relname="accounts" relname="events" relname="orders""#,
    },
];

/// MySQL.
pub(super) const MYSQL: &[Measurement] = &[Measurement {
    name: "mysql",
    gauges: "innodb_buffer_pool_pages_free innodb_buffer_pool_pages_total open_files open_tables \
                 threads_cached threads_connected threads_running",
    counters: "aborted_clients aborted_connects bytes_received bytes_sent com_commit com_delete \
                   com_insert com_select com_update connections created_tmp_disk_tables \
                   innodb_data_reads innodb_data_writes innodb_row_lock_waits innodb_rows_read queries \
                   questions select_full_join select_scan slow_queries table_locks_waited uptime",
    labels: r#"server="localhost""#,
}];

/// Redis, Valkey, Dragonfly: one protocol, one plugin.
pub(super) const REDIS: &[Measurement] = &[
    Measurement {
        name: "redis",
        gauges: "blocked_clients clients connected_slaves instantaneous_ops_per_sec keyspace_hitrate \
                 maxmemory mem_fragmentation_ratio rdb_changes_since_last_save used_memory \
                 used_memory_rss",
        counters: "evicted_keys expired_keys keyspace_hits keyspace_misses rejected_connections \
                   total_commands_processed total_connections_received total_net_input_bytes \
                   total_net_output_bytes uptime",
        labels: r#"replication_role="master""#,
    },
    Measurement {
        name: "redis_keyspace",
        gauges: "avg_ttl expires keys",
        counters: "",
        labels: r#"database="db0""#,
    },
];

/// InfluxDB 1.
pub(super) const INFLUXDB: &[Measurement] = &[
    Measurement {
        name: "influxdb",
        gauges: "n_shards",
        counters: "",
        labels: "-",
    },
    Measurement {
        name: "influxdb_database",
        gauges: "numMeasurements numSeries",
        counters: "",
        labels: r#"database="defaultdb""#,
    },
    Measurement {
        name: "influxdb_httpd",
        gauges: "queryReqActive",
        counters: "pointsWrittenOK queryReq req serverError writeReq writeReqBytes",
        labels: "-",
    },
    Measurement {
        name: "influxdb_write",
        gauges: "",
        counters: "pointReq req writeDrop writeError writeOk writeTimeout",
        labels: "-",
    },
];

/// ClickHouse and its ZooKeeper.
pub(super) const CLICKHOUSE: &[Measurement] = &[
    Measurement {
        name: "clickhouse_asynchronous_metrics",
        gauges: "jemalloc_allocated max_part_count_for_partition uptime",
        counters: "",
        labels: "-",
    },
    Measurement {
        name: "clickhouse_events",
        gauges: "",
        counters: "insert_query inserted_bytes inserted_rows merge query select_query",
        labels: "-",
    },
    Measurement {
        name: "clickhouse_metrics",
        gauges: "http_connection memory_tracking merge query readonly_replica tcp_connection",
        counters: "",
        labels: "-",
    },
    Measurement {
        name: "zookeeper",
        gauges: "approximate_data_size avg_latency outstanding_requests znode_count",
        counters: "packets_received packets_sent",
        labels: "-",
    },
];
