//! `InfluxDB`.

use crate::conditions::{InfluxDb, Moment, NodeLife};
use crate::page::Point;

pub(super) fn points(moment: &Moment<'_>, node: &NodeLife) -> Vec<Point> {
    let (life, own) = (moment.life, InfluxDb::of(moment, node));
    let mut points = vec![
        Point::of("influxdb").fixed("n_shards", 12.0),
        Point::of("influxdb_httpd")
            .tag("bind", ":8086")
            .count("pointsWrittenOK", own.points)
            .count("pointsWrittenDropped", own.dropped)
            .count("pointsWrittenFail", own.failed)
            .count("serverError", own.server_errors)
            .count("clientError", own.client_errors)
            .count("queryReq", own.queries)
            .count("queryReqDurationNs", own.queries.times(4e6))
            .count("writeReq", own.writes)
            .count("writeReqDurationNs", own.writes.times(2e6))
            .rest(life, node),
        Point::of("influxdb_memstats")
            .level("heap_inuse", own.heap)
            .level("heap_alloc", own.heap.times(0.95))
            .level("heap_sys", own.heap.times(1.3))
            .rest(life, node),
        Point::of("influxdb_queryExecutor").rest(life, node),
    ];
    for (number, database) in own.databases.iter().enumerate() {
        points.push(
            Point::of("influxdb_database")
                .tag("database", database.name)
                .level("numSeries", database.series)
                .rest(life, node),
        );
        points.push(
            Point::of("influxdb_shard")
                .tag("database", database.name)
                .tag("engine", "tsm1")
                .tag("id", (number + 1).to_string())
                .tag(
                    "path",
                    format!("/srv/influxdb/data/{}/autogen/{number}", database.name),
                )
                .tag("retentionPolicy", "autogen")
                .level("diskBytes", database.disk)
                .rest(life, node),
        );
    }
    for point in &mut points {
        point
            .tags
            .push(("url".into(), "http://localhost:8086/debug/vars".into()));
    }
    points
}
