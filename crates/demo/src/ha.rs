//! `demo --ha`: two simulated VMs, each with the daemon, a real Prometheus, and
//! Caddy on what the job `prometheus-failover` renders to; a client that
//! alternates between the Caddys as Gorouter does; and what can go wrong.

mod certificates;
mod faults;
mod gorouter;
mod load;
mod platform;
mod ports;
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
use crate::teller::Teller;

/// Plays it.
///
/// # Errors
/// When something is not as it must be.
pub async fn play(arguments: &Arguments) -> anyhow::Result<()> {
    let teller = Teller::new();
    teller.act("Two VMs, each with aiven-metrics, Prometheus and Caddy.");
    let mut platform = Platform::start(arguments).await?;
    let played = LocalSet::new()
        .run_until(act(arguments, &mut platform, &teller))
        .await;
    platform.clear(played).await?;
    teller.line("Everything has been stopped.");
    Ok(())
}

async fn act(
    arguments: &Arguments,
    platform: &mut Platform,
    teller: &Teller,
) -> anyhow::Result<()> {
    platform.until_registered(platform.vms.len()).await?;
    steady(platform, teller).await?;
    let (faults, slowly): (&[Fault], bool) = if arguments.faults {
        (&faults::ALL, true)
    } else {
        (&faults::QUICK, false)
    };
    let mut outcomes = Vec::new();
    for fault in faults {
        teller.act(fault.name());
        let outcome = faults::suffer(*fault, slowly, platform).await?;
        teller.line(table::row(&outcome).trim_end());
        outcomes.push(outcome);
    }
    let table = table::table(&outcomes);
    teller.line(&format!("\n{table}"));
    if let Some(file) = &arguments.table {
        table::replace(file, &table)?;
    }
    if !arguments.once && !arguments.faults {
        teller.act("All of it goes on until you press Ctrl-C.");
        platform.introduce(teller);
        pending::<()>().await;
    }
    Ok(())
}

async fn steady(platform: &Platform, teller: &Teller) -> anyhow::Result<()> {
    teller.act("The same graph, a thousand times.");
    let differing = steady::compare(platform).await?;
    let line = |way: &str, number| teller.line(&format!("  {way:<38} {number} different answers"));
    line("through the Caddys in turn:", differing.through_caddys);
    line("from the two Prometheis in turn:", differing.round_robin);
    ensure!(
        differing.through_caddys == 1,
        "the Caddys do not agree on one Prometheus"
    );
    ensure!(
        differing.round_robin > 1,
        "the Prometheis have the same samples, so this shows nothing"
    );
    Ok(())
}
