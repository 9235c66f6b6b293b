//! What the coordinator does about panics in its own work: the project or the
//! round that met one goes back to what was published, and all else goes on.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::Coordinator;
use crate::daemon::supervisor::attempt;
use crate::model::project;
use crate::model::task::Task;

#[cfg(test)]
use crate::daemon::faults::Place;

impl Coordinator {
    /// As [`Coordinator::publish_now`]; a panic leaves what was published.
    pub(in crate::daemon) fn publish(&mut self) {
        if let Err(cause) = attempt(|| self.publish_now()) {
            let duty = Task::Coordinate.of_all();
            self.supervisor.note(&duty, Duration::ZERO, cause);
        }
    }

    /// Gives up what may be half done for what was published last.
    pub(super) fn go_back(&mut self) {
        for index in 0..self.projects.len() {
            self.go_back_in(index);
        }
        self.addresses_changed = true;
    }

    /// The same in one project.
    fn go_back_in(&mut self, index: usize) {
        let published = self.published.load_full();
        let Some(entry) = self.projects.get_mut(index) else {
            return;
        };
        let name = Arc::clone(entry.project.name());
        let mut published = published.projects.iter();
        // Before it was ever published it is as it was saved.
        if let Some(published) = published.find(|published| published.name == name) {
            entry.project.go_back_to(published, Timestamp::now());
        }
    }

    /// A report that lets its project fail costs that project's news, no other's.
    pub(super) fn absorb_report(&mut self, index: usize, report: project::Report) {
        let Some(entry) = self.projects.get_mut(index) else {
            return;
        };
        let name = Arc::clone(entry.project.name());
        let absorbed = attempt(|| {
            #[cfg(test)]
            self.supervisor.faults.strike(Place::Absorb);
            entry.project.absorb(report)
        });
        match absorbed {
            Ok(absorbed) => self.conclude(&name, absorbed),
            Err(cause) => {
                let duty = Task::Coordinate.of(&name);
                self.supervisor.note(&duty, Duration::ZERO, cause);
                self.go_back_in(index);
            }
        }
    }
}
