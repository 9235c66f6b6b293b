//! What every node reports.

use crate::conditions::{Disk, Host, Moment, NodeLife, Quantity};
use crate::page::Point;

/// Telegraf's protocol counters are of all interfaces together.
const ALL: &str = "all";

pub(super) fn points(moment: &Moment<'_>, node: &NodeLife) -> Vec<Point> {
    let (life, host) = (moment.life, Host::of(moment, node));
    let mut points = vec![cpu(&host, "cpu-total")];
    points.extend((0..host.cpus).map(|number| cpu(&host, &format!("cpu{number}"))));
    points.extend(host.disks.iter().map(disk));
    points.extend(host.disks.iter().map(|disk| {
        let each = 24_000.0;
        Point::counter("diskio")
            .tag("name", disk.name)
            .count("io_time", disk.busy.times(10.0))
            .count("weighted_io_time", disk.busy.times(14.0))
            .count("reads", disk.busy.times(4.0))
            .count("writes", disk.busy.times(9.0))
            .count("read_bytes", disk.busy.times(4.0 * each))
            .count("write_bytes", disk.busy.times(9.0 * each))
            .count("read_time", disk.busy.times(3.0))
            .count("write_time", disk.busy.times(8.0))
            .fixed("iops_in_progress", 0.0)
            .rest(life, node)
    }));
    points.push(memory(&host).rest(life, node));
    points.push(
        Point::counter("kernel")
            .fixed("boot_time", node.born.floor())
            .fixed("entropy_avail", 256.0)
            .count("context_switches", host.busy.times(400.0))
            .count("interrupts", host.busy.times(250.0))
            .rest(life, node),
    );
    points.extend([("eth0", 1.0), ("eth1", 0.0)].map(|(interface, share)| {
        network(&host, share)
            .tag("interface", interface)
            .rest(life, node)
    }));
    points.push(Point::of("net").tag("interface", ALL).rest(life, node));
    points.push(Point::of("netstat").rest(life, node));
    points.push(Point::gauge("processes").rest(life, node));
    points.push(
        Point::of("service_connections")
            .count("accepted", host.accepted)
            .count("dropped", host.dropped)
            .fixed("limit_avg_per_second", 200.0)
            .fixed("limit_burst", 1000.0)
            .rest(life, node),
    );
    points.push(
        Point::gauge("swap")
            .fixed("total", 1e9)
            .fixed("used", 1e8)
            .fixed("free", 9e8)
            .fixed("used_percent", 10.0),
    );
    points.push(
        Point::counter("swap")
            .count("in", Quantity::fixed(0.0))
            .count("out", Quantity::fixed(0.0)),
    );
    let cpus = u32::try_from(host.cpus).map_or(1.0, f64::from);
    points.push(
        Point::gauge("system")
            .level("load1", host.load())
            .level("load5", host.load().times(0.97))
            .level("load15", host.load().times(0.95))
            .fixed("n_cpus", cpus)
            .fixed("n_users", 0.0)
            .fixed("n_unique_users", 0.0),
    );
    points.push(Point::counter("system").count("uptime", Quantity::fixed(1.0)));
    points
}

fn cpu(host: &Host, cpu: &str) -> Point {
    Point::gauge("cpu")
        .tag("cpu", cpu)
        .level("usage_idle", host.busy.left_of(100.0))
        .level("usage_user", host.busy.times(Host::USER))
        .level("usage_system", host.busy.times(Host::SYSTEM))
        .level("usage_iowait", host.busy.times(Host::WAITING))
        .level("usage_steal", host.busy.times(Host::STOLEN))
        .level("usage_softirq", host.busy.times(Host::INTERRUPTS))
        .fixed("usage_irq", 0.0)
        .fixed("usage_nice", 0.0)
        .fixed("usage_guest", 0.0)
        .fixed("usage_guest_nice", 0.0)
}

fn disk(disk: &Disk) -> Point {
    let inodes = 5_242_880.0;
    Point::gauge("disk")
        .tag("device", disk.device)
        .tag("fstype", "ext4")
        .tag("mode", "rw")
        .tag("path", disk.path)
        .fixed("total", disk.total)
        .level("used", disk.used)
        .level("free", disk.used.left_of(disk.total))
        .level("used_percent", disk.used.times(100.0 / disk.total))
        .fixed("inodes_total", inodes)
        .fixed("inodes_used", inodes * 0.04)
        .fixed("inodes_free", inodes * 0.96)
}

/// What is available is free, or cached and can be given up.
fn memory(host: &Host) -> Point {
    let available = host.available.times(host.memory / 100.0);
    let (free, cached) = (available.times(0.3), available.times(0.75));
    let buffered = host.memory * 0.01;
    // Free and cached together.
    let used = available.times(1.05).left_of(host.memory - buffered);
    Point::gauge("mem")
        .fixed("total", host.memory)
        .level("available", available)
        .level("available_percent", host.available)
        .level("free", free)
        .level("cached", cached)
        .fixed("buffered", buffered)
        .level("used", used)
        .level("used_percent", used.times(100.0 / host.memory))
}

fn network(host: &Host, share: f64) -> Point {
    let packet = 900.0;
    Point::counter("net")
        .count("bytes_recv", host.received.times(share))
        .count("bytes_sent", host.sent.times(share))
        .count("packets_recv", host.received.times(share / packet))
        .count("packets_sent", host.sent.times(share / packet))
}
