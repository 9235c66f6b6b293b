//! ClickHouse and its ZooKeeper.

use super::{Confidence, Kind, Row};

/// All that the documentation of Aiven for ClickHouse lists.
pub(crate) const CLICKHOUSE: &[Row] = &[
    Row {
        measurement: "clickhouse_asynchronous_metrics",
        kind: Kind::Untyped,
        levels: "number_of_databases number_of_tables total_parts_of_merge_tree_tables \
            total_rows_of_merge_tree_tables",
        counts: "",
        texts: "",
        sources: "doc",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "clickhouse_events",
        kind: Kind::Untyped,
        levels: "",
        counts: "inserted_bytes inserted_rows merge merged_rows merged_uncompressed_bytes query \
            read_compressed_bytes select_query",
        texts: "",
        sources: "doc",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "clickhouse_metrics",
        kind: Kind::Untyped,
        levels: "delayed_inserts ephemeral_node http_connection interserver_connection merge query \
            query_preempted readonly_replica replicated_checks replicated_fetch \
            rw_lock_active_readers rw_lock_active_writers rw_lock_waiting_readers \
            rw_lock_waiting_writers tcp_connection zoo_keeper_request zoo_keeper_session \
            zoo_keeper_watch",
        counts: "",
        texts: "",
        sources: "doc",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "clickhouse_replication_queue",
        kind: Kind::Untyped,
        levels: "num_attach_part num_get_part num_merge_parts num_merge_parts_ttl_delete \
            num_merge_parts_ttl_recompress num_mutate_part num_total num_tries_replicas \
            too_many_tries_replicas",
        counts: "",
        texts: "",
        sources: "doc",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "zookeeper",
        kind: Kind::Untyped,
        levels: "add_dead_watcher_stall_time approximate_data_size ephemerals_count global_sessions \
            last_client_response_size last_proposal_size learners local_sessions max_1_ack_latency \
            max_action_create_service_user_done_write_per_namespace \
            max_action_grant_federated_queries_access_done_write_per_namespace \
            max_action_grant_federated_queries_access_v2_done_write_per_namespace \
            max_action_restore_from_astacus_done_write_per_namespace \
            max_action_update_service_users_privileges_done_write_per_namespace \
            max_action_update_service_users_privileges_v2_done_write_per_namespace \
            max_clickhouse_read_per_namespace max_clickhouse_write_per_namespace \
            max_client_response_size max_close_session_prep_time max_commit_commit_proc_req_queued \
            max_commit_process_time max_commit_propagation_latency \
            max_concurrent_request_processing_in_commit_processor max_connection_token_deficit \
            max_dbinittime max_dead_watchers_cleaner_latency max_election_leader_read_per_namespace \
            max_election_leader_write_per_namespace max_election_time max_file_descriptor_count \
            max_follower_sync_time max_fsynctime max_health_write_per_namespace \
            max_inflight_diff_count max_inflight_snap_count max_jvm_pause_time_ms max_latency \
            max_local_write_committed_time_ms max_netty_queued_buffer_capacity \
            max_node_changed_watch_count max_node_children_watch_count max_node_created_watch_count \
            max_node_deleted_watch_count max_node_slots_read_per_namespace \
            max_node_slots_write_per_namespace max_nodes_read_per_namespace \
            max_nodes_write_per_namespace max_om_commit_process_time_ms \
            max_om_proposal_process_time_ms max_pending_session_queue_size max_prep_process_time \
            max_prep_processor_queue_size max_prep_processor_queue_time_ms max_propagation_latency \
            max_proposal_ack_creation_latency max_proposal_latency max_proposal_size \
            max_quorum_ack_latency max_read_commit_proc_issued max_read_commit_proc_req_queued \
            max_read_commitproc_time_ms max_read_final_proc_time_ms max_readlatency \
            max_reads_after_write_in_session_queue max_reads_issued_from_session_queue \
            max_requests_in_session_queue max_server_write_committed_time_ms \
            max_session_queues_drained max_snapshottime max_startup_snap_load_time \
            max_startup_txns_load_time max_startup_txns_loaded max_sync_process_time \
            max_sync_processor_batch_size max_sync_processor_queue_and_flush_time_ms \
            max_sync_processor_queue_flush_time_ms max_sync_processor_queue_size \
            max_sync_processor_queue_time_ms max_time_waiting_empty_pool_in_commit_processor_read_ms \
            max_updatelatency max_write_batch_time_in_commit_processor max_write_commit_proc_issued \
            max_write_commit_proc_req_queued max_write_commitproc_time_ms \
            max_write_final_proc_time_ms max_zk_cluster_management_write_per_namespace \
            max_zookeeper_read_per_namespace max_zookeeper_write_per_namespace min_1_ack_latency \
            min_action_create_service_user_done_write_per_namespace \
            min_action_grant_federated_queries_access_done_write_per_namespace \
            min_action_grant_federated_queries_access_v2_done_write_per_namespace \
            min_action_restore_from_astacus_done_write_per_namespace \
            min_action_update_service_users_privileges_done_write_per_namespace \
            min_action_update_service_users_privileges_v2_done_write_per_namespace \
            min_clickhouse_read_per_namespace min_clickhouse_write_per_namespace \
            min_client_response_size min_close_session_prep_time min_commit_commit_proc_req_queued \
            min_commit_process_time min_commit_propagation_latency \
            min_concurrent_request_processing_in_commit_processor min_connection_token_deficit \
            min_dbinittime min_dead_watchers_cleaner_latency min_election_leader_read_per_namespace \
            min_election_leader_write_per_namespace min_election_time min_follower_sync_time \
            min_fsynctime min_health_write_per_namespace min_inflight_diff_count \
            min_inflight_snap_count min_jvm_pause_time_ms min_latency \
            min_local_write_committed_time_ms min_netty_queued_buffer_capacity \
            min_node_changed_watch_count min_node_children_watch_count min_node_created_watch_count \
            min_node_deleted_watch_count min_node_slots_read_per_namespace \
            min_node_slots_write_per_namespace min_nodes_read_per_namespace \
            min_nodes_write_per_namespace min_om_commit_process_time_ms \
            min_om_proposal_process_time_ms min_pending_session_queue_size min_prep_process_time \
            min_prep_processor_queue_size min_prep_processor_queue_time_ms min_propagation_latency \
            min_proposal_ack_creation_latency min_proposal_latency min_proposal_size \
            min_quorum_ack_latency min_read_commit_proc_issued min_read_commit_proc_req_queued \
            min_read_commitproc_time_ms min_read_final_proc_time_ms min_readlatency \
            min_reads_after_write_in_session_queue min_reads_issued_from_session_queue \
            min_requests_in_session_queue min_server_write_committed_time_ms \
            min_session_queues_drained min_snapshottime min_startup_snap_load_time \
            min_startup_txns_load_time min_startup_txns_loaded min_sync_process_time \
            min_sync_processor_batch_size min_sync_processor_queue_and_flush_time_ms \
            min_sync_processor_queue_flush_time_ms min_sync_processor_queue_size \
            min_sync_processor_queue_time_ms min_time_waiting_empty_pool_in_commit_processor_read_ms \
            min_updatelatency min_write_batch_time_in_commit_processor min_write_commit_proc_issued \
            min_write_commit_proc_req_queued min_write_commitproc_time_ms \
            min_write_final_proc_time_ms min_zk_cluster_management_write_per_namespace \
            min_zookeeper_read_per_namespace min_zookeeper_write_per_namespace num_alive_connections \
            open_file_descriptor_count outstanding_requests outstanding_tls_handshake \
            p50_1_ack_latency p50_close_session_prep_time p50_commit_propagation_latency \
            p50_dead_watchers_cleaner_latency p50_jvm_pause_time_ms \
            p50_local_write_committed_time_ms p50_om_commit_process_time_ms \
            p50_om_proposal_process_time_ms p50_prep_processor_queue_time_ms p50_propagation_latency \
            p50_proposal_ack_creation_latency p50_proposal_latency p50_quorum_ack_latency \
            p50_read_commitproc_time_ms p50_read_final_proc_time_ms p50_readlatency \
            p50_server_write_committed_time_ms p50_sync_processor_queue_and_flush_time_ms \
            p50_sync_processor_queue_flush_time_ms p50_sync_processor_queue_time_ms \
            p50_updatelatency p50_write_commitproc_time_ms p50_write_final_proc_time_ms \
            p95_1_ack_latency p95_close_session_prep_time p95_commit_propagation_latency \
            p95_dead_watchers_cleaner_latency p95_jvm_pause_time_ms \
            p95_local_write_committed_time_ms p95_om_commit_process_time_ms \
            p95_om_proposal_process_time_ms p95_prep_processor_queue_time_ms p95_propagation_latency \
            p95_proposal_ack_creation_latency p95_proposal_latency p95_quorum_ack_latency \
            p95_read_commitproc_time_ms p95_read_final_proc_time_ms p95_readlatency \
            p95_server_write_committed_time_ms p95_sync_processor_queue_and_flush_time_ms \
            p95_sync_processor_queue_flush_time_ms p95_sync_processor_queue_time_ms \
            p95_updatelatency p95_write_commitproc_time_ms p95_write_final_proc_time_ms \
            p999_1_ack_latency p999_close_session_prep_time p999_commit_propagation_latency \
            p999_dead_watchers_cleaner_latency p999_jvm_pause_time_ms \
            p999_local_write_committed_time_ms p999_om_commit_process_time_ms \
            p999_om_proposal_process_time_ms p999_prep_processor_queue_time_ms \
            p999_propagation_latency p999_proposal_ack_creation_latency p999_proposal_latency \
            p999_quorum_ack_latency p999_read_commitproc_time_ms p999_read_final_proc_time_ms \
            p999_readlatency p999_server_write_committed_time_ms \
            p999_sync_processor_queue_and_flush_time_ms p999_sync_processor_queue_flush_time_ms \
            p999_sync_processor_queue_time_ms p999_updatelatency p999_write_commitproc_time_ms \
            p999_write_final_proc_time_ms p99_1_ack_latency p99_close_session_prep_time \
            p99_commit_propagation_latency p99_dead_watchers_cleaner_latency p99_jvm_pause_time_ms \
            p99_local_write_committed_time_ms p99_om_commit_process_time_ms \
            p99_om_proposal_process_time_ms p99_prep_processor_queue_time_ms p99_propagation_latency \
            p99_proposal_ack_creation_latency p99_proposal_latency p99_quorum_ack_latency \
            p99_read_commitproc_time_ms p99_read_final_proc_time_ms p99_readlatency \
            p99_server_write_committed_time_ms p99_sync_processor_queue_and_flush_time_ms \
            p99_sync_processor_queue_flush_time_ms p99_sync_processor_queue_time_ms \
            p99_updatelatency p99_write_commitproc_time_ms p99_write_final_proc_time_ms \
            pending_syncs quit_leading_due_to_disloyal_voter quorum_size synced_followers \
            synced_non_voting_followers synced_observers watch_count znode_count",
        counts: "auth_failed_count bytes_received_count cnt_1_ack_latency \
            cnt_action_create_service_user_done_write_per_namespace \
            cnt_action_grant_federated_queries_access_done_write_per_namespace \
            cnt_action_grant_federated_queries_access_v2_done_write_per_namespace \
            cnt_action_restore_from_astacus_done_write_per_namespace \
            cnt_action_update_service_users_privileges_done_write_per_namespace \
            cnt_action_update_service_users_privileges_v2_done_write_per_namespace \
            cnt_clickhouse_read_per_namespace cnt_clickhouse_write_per_namespace \
            cnt_close_session_prep_time cnt_commit_commit_proc_req_queued cnt_commit_process_time \
            cnt_commit_propagation_latency cnt_concurrent_request_processing_in_commit_processor \
            cnt_connection_token_deficit cnt_dbinittime cnt_dead_watchers_cleaner_latency \
            cnt_election_leader_read_per_namespace cnt_election_leader_write_per_namespace \
            cnt_election_time cnt_follower_sync_time cnt_fsynctime cnt_health_write_per_namespace \
            cnt_inflight_diff_count cnt_inflight_snap_count cnt_jvm_pause_time_ms \
            cnt_local_write_committed_time_ms cnt_netty_queued_buffer_capacity \
            cnt_node_changed_watch_count cnt_node_children_watch_count cnt_node_created_watch_count \
            cnt_node_deleted_watch_count cnt_node_slots_read_per_namespace \
            cnt_node_slots_write_per_namespace cnt_nodes_read_per_namespace \
            cnt_nodes_write_per_namespace cnt_om_commit_process_time_ms \
            cnt_om_proposal_process_time_ms cnt_pending_session_queue_size cnt_prep_process_time \
            cnt_prep_processor_queue_size cnt_prep_processor_queue_time_ms cnt_propagation_latency \
            cnt_proposal_ack_creation_latency cnt_proposal_latency cnt_quorum_ack_latency \
            cnt_read_commit_proc_issued cnt_read_commit_proc_req_queued cnt_read_commitproc_time_ms \
            cnt_read_final_proc_time_ms cnt_readlatency cnt_reads_after_write_in_session_queue \
            cnt_reads_issued_from_session_queue cnt_requests_in_session_queue \
            cnt_server_write_committed_time_ms cnt_session_queues_drained cnt_snapshottime \
            cnt_startup_snap_load_time cnt_startup_txns_load_time cnt_startup_txns_loaded \
            cnt_sync_process_time cnt_sync_processor_batch_size \
            cnt_sync_processor_queue_and_flush_time_ms cnt_sync_processor_queue_flush_time_ms \
            cnt_sync_processor_queue_size cnt_sync_processor_queue_time_ms \
            cnt_time_waiting_empty_pool_in_commit_processor_read_ms cnt_updatelatency \
            cnt_write_batch_time_in_commit_processor cnt_write_commit_proc_issued \
            cnt_write_commit_proc_req_queued cnt_write_commitproc_time_ms \
            cnt_write_final_proc_time_ms cnt_zk_cluster_management_write_per_namespace \
            cnt_zookeeper_read_per_namespace cnt_zookeeper_write_per_namespace commit_count \
            connection_drop_count connection_rejected connection_request_count \
            connection_revalidate_count dead_watchers_cleared dead_watchers_queued diff_count \
            digest_mismatches_count ensemble_auth_fail ensemble_auth_skip ensemble_auth_success \
            large_requests_rejected leader_uptime learner_commit_received_count \
            learner_proposal_received_count looking_count non_mtls_local_conn_count \
            non_mtls_remote_conn_count outstanding_changes_queued outstanding_changes_removed \
            packets_received packets_sent prep_processor_request_queued proposal_count \
            request_commit_queued request_throttle_wait_count response_packet_cache_hits \
            response_packet_cache_misses response_packet_get_children_cache_hits \
            response_packet_get_children_cache_misses revalidate_count \
            sessionless_connections_expired snap_count stale_replies stale_requests \
            stale_requests_dropped stale_sessions_expired sum_1_ack_latency \
            sum_action_create_service_user_done_write_per_namespace \
            sum_action_grant_federated_queries_access_done_write_per_namespace \
            sum_action_grant_federated_queries_access_v2_done_write_per_namespace \
            sum_action_restore_from_astacus_done_write_per_namespace \
            sum_action_update_service_users_privileges_done_write_per_namespace \
            sum_action_update_service_users_privileges_v2_done_write_per_namespace \
            sum_clickhouse_read_per_namespace sum_clickhouse_write_per_namespace \
            sum_close_session_prep_time sum_commit_commit_proc_req_queued sum_commit_process_time \
            sum_commit_propagation_latency sum_concurrent_request_processing_in_commit_processor \
            sum_connection_token_deficit sum_dbinittime sum_dead_watchers_cleaner_latency \
            sum_election_leader_read_per_namespace sum_election_leader_write_per_namespace \
            sum_election_time sum_follower_sync_time sum_fsynctime sum_health_write_per_namespace \
            sum_inflight_diff_count sum_inflight_snap_count sum_jvm_pause_time_ms \
            sum_local_write_committed_time_ms sum_netty_queued_buffer_capacity \
            sum_node_changed_watch_count sum_node_children_watch_count sum_node_created_watch_count \
            sum_node_deleted_watch_count sum_node_slots_read_per_namespace \
            sum_node_slots_write_per_namespace sum_nodes_read_per_namespace \
            sum_nodes_write_per_namespace sum_om_commit_process_time_ms \
            sum_om_proposal_process_time_ms sum_pending_session_queue_size sum_prep_process_time \
            sum_prep_processor_queue_size sum_prep_processor_queue_time_ms sum_propagation_latency \
            sum_proposal_ack_creation_latency sum_proposal_latency sum_quorum_ack_latency \
            sum_read_commit_proc_issued sum_read_commit_proc_req_queued sum_read_commitproc_time_ms \
            sum_read_final_proc_time_ms sum_readlatency sum_reads_after_write_in_session_queue \
            sum_reads_issued_from_session_queue sum_requests_in_session_queue \
            sum_server_write_committed_time_ms sum_session_queues_drained sum_snapshottime \
            sum_startup_snap_load_time sum_startup_txns_load_time sum_startup_txns_loaded \
            sum_sync_process_time sum_sync_processor_batch_size \
            sum_sync_processor_queue_and_flush_time_ms sum_sync_processor_queue_flush_time_ms \
            sum_sync_processor_queue_size sum_sync_processor_queue_time_ms \
            sum_time_waiting_empty_pool_in_commit_processor_read_ms sum_updatelatency \
            sum_write_batch_time_in_commit_processor sum_write_commit_proc_issued \
            sum_write_commit_proc_req_queued sum_write_commitproc_time_ms \
            sum_write_final_proc_time_ms sum_zk_cluster_management_write_per_namespace \
            sum_zookeeper_read_per_namespace sum_zookeeper_write_per_namespace \
            sync_processor_request_queued tls_handshake_exceeded unrecoverable_error_count uptime",
        texts: "",
        sources: "doc",
        confidence: Confidence::Listed,
    },
];
