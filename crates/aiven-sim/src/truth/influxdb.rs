//! `InfluxDB`: one node.

use crate::conditions::InfluxDb;
use crate::truth::About;

pub(super) fn tell(about: &mut About<'_, '_>) {
    for node in about.databases() {
        let own = InfluxDb::of(&about.moment, node);
        let lost = about.now(own.dropped) + about.now(own.failed);
        about.service("influxdb_points_dropped", lost);
        about.service("influxdb_server_errors", about.now(own.server_errors));
        about.service("influxdb_client_errors", about.now(own.client_errors));
        about.service("influxdb_points", about.now(own.points));
        about.node("influxdb_heap", node, about.now(own.heap));
        for database in &own.databases {
            let name = || [("database", database.name.to_owned())];
            about.with("influxdb_series", name(), about.now(database.series));
            about.with("influxdb_disk", name(), about.now(database.disk));
        }
    }
}
