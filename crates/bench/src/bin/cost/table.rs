//! The figures as Markdown tables, to be read on a terminal and kept in
//! `docs/performance.md`.

use std::time::Duration;

use super::round::Figures;

pub fn print(all: &[Figures]) {
    println!("CPU seconds (user and kernel), as multiples of the bare reference:\n");
    println!(
        "| services | listing | bare | cold start | full cycle | idle cycle | of which reading the listing: full | idle |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|");
    for one in all {
        let times = |cpu: Duration| {
            let ratio = cpu.as_secs_f64() / one.bare.cpu.as_secs_f64();
            format!("{:.3} ({ratio:.2}×)", cpu.as_secs_f64())
        };
        println!(
            "| {} | {:.1} MB | {:.3} | {} | {} | {} | {} | {} |",
            services(one),
            one.listing_bytes as f64 / 1e6,
            one.bare.cpu.as_secs_f64(),
            times(one.daemon.cold),
            times(one.daemon.full),
            times(one.daemon.idle),
            times(one.daemon.listing_full),
            times(one.daemon.listing_idle),
        );
    }
    println!("\nPeak resident memory, files, and allocations:\n");
    println!(
        "| services | MiB, bare | MiB, daemon | MiB, all changed | targets.json | state.json | allocations, bare | cold start | full cycle | idle cycle |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for one in all {
        println!(
            "| {} | {:.1} | {:.1} | {:.1} | {:.2} MB | {:.2} MB | {} | {} | {} | {} |",
            services(one),
            one.bare.peak_kib as f64 / 1024.0,
            one.daemon.peak_kib as f64 / 1024.0,
            one.daemon.full_peak_kib as f64 / 1024.0,
            one.list_bytes as f64 / 1e6,
            one.state_bytes as f64 / 1e6,
            one.bare.allocations,
            one.allocations.cold,
            one.allocations.full,
            one.allocations.idle,
        );
    }
    println!("\nSeconds that pass until the first complete list:\n");
    println!("| services | bare: listing | bare: DNS pass | daemon, cold start |");
    println!("|---:|---:|---:|---:|");
    for one in all {
        println!(
            "| {} | {:.2} | {:.2} | {:.2} |",
            services(one),
            one.bare.list.as_secs_f64(),
            one.bare.resolve.as_secs_f64(),
            one.daemon.cold_elapsed.as_secs_f64(),
        );
    }
}

fn services(one: &Figures) -> String {
    format!("{} × {} KB", one.services, one.bytes / 1000)
}
