//! `demo --ha`: two simulated VMs, each with the daemon, a real Prometheus, and
//! Caddy on what the job `prometheus-failover` renders to; a client that
//! alternates between the Caddys as Gorouter does; and what can go wrong.

mod certificates;
mod faults;
mod gorouter;
mod load;
mod network;
mod platform;
mod relay;
mod slow;
mod steady;
mod table;
mod vm;

use std::future::pending;

use anyhow::ensure;
use tokio::task::LocalSet;

use crate::Arguments;
use crate::ha::faults::Fault;
use crate::ha::platform::Platform;
use crate::narrator::{Narrator, count};

/// Starts everything, plays all acts and stops everything.
///
/// # Errors
/// When something is not as it should be.
pub async fn play(arguments: &Arguments) -> anyhow::Result<()> {
    let narrator = Narrator::new();
    narrator.act("Two VMs, each with aiven-metrics, Prometheus and Caddy.");
    let mut platform = Platform::start(arguments, &narrator).await?;
    let played = LocalSet::new()
        .run_until(acts(arguments, &mut platform, &narrator))
        .await;
    platform.stop(played).await?;
    narrator.line("Everything has been stopped.");
    Ok(())
}

async fn acts(
    arguments: &Arguments,
    platform: &mut Platform,
    narrator: &Narrator,
) -> anyhow::Result<()> {
    platform.until_registered(platform.vms.len()).await?;
    steady(platform, narrator).await?;
    let (faults, slowly): (&[Fault], bool) = if arguments.faults {
        (&faults::ALL, true)
    } else {
        (&faults::QUICK, false)
    };
    let mut outcomes = Vec::new();
    for fault in faults {
        narrator.act(&format!("Fault: {}.", fault.name()));
        let outcome = faults::run_fault(*fault, slowly, platform).await?;
        narrator.line(&outcome.in_words());
        outcomes.push(outcome);
    }
    let table = table::table(&outcomes);
    narrator.act("All faults in one table.");
    narrator.line(&table);
    if let Some(file) = &arguments.table {
        table::replace(file, &table)?;
    }
    if !arguments.once && !arguments.faults {
        narrator.act("Everything keeps running until you press Ctrl-C.");
        platform.introduce(narrator);
        pending::<()>().await;
    }
    Ok(())
}

async fn steady(platform: &Platform, narrator: &Narrator) -> anyhow::Result<()> {
    narrator.act("No fault yet: one graph, a thousand times.");
    narrator.line(
        "  Both Prometheus servers scrape every node, and no two scrapes see the same value.",
    );
    let differing = steady::compare(platform).await?;
    let line = |way: &str, number| {
        narrator.line(&format!("  {way:<41} {}", count(number, "distinct answer")));
    };
    line("through the Caddys in turn:", differing.through_caddys);
    line(
        "from both Prometheus servers in turn:",
        differing.round_robin,
    );
    ensure!(
        differing.through_caddys == 1,
        "the Caddys do not agree on one Prometheus"
    );
    ensure!(
        differing.round_robin > 1,
        "both Prometheus servers have the same samples, so this shows nothing"
    );
    Ok(())
}
