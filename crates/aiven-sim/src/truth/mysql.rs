//! MySQL.

use crate::conditions::MySql;
use crate::truth::About;

pub(super) fn tell(about: &mut About<'_, '_>) {
    let moment = about.moment;
    let nodes = about.databases();
    let mut deadlocks = 0.0;
    for node in &nodes {
        let own = MySql::of(&moment, node);
        deadlocks += about.increase(own.deadlocks);
        let connections = about.now(own.connections);
        about.node("mysql_connections", node, connections);
        about.node(
            "mysql_connections_used",
            node,
            100.0 * connections / own.max_connections,
        );
        about.node("mysql_connections_most", node, own.most_connections);
        let reads = about.now(own.page_reads) / about.now(own.page_requests);
        let on_disk = about.now(own.temporary_on_disk) / about.now(own.temporary_tables);
        for (id, value) in [
            ("mysql_threads_running", about.now(own.running)),
            ("mysql_slow_queries", about.now(own.slow)),
            ("mysql_row_lock_waits", about.now(own.lock_waits)),
            ("mysql_refused", about.now(own.refused)),
            ("mysql_aborted_connects", about.now(own.aborted)),
            ("mysql_questions", about.now(own.questions)),
            ("mysql_buffer_pool_misses", 100.0 * reads),
            ("mysql_tmp_disk_tables", 100.0 * on_disk),
            (
                "mysql_buffer_pool_filled",
                100.0 * about.now(own.filled) / own.pages,
            ),
        ] {
            about.node(id, node, value);
        }
        if let Some(delay) = own.delay {
            about.node("mysql_replication_delay", node, about.now(delay));
        }
        for (statement, share) in own.statements {
            let host = moment.life.host(node.number);
            let labels = [("host", host), ("statement", statement.to_owned())];
            about.with("mysql_statements", labels, about.now(own.questions) * share);
        }
    }
    if !nodes.is_empty() {
        about.service("mysql_deadlocks", deadlocks);
    }
}
