//! MySQL.

use crate::conditions::{Moment, MySql, NodeLife, Quantity};
use crate::page::Point;

pub(super) fn points(moment: &Moment<'_>, node: &NodeLife) -> Vec<Point> {
    let (life, mysql) = (moment.life, MySql::of(moment, node));
    let delayed = mysql.delay.is_some();
    let mut points = vec![
        status(&mysql, node).rest_where(life, node, |field| {
            delayed || field != "slave_seconds_behind_master"
        }),
        Point::of("mysql_innodb")
            .count("lock_deadlocks", mysql.deadlocks)
            .count("buffer_pool_reads", mysql.page_reads)
            .count("buffer_pool_read_requests", mysql.page_requests)
            .fixed("buffer_pool_pages_total", mysql.pages)
            .level("buffer_pool_pages_data", mysql.filled)
            .level("buffer_pool_pages_free", mysql.filled.left_of(mysql.pages))
            .rest(life, node),
        Point::of("mysql_process_list").rest(life, node),
        Point::of("mysql_variables")
            .text("version", "8.0.35")
            .fixed("max_connections", mysql.max_connections),
        Point::of("mysql_users")
            .tag("user", "avnadmin")
            .level("connections", mysql.connections),
    ];
    for point in &mut points {
        point.tags.push(("server".into(), "127.0.0.1:3306".into()));
    }
    points
}

/// `SHOW GLOBAL STATUS`.
fn status(mysql: &MySql, node: &NodeLife) -> Point {
    let mut point = Point::of("mysql")
        .text(
            "innodb_buffer_pool_dump_status",
            "Dumping of buffer pool not started",
        )
        .text(
            "innodb_buffer_pool_load_status",
            format!("Buffer pool(s) load completed at {:.0}", node.born),
        )
        .text(
            "validate_password_dictionary_file_last_parsed",
            "2026-11-01 03:12:45",
        )
        .text("current_tls_ca", "ca.pem")
        .text("current_tls_cert", "server-cert.pem")
        .text("current_tls_key", "server-key.pem")
        .text("current_tls_version", "TLSv1.2,TLSv1.3")
        .text("innodb_redo_log_enabled", "ON")
        .level("threads_connected", mysql.connections)
        .level("threads_running", mysql.running)
        .fixed("max_used_connections", mysql.most_connections)
        .count("connection_errors_max_connections", mysql.refused)
        .count("aborted_connects", mysql.aborted)
        .count("slow_queries", mysql.slow)
        .count("innodb_row_lock_waits", mysql.lock_waits)
        .count("questions", mysql.questions)
        .count("queries", mysql.questions.times(1.05))
        .count("innodb_buffer_pool_reads", mysql.page_reads)
        .count("innodb_buffer_pool_read_requests", mysql.page_requests)
        .fixed("innodb_buffer_pool_pages_total", mysql.pages)
        .level("innodb_buffer_pool_pages_data", mysql.filled)
        .level(
            "innodb_buffer_pool_pages_free",
            mysql.filled.left_of(mysql.pages),
        )
        .count("created_tmp_tables", mysql.temporary_tables)
        .count("created_tmp_disk_tables", mysql.temporary_on_disk)
        .count("uptime", Quantity::fixed(1.0));
    if let Some(delay) = mysql.delay {
        point = point.level("slave_seconds_behind_master", delay);
    }
    for (statement, share) in mysql.statements {
        let field = match statement {
            "select" => "com_select",
            "insert" => "com_insert",
            "update" => "com_update",
            _ => "com_delete",
        };
        point = point.count(field, mysql.questions.times(share));
    }
    point
}
