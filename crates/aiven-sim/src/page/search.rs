//! OpenSearch and Elasticsearch.

use crate::conditions::{Moment, NodeLife, Quantity, Search, SearchNode};
use crate::page::Point;

pub(super) fn points(moment: &Moment<'_>, node: &NodeLife) -> Vec<Point> {
    let (life, cluster) = (moment.life, Search::of(moment));
    let mut points = vec![health(&cluster).tag("name", &life.service).rest(life, node)];
    points.extend(cluster.indices.iter().map(|index| {
        let shards = cluster.active / f64::from(u8::try_from(cluster.indices.len()).unwrap_or(1));
        let status = cluster.status;
        Point::of("opensearch_cluster_health_indices")
            .tag("index", *index)
            .tag("name", &life.service)
            .text("status", status.word())
            .fixed("status_code", status.code())
            .fixed("active_shards", shards.floor())
            .fixed("number_of_replicas", 1.0)
            .fixed("number_of_shards", 5.0)
            .rest(life, node)
    }));
    if moment.shows_as_leader(node) {
        points.push(
            indices(&cluster)
                .tag("node_name", life.host(node.number))
                .tag("cluster_name", &life.service)
                .rest(life, node),
        );
        points.push(
            Point::of("opensearch_clusterstats_nodes")
                .tag("cluster_name", &life.service)
                .tag("node_name", life.host(node.number))
                .tag("status", cluster.status.word())
                .fixed("count_total", cluster.nodes)
                .fixed("count_master", cluster.nodes)
                .fixed("count_data", cluster.nodes)
                .rest(life, node),
        );
    }
    let own = SearchNode::of(moment, node);
    for point in of_the_node(moment, &own) {
        let id = format!("{:.0}", life.pick(node.number, "node id", 1e9..9e9));
        points.push(
            point
                .tag("cluster_name", &life.service)
                .tag("node_host", format!("10.0.0.{}", node.number))
                .tag("node_id", id)
                .tag("node_name", life.host(node.number))
                .tag("node_attribute_zone", "a")
                .rest(life, node),
        );
    }
    points
}

fn health(cluster: &Search) -> Point {
    let wanted = cluster.active + cluster.unassigned;
    Point::of("opensearch_cluster_health")
        .text("status", cluster.status.word())
        .fixed("status_code", cluster.status.code())
        .fixed("active_primary_shards", cluster.primaries)
        .fixed("active_shards", cluster.active)
        .fixed(
            "active_shards_percent_as_number",
            100.0 * cluster.active / wanted.max(1.0),
        )
        .fixed("unassigned_shards", cluster.unassigned)
        .fixed("delayed_unassigned_shards", 0.0)
        .fixed("initializing_shards", cluster.initializing)
        .fixed("relocating_shards", cluster.relocating)
        .fixed("number_of_nodes", cluster.nodes)
        .fixed("number_of_data_nodes", cluster.nodes)
        .fixed("number_of_pending_tasks", 0.0)
        .fixed("task_max_waiting_in_queue_millis", 0.0)
}

fn indices(cluster: &Search) -> Point {
    Point::of("opensearch_clusterstats_indices")
        .tag("status", cluster.status.word())
        .fixed(
            "count",
            f64::from(u8::try_from(cluster.indices.len()).unwrap_or(1)),
        )
        .level("docs_count", cluster.documents)
        .level("docs_deleted", cluster.documents.times(0.02))
        .level("store_size_in_bytes", cluster.store)
        .fixed("shards_total", cluster.active)
        .fixed("shards_primaries", cluster.primaries)
        .fixed(
            "shards_replication",
            cluster.active / cluster.primaries.max(1.0) - 1.0,
        )
}

fn of_the_node(moment: &Moment<'_>, own: &SearchNode) -> Vec<Point> {
    let heap = moment.life.memory_gib() / 2.0 * 1024.0 * 1024.0 * 1024.0;
    vec![
        Point::of("opensearch_breakers").count("parent_tripped", own.breakers_tripped),
        Point::of("opensearch_fs"),
        Point::of("opensearch_http"),
        Point::of("opensearch_indices")
            .count("search_query_total", own.searches)
            .count(
                "search_query_time_in_millis",
                own.searches.times(own.search_time),
            )
            .count("indexing_index_total", own.indexed)
            .count(
                "indexing_index_time_in_millis",
                own.indexed.times(own.index_time),
            )
            .level("store_size_in_bytes", own.store)
            .level("docs_count", own.store.times(1.0 / 1500.0)),
        Point::of("opensearch_jvm")
            .level("mem_heap_used_percent", own.heap)
            .level("mem_heap_used_in_bytes", own.heap.times(heap / 100.0))
            .fixed("mem_heap_max_in_bytes", heap)
            .count("gc_collectors_old_collection_time_in_millis", own.old_gc)
            .count("gc_collectors_old_collection_count", own.old_gc.times(0.01))
            .count(
                "gc_collectors_young_collection_time_in_millis",
                own.young_gc,
            )
            .count(
                "gc_collectors_young_collection_count",
                own.young_gc.times(0.1),
            )
            .count("uptime_in_millis", Quantity::fixed(1000.0)),
        Point::of("opensearch_os"),
        Point::of("opensearch_process"),
        Point::of("opensearch_thread_pool")
            .count("write_rejected", own.writes_rejected)
            .count("search_rejected", own.searches_rejected),
        Point::of("opensearch_transport"),
    ]
}
