//! MySQL.

use super::{Confidence, Kind, Row};

/// Telegraf's input mysql.
pub(crate) const MYSQL: &[Row] = &[
    Row {
        measurement: "mysql",
        kind: Kind::Untyped,
        levels: "global_connection_memory slave_seconds_behind_master threads_cached threads_connected \
            threads_running",
        counts: "com_delete com_insert com_select com_update handler_read_first handler_read_key \
            handler_read_last handler_read_next handler_read_prev handler_read_rnd \
            handler_read_rnd_next innodb_buffer_pool_read_requests innodb_buffer_pool_reads \
            innodb_data_written questions slow_queries threads_created",
        texts: "innodb_buffer_pool_dump_status innodb_buffer_pool_load_status \
            validate_password_dictionary_file_last_parsed",
        sources: "do",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "mysql",
        kind: Kind::Untyped,
        levels: "delayed_insert_threads error_log_buffered_bytes error_log_buffered_events \
            error_log_latest_write innodb_data_pending_fsyncs innodb_data_pending_reads \
            innodb_data_pending_writes innodb_num_open_files innodb_os_log_pending_fsyncs \
            innodb_os_log_pending_writes innodb_page_size innodb_row_lock_current_waits \
            innodb_row_lock_time_avg innodb_row_lock_time_max innodb_undo_tablespaces_active \
            innodb_undo_tablespaces_explicit innodb_undo_tablespaces_implicit \
            innodb_undo_tablespaces_total key_blocks_not_flushed key_blocks_unused key_blocks_used \
            max_used_connections open_tables performance_schema_memory_classes_lost \
            performance_schema_metadata_lock_lost performance_schema_mutex_classes_lost \
            performance_schema_mutex_instances_lost performance_schema_nested_statement_lost \
            performance_schema_prepared_statements_lost performance_schema_program_lost \
            performance_schema_rwlock_classes_lost performance_schema_rwlock_instances_lost \
            performance_schema_session_connect_attrs_lost performance_schema_socket_classes_lost \
            performance_schema_socket_instances_lost performance_schema_stage_classes_lost \
            performance_schema_statement_classes_lost performance_schema_table_handles_lost \
            performance_schema_table_instances_lost performance_schema_table_lock_stat_lost \
            performance_schema_thread_classes_lost performance_schema_thread_instances_lost \
            secondary_engine_execution_count slave_open_temp_tables tc_log_max_pages_used \
            tc_log_page_size tc_log_page_waits",
        counts: "aborted_clients aborted_connects bytes_received bytes_sent com_alter_tablespace \
            com_alter_user com_alter_user_default_role com_analyze com_begin com_binlog \
            com_call_procedure com_change_db com_change_master com_change_repl_filter \
            com_change_replication_source com_check com_checksum com_clone com_commit com_create_db \
            com_create_event com_create_function com_create_index com_create_procedure \
            com_create_resource_group com_create_role com_create_server \
            com_create_spatial_reference_system com_create_table com_create_trigger com_create_udf \
            com_create_user com_create_view com_dealloc_sql com_delete_multi com_do com_drop_db \
            com_drop_event com_drop_function com_drop_index com_drop_procedure \
            com_drop_resource_group com_drop_role com_drop_server com_drop_spatial_reference_system \
            com_drop_table com_drop_trigger com_drop_user com_drop_view com_empty_query \
            com_execute_sql com_explain_other com_flush com_get_diagnostics com_grant \
            com_grant_roles com_group_replication_start com_group_replication_stop com_ha_close \
            com_ha_open com_ha_read com_help com_import com_insert_select com_install_component \
            com_install_plugin com_kill com_load com_lock_instance com_lock_tables com_optimize \
            com_preload_keys com_prepare_sql com_purge com_purge_before_date com_release_savepoint \
            com_rename_table com_rename_user com_repair com_replace com_replace_select \
            com_replica_start com_replica_stop com_reset com_resignal com_restart com_revoke \
            com_revoke_all com_revoke_roles com_rollback com_rollback_to_savepoint com_savepoint \
            com_set_option com_set_password com_set_resource_group com_set_role \
            com_show_binlog_events com_show_binlogs com_show_charsets com_show_collations \
            com_show_create_db com_show_create_event com_show_create_func com_show_create_proc \
            com_show_create_table com_show_create_trigger com_show_create_user com_show_databases \
            com_show_engine_logs com_show_engine_mutex com_show_engine_status com_show_errors \
            com_show_events com_show_fields com_show_function_code com_show_function_status \
            com_show_grants com_show_keys com_show_master_status com_show_open_tables \
            com_show_plugins com_show_privileges com_show_procedure_code com_show_procedure_status \
            com_show_processlist com_show_profile com_show_profiles com_show_relaylog_events \
            com_show_replica_status com_show_replicas com_show_slave_hosts com_show_slave_status \
            com_show_status com_show_storage_engines com_show_table_status com_show_tables \
            com_show_triggers com_show_variables com_show_warnings com_shutdown com_signal \
            com_slave_start com_slave_stop com_stmt_close com_stmt_execute com_stmt_fetch \
            com_stmt_prepare com_stmt_reprepare com_stmt_reset com_stmt_send_long_data com_truncate \
            com_uninstall_component com_uninstall_plugin com_unlock_instance com_unlock_tables \
            com_update_multi com_xa_commit com_xa_end com_xa_prepare com_xa_recover com_xa_rollback \
            com_xa_start connection_errors_accept connection_errors_internal \
            connection_errors_max_connections connection_errors_peer_address \
            connection_errors_select connection_errors_tcpwrap connections created_tmp_disk_tables \
            created_tmp_files created_tmp_tables delayed_errors delayed_writes \
            error_log_expired_events flush_commands handler_commit handler_delete handler_discover \
            handler_external_lock handler_mrr_init handler_prepare \
            innodb_buffer_pool_read_ahead_evicted innodb_buffer_pool_wait_free \
            innodb_buffer_pool_write_requests innodb_data_fsyncs innodb_data_read innodb_data_reads \
            innodb_data_writes innodb_dblwr_pages_written innodb_dblwr_writes innodb_log_waits \
            innodb_log_write_requests innodb_log_writes innodb_os_log_fsyncs innodb_os_log_written \
            innodb_pages_created innodb_pages_read innodb_pages_written innodb_row_lock_time \
            innodb_row_lock_waits innodb_rows_deleted innodb_rows_inserted innodb_rows_read \
            innodb_rows_updated innodb_sampled_pages_read innodb_sampled_pages_skipped \
            innodb_system_rows_deleted innodb_system_rows_inserted innodb_system_rows_read \
            innodb_system_rows_updated innodb_truncated_status_writes key_read_requests key_reads \
            key_write_requests key_writes locked_connects max_execution_time_exceeded \
            max_execution_time_set max_execution_time_set_failed select_full_join \
            select_full_range_join select_range select_range_check select_scan slow_launch_threads \
            sort_merge_passes sort_range sort_rows sort_scan ssl_accept_renegotiates ssl_accepts \
            ssl_callback_cache_hits ssl_client_connects ssl_connect_renegotiates \
            table_locks_immediate table_locks_waited table_open_cache_hits table_open_cache_misses \
            table_open_cache_overflows uptime uptime_since_flush_status",
        texts: "current_tls_ca current_tls_cert current_tls_key current_tls_version \
            innodb_redo_log_enabled",
        sources: "dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "mysql",
        kind: Kind::Untyped,
        levels: "innodb_buffer_pool_bytes_data innodb_buffer_pool_pages_data \
            innodb_buffer_pool_pages_dirty innodb_buffer_pool_pages_free \
            innodb_buffer_pool_pages_total open_files prepared_stmt_count",
        counts: "handler_rollback handler_update handler_write innodb_buffer_pool_read_ahead opened_files \
            opened_tables queries",
        texts: "",
        sources: "tel",
        confidence: Confidence::Plugin,
    },
    Row {
        measurement: "mysql_innodb",
        kind: Kind::Untyped,
        levels: "buffer_pool_bytes_data buffer_pool_bytes_dirty buffer_pool_pages_data \
            buffer_pool_pages_dirty buffer_pool_pages_free buffer_pool_pages_misc \
            buffer_pool_pages_total buffer_pool_size file_num_open_files ibuf_size innodb_page_size \
            lock_row_lock_current_waits lock_row_lock_time_avg lock_row_lock_time_max \
            lock_threads_waiting os_log_pending_fsyncs os_log_pending_writes trx_rseg_history_len",
        counts: "adaptive_hash_searches adaptive_hash_searches_btree buffer_data_reads \
            buffer_data_written buffer_pages_created buffer_pages_read buffer_pages_written \
            buffer_pool_read_ahead buffer_pool_read_ahead_evicted buffer_pool_read_requests \
            buffer_pool_reads buffer_pool_wait_free buffer_pool_write_requests dml_deletes \
            dml_inserts dml_system_deletes dml_system_inserts dml_system_reads dml_system_updates \
            dml_updates ibuf_merges ibuf_merges_delete ibuf_merges_delete_mark \
            ibuf_merges_discard_delete ibuf_merges_discard_delete_mark ibuf_merges_discard_insert \
            ibuf_merges_insert innodb_activity_count innodb_dblwr_pages_written innodb_dblwr_writes \
            innodb_rwlock_s_os_waits innodb_rwlock_s_spin_rounds innodb_rwlock_s_spin_waits \
            innodb_rwlock_sx_os_waits innodb_rwlock_sx_spin_rounds innodb_rwlock_sx_spin_waits \
            innodb_rwlock_x_os_waits innodb_rwlock_x_spin_rounds innodb_rwlock_x_spin_waits \
            lock_deadlock_false_positives lock_deadlock_rounds lock_deadlocks \
            lock_rec_grant_attempts lock_rec_release_attempts lock_row_lock_time lock_row_lock_waits \
            lock_schedule_refreshes lock_timeouts log_waits log_write_requests log_writes \
            os_data_fsyncs os_data_reads os_data_writes os_log_bytes_written os_log_fsyncs",
        texts: "",
        sources: "dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "mysql_process_list",
        kind: Kind::Untyped,
        levels: "threads_after_create threads_altering_table threads_analyzing \
            threads_checking_permissions threads_checking_table threads_cleaning_up \
            threads_closing_tables threads_converting_heap_to_myisam threads_copying_to_tmp_table \
            threads_creating_sort_index threads_creating_table threads_creating_tmp_table \
            threads_deleting threads_end threads_executing threads_execution_of_init_command \
            threads_flushing_tables threads_freeing_items threads_fulltext_initialization \
            threads_idle threads_init threads_killed threads_logging_slow_query threads_login \
            threads_manage_keys threads_opening_tables threads_optimizing threads_other \
            threads_preparing threads_reading_from_net threads_removing_duplicates \
            threads_removing_tmp_table threads_reopen_tables threads_repair_by_sorting \
            threads_repair_done threads_repair_with_keycache threads_replication_master \
            threads_rolling_back threads_searching_rows_for_update threads_sending_data \
            threads_sorting_for_group threads_sorting_for_order threads_sorting_index \
            threads_sorting_result threads_statistics threads_updating threads_waiting_for_lock \
            threads_waiting_for_table_flush threads_waiting_for_tables threads_waiting_on_cond \
            threads_writing_to_net",
        counts: "",
        texts: "",
        sources: "dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "mysql_users",
        kind: Kind::Untyped,
        levels: "connections",
        counts: "",
        texts: "",
        sources: "dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "mysql_variables",
        kind: Kind::Untyped,
        levels: "max_connections",
        counts: "",
        texts: "version",
        sources: "tel",
        confidence: Confidence::Plugin,
    },
];
