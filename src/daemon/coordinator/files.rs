//! The coordinator's files: the state and the target list.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;

use super::Coordinator;
use crate::daemon::supervisor::attempt;
use crate::model::outage::Failure;
use crate::model::snapshot::Snapshot;

#[cfg(test)]
use crate::daemon::faults::Place;

impl Coordinator {
    /// Whether somebody took away or changed a file.
    pub(super) fn files_differ(&mut self) -> bool {
        let is_touched = self.state.was_touched();
        self.unsaved |= is_touched;
        is_touched || self.targets.was_touched()
    }

    /// Writes both files, the state first: if the target list were newer than the
    /// state, a restart would go back to the older list.
    pub(super) fn write(&mut self, snapshot: &Snapshot) {
        let unsaved = written(|| self.save_state(snapshot)).err();
        let unwritten = written(|| self.update_targets(snapshot)).err();
        let targets = unwritten.map(|error| (self.config.targets.path.clone(), error));
        let state = unsaved.map(|error| (self.config.state_dir.clone(), error));
        self.note_writing(targets.or(state));
    }

    fn save_state(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        if !self.unsaved || !snapshot.is_ready() {
            return Ok(());
        }
        #[cfg(test)]
        self.supervisor.faults.strike(Place::SaveState);
        let projects = self.projects.iter().map(|entry| &entry.project);
        let tag_keys = self.config.services.tags.keys().map(String::as_str);
        self.state
            .save(Timestamp::now(), projects, &self.addresses, tag_keys)?;
        self.unsaved = false;
        Ok(())
    }

    fn update_targets(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        #[cfg(test)]
        self.supervisor.faults.strike(Place::WriteTargets);
        if self.targets.update(snapshot)? {
            self.metrics.snapshot_changed();
            let targets = snapshot
                .target_groups()
                .map(|group| group.targets().count());
            tracing::info!(targets = targets.sum::<usize>(), "target list written");
        }
        Ok(())
    }

    /// Logs a failure once. What could not be written is written later.
    fn note_writing(&mut self, failure: Option<(PathBuf, io::Error)>) {
        let now = Timestamp::now();
        let Some((path, error)) = failure else {
            if self.writing.end(now).is_some() {
                tracing::info!("files can be written again");
            }
            let known = self
                .projects
                .iter_mut()
                .filter(|entry| entry.project.is_known());
            known.for_each(|entry| entry.project.stages.publish.succeeded(now));
            return;
        };
        let path = path.display();
        if self.writing.begin(now) == Failure::First {
            tracing::error!(%path, %error, "writing failed; free space on the disk of this path, or mend its permissions; Prometheus keeps the old list, and the daemon goes on");
        }
        for entry in &mut self.projects {
            let cause = format!("{path}: {error}");
            entry.project.stages.publish.failed(now, cause);
        }
    }
}

/// A defect in writing one file is a failure to write that file.
fn written(write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    attempt(write).unwrap_or_else(|cause| {
        let cause = format!("a defect, please report it: {cause}");
        Err(io::Error::other(cause))
    })
}
