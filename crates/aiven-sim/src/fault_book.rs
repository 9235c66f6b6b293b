//! The armed API faults and how often each is still to happen.

use crate::fault::{ApiFault, Fault, Operation};
use crate::shared::Shared;

/// Names one armed fault, to clear it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FaultId(pub(crate) u64);

#[derive(Debug)]
struct Armed {
    id: FaultId,
    fault: Fault,
    what: ApiFault,
    left: Option<u32>,
}

/// What one request meets: any number of waits, then at most one fault.
#[derive(Debug, Default)]
pub(crate) struct Meeting {
    pub(crate) waits: Vec<Wait>,
    pub(crate) fault: Option<ApiFault>,
    /// The request takes effect before the fault spoils its answer.
    pub(crate) after_effect: bool,
}

impl Meeting {
    /// Returns when all waits are over.
    pub(crate) async fn wait(&self, shared: &Shared) {
        for wait in &self.waits {
            match wait {
                Wait::For(time) => tokio::time::sleep(*time).await,
                Wait::UntilCleared(id) => shared.until_cleared(*id).await,
            }
        }
    }
}

#[derive(Debug)]
pub(crate) enum Wait {
    For(std::time::Duration),
    UntilCleared(FaultId),
}

#[derive(Debug, Default)]
pub(crate) struct FaultBook {
    armed: Vec<Armed>,
    next: u64,
}

impl FaultBook {
    pub(crate) fn arm(&mut self, fault: Fault, what: ApiFault) -> FaultId {
        let id = FaultId(self.next);
        self.next += 1;
        let left = fault.times;
        self.armed.push(Armed {
            id,
            fault,
            what,
            left,
        });
        id
    }

    pub(crate) fn clear(&mut self, id: FaultId) {
        self.armed.retain(|armed| armed.id != id);
    }

    pub(crate) fn clear_all(&mut self) {
        self.armed.clear();
    }

    /// Still armed. A [`Wait::UntilCleared`] outlives its last `times`, so a
    /// used-up hold stays in the book until it is cleared.
    pub(crate) fn is_armed(&self, id: FaultId) -> bool {
        self.armed.iter().any(|armed| armed.id == id)
    }

    /// Counts this request against the faults that match it.
    pub(crate) fn meet(
        &mut self,
        op: Operation,
        project: Option<&str>,
        service: Option<&str>,
    ) -> Meeting {
        let mut meeting = Meeting::default();
        for armed in &mut self.armed {
            if armed.left == Some(0) || !armed.fault.matches(op, project, service) {
                continue;
            }
            armed.left = armed.left.map(|left| left - 1);
            match &armed.what {
                ApiFault::Delay(time) => meeting.waits.push(Wait::For(*time)),
                ApiFault::Hold => meeting.waits.push(Wait::UntilCleared(armed.id)),
                what => {
                    meeting.fault = Some(what.clone());
                    meeting.after_effect = armed.fault.after_effect;
                    break;
                }
            }
        }
        self.armed
            .retain(|armed| armed.left != Some(0) || matches!(armed.what, ApiFault::Hold));
        meeting
    }
}
