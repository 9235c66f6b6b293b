//! Faults of nodes, once they hold.

use aiven_sim::{NodeFault, Simulator};
use testkit::PROJECT;

/// Gives the only node of a service a fault and returns once it holds for the
/// next scrape.
pub async fn inject(sim: &Simulator, service: &str, fault: NodeFault) {
    let closes = closes_connections(&fault);
    sim.node_fault(PROJECT, service, 0, fault);
    if closes {
        sim.wait_until("the kept connections are closed", |sim| {
            sim.node(PROJECT, service, 0).record().open_connections == 0
        })
        .await;
    }
}

/// Whether a fault closes connections, rather than spoils what is asked over them.
fn closes_connections(fault: &NodeFault) -> bool {
    use NodeFault::{Expired, NameInSubject, OtherCa, OtherName, Refuse};
    matches!(
        fault,
        Expired | NameInSubject | OtherCa | OtherName | Refuse
    )
}
