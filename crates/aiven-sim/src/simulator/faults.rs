//! Making things go wrong, and right again.

use crate::command::{Arm, Command, DnsTrouble, NodeId, NodeTrouble, Outcome};
use crate::fault::{ApiFault, DnsFault, Fault, NodeFault};
use crate::fault_book::FaultId;
use crate::simulator::Simulator;

impl Simulator {
    /// Arms an API fault; the id clears it alone.
    pub fn inject(&self, on: Fault, fault: ApiFault) -> FaultId {
        match self.apply(Command::ApiFault(Arm { on, fault })) {
            Outcome::Armed { id } => FaultId(id),
            other => unreachable!("nothing was armed: {other:?}"),
        }
    }

    /// Disarms one API fault and releases what it holds.
    pub fn clear_fault(&self, FaultId(id): FaultId) {
        self.apply(Command::ClearApiFault { id });
    }

    /// Disarms every fault of API, DNS, nodes and Cloud Foundry. Requests that hang already are never answered.
    pub fn clear_faults(&self) {
        self.apply(Command::ClearFaults);
    }

    /// Whether the fault is still to happen.
    pub fn is_armed(&self, id: FaultId) -> bool {
        self.shared.faults().is_armed(id)
    }

    /// What the name server does with a name, or with all (`*`), until cleared.
    pub fn dns_fault(&self, name: &str, fault: DnsFault) {
        let name = name.to_owned();
        self.apply(Command::DnsFault(DnsTrouble { name, fault }));
    }

    /// Ends the fault of a name (or `*`).
    pub fn clear_dns_fault(&self, name: &str) {
        let name = name.to_owned();
        self.apply(Command::ClearDnsFault { name });
    }

    /// What one node does until cleared. The first node is 0; where standbys
    /// have a name of their own it is the primary.
    #[track_caller]
    pub fn node_fault(&self, project: &str, service: &str, node: usize, fault: NodeFault) {
        self.apply(Command::NodeFault(NodeTrouble {
            project: project.to_owned(),
            service: service.to_owned(),
            node,
            fault,
        }));
    }

    /// Ends the fault of one node.
    #[track_caller]
    pub fn clear_node_fault(&self, project: &str, service: &str, node: usize) {
        self.apply(Command::ClearNodeFault(NodeId {
            project: project.to_owned(),
            service: service.to_owned(),
            node,
        }));
    }
}
