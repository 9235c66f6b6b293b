//! OpenSearch and Elasticsearch.

use crate::conditions::{Search, SearchNode};
use crate::truth::{About, node};

pub(super) fn tell(about: &mut About<'_, '_>) {
    let moment = about.moment;
    let nodes = about.databases();
    if nodes.is_empty() {
        return;
    }
    let cluster = Search::of(&moment);
    let scraped = u32::try_from(about.nodes().len()).map_or(0.0, f64::from);
    about.service("search_status", cluster.status.code());
    about.service("search_unassigned_shards", cluster.unassigned);
    about.service("search_initializing_shards", cluster.initializing);
    about.service("search_relocating_shards", cluster.relocating);
    about.service("search_nodes_missing", (scraped - cluster.nodes).max(0.0));
    about.service("search_shards_per_node", cluster.active / cluster.nodes);
    about.service("search_store_size", about.now(cluster.store));
    about.service("search_documents", about.now(cluster.documents));
    let (mut searches, mut time, mut indexed) = (0.0, 0.0, 0.0);
    for node in &nodes {
        let own = SearchNode::of(&moment, node);
        let rate = about.now(own.searches);
        searches += rate;
        time += rate * own.search_time;
        indexed += about.now(own.indexed);
        about.node(
            "search_write_rejected",
            node,
            about.now(own.writes_rejected),
        );
        about.node(
            "search_search_rejected",
            node,
            about.now(own.searches_rejected),
        );
        about.node(
            "search_breakers_tripped",
            node,
            about.increase(own.breakers_tripped),
        );
        about.node("search_heap", node, about.now(own.heap));
        about.node("search_old_gc", node, about.now(own.old_gc) / 1000.0);
    }
    about.service("search_latency", time / searches);
    about.service("search_queries", searches);
    about.service("search_indexed", indexed);
    let scraped = about.nodes();
    for (id, share) in [("search_days_to_85", 0.85), ("search_days_to_95", 0.95)] {
        if let Some(days) = node::days_until(&moment, &scraped, share) {
            about.service(id, days);
        }
    }
}
