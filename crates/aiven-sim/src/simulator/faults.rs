//! Making things go wrong, and right again.

use crate::fault::{ApiFault, DnsFault, Fault, NodeFault};
use crate::fault_book::FaultId;
use crate::simulator::{Simulator, expect};

impl Simulator {
    /// Arms an API fault; the id clears it alone.
    pub fn inject(&self, fault: Fault, what: ApiFault) -> FaultId {
        let id = self.shared.faults().arm(fault, what);
        self.shared.changed();
        id
    }

    /// Disarms one API fault and releases what it holds.
    pub fn clear_fault(&self, id: FaultId) {
        self.shared.faults().clear(id);
        self.shared.changed();
    }

    /// Disarms every API, DNS and node fault. Requests that hang go on hanging.
    pub fn clear_faults(&self) {
        self.shared.faults().clear_all();
        self.shared.zone.clear_faults();
        for project in self.shared.world().projects.values() {
            for node in project.services.values().flat_map(|service| &service.nodes) {
                node.server.set_fault(&self.shared, None);
            }
        }
        self.shared.changed();
    }

    /// Whether the fault is still to happen.
    pub fn is_armed(&self, id: FaultId) -> bool {
        self.shared.faults().is_armed(id)
    }

    /// What the name server does with a name, or with all (`*`), until cleared.
    pub fn dns_fault(&self, name: &str, fault: DnsFault) {
        self.shared.zone.set_fault(name, Some(fault));
        self.shared.changed();
    }

    /// Ends the fault of a name (or `*`).
    pub fn clear_dns_fault(&self, name: &str) {
        self.shared.zone.set_fault(name, None);
        self.shared.changed();
    }

    /// What one node does until cleared. The first node is 0; where standbys
    /// have a name of their own it is the primary.
    #[track_caller]
    pub fn node_fault(&self, project: &str, service: &str, node: usize, fault: NodeFault) {
        self.set_node_fault(project, service, node, Some(fault));
    }

    /// Ends the fault of one node.
    #[track_caller]
    pub fn clear_node_fault(&self, project: &str, service: &str, node: usize) {
        self.set_node_fault(project, service, node, None);
    }

    #[track_caller]
    fn set_node_fault(&self, project: &str, service: &str, node: usize, fault: Option<NodeFault>) {
        let world = self.shared.world();
        expect(
            world
                .service(project, service)
                .and_then(|service| service.node(node)),
        )
        .server
        .set_fault(&self.shared, fault);
        drop(world);
        self.shared.changed();
    }
}
