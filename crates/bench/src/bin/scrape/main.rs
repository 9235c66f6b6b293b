//! What a scrape through the proxy costs beside a direct one, how much memory
//! the daemon takes for it, and whether five minutes of trouble leave a trace.
//!
//! Run by `scripts/bench --scrape` and `--soak`. Each part is a process of its
//! own, so that nobody's cost is counted as another's: the daemon's own binary,
//! the nodes (`nodes.rs`), the scraping clients (`clients.rs`), and this program
//! with the simulated API and name server. CPU time is the kernel's account of
//! each process. `--scrape` asserts nothing; `--soak` fails on a lost scrape
//! and on growth.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program for developers: it may panic, and it blocks on purpose"
)]

use std::path::PathBuf;

use clap::Parser;

mod clients;
mod connection;
mod memory;
mod nodes;
mod paired;
mod published;
mod round;
mod soak;

#[derive(Parser)]
struct Arguments {
    /// The daemon's binary.
    #[arg(long, required_unless_present_any = ["nodes", "clients"])]
    daemon: Option<PathBuf>,
    /// The benchmark: cost of a scrape, latency, memory.
    #[arg(long)]
    scrape: bool,
    /// Only this part of the benchmark: `paired` or `memory`.
    #[arg(long)]
    only: Option<String>,
    /// Fewer scrapes and rounds.
    #[arg(long)]
    quick: bool,
    /// A thousand targets, scraped every 15 s while things go wrong.
    #[arg(long)]
    soak: bool,
    /// How long the soak lasts.
    #[arg(long, default_value_t = 5)]
    minutes: u32,
    /// Be the nodes; the bench starts itself so.
    #[arg(long, hide = true)]
    nodes: bool,
    /// Be the clients; the bench starts itself so.
    #[arg(long, hide = true)]
    clients: Option<PathBuf>,
}

fn main() {
    let arguments = Arguments::parse();
    // Fails only when it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    if arguments.nodes {
        return runtime.block_on(nodes::run());
    }
    if let Some(plan) = &arguments.clients {
        return runtime.block_on(clients::run(plan));
    }
    let Some(daemon) = &arguments.daemon else {
        unreachable!("clap requires it")
    };
    if arguments.soak {
        return runtime.block_on(soak::run(daemon, arguments.minutes));
    }
    if arguments.scrape {
        let wanted = |part: &str| arguments.only.as_deref().is_none_or(|only| only == part);
        if wanted("paired") {
            runtime.block_on(paired::run(daemon, arguments.quick));
        }
        if wanted("memory") {
            runtime.block_on(memory::run(daemon));
        }
    }
}
