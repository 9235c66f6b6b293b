//! Valkey, Redis and Dragonfly.

use crate::conditions::{Moment, NodeLife, Quantity, Valkey};
use crate::page::Point;

pub(super) fn points(moment: &Moment<'_>, node: &NodeLife) -> Vec<Point> {
    let (life, valkey) = (moment.life, Valkey::of(moment, node));
    let mut points = vec![
        info(&valkey).rest(life, node),
        Point::of("redis_keyspace")
            .tag("database", "db0")
            .level("keys", valkey.keys)
            .level("expires", valkey.keys.times(0.4))
            .rest(life, node),
    ];
    points.extend(valkey.replicas.iter().enumerate().map(|(number, address)| {
        Point::of("redis_replication")
            .tag("replica_id", number.to_string())
            .tag("replica_ip", address)
            .tag("replica_port", "6379")
            .tag("state", "online")
            .fixed("lag", 0.0)
            .level("offset", Quantity::growing(0.0, node.born, 4000.0))
    }));
    points.extend(valkey.by_command.iter().map(|(command, calls, time)| {
        Point::of("redis_cmdstat")
            .tag("command", *command)
            .count("calls", *calls)
            .count("usec", calls.times(*time))
            .fixed("usec_per_call", *time)
    }));
    for point in &mut points {
        let role = if valkey.leads { "master" } else { "slave" };
        let tags = [
            ("server", "localhost"),
            ("port", "6379"),
            ("replication_role", role),
        ];
        let tags = tags.map(|(name, value)| (name.to_owned(), value.to_owned()));
        point.tags.extend(tags);
    }
    points
}

/// `INFO`.
fn info(valkey: &Valkey) -> Point {
    let share = valkey.used.times(100.0 / valkey.limit);
    Point::of("redis")
        .text("redis_version", "7.2.4")
        .text("maxmemory_policy", valkey.policy)
        .text("aof_last_bgrewrite_status", "ok")
        .text("aof_last_write_status", "ok")
        .text("rdb_last_bgsave_status", "ok")
        .text("master_failover_state", "no-failover")
        .fixed("maxmemory", valkey.limit)
        .level("used_memory", valkey.used)
        .level("used_memory_rss", valkey.used.times(valkey.fragmentation))
        .level("used_memory_dataset_perc", share.times(0.95))
        .level("used_memory_peak_perc", share)
        .fixed("mem_fragmentation_ratio", valkey.fragmentation)
        .level("clients", valkey.clients)
        .fixed("maxclients", valkey.max_clients)
        .level("blocked_clients", valkey.blocked)
        .fixed("connected_slaves", valkey.connected_replicas())
        .count("evicted_keys", valkey.evicted)
        .count("rejected_connections", Quantity::fixed(0.0))
        .count("total_commands_processed", valkey.commands)
        .level("instantaneous_ops_per_sec", valkey.commands)
        .count("keyspace_hits", valkey.hits)
        .count("keyspace_misses", valkey.misses)
        .fixed("keyspace_hitrate", 0.93)
        .count("uptime", Quantity::fixed(1.0))
}
