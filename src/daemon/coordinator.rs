//! The one task that owns all knowledge: it takes reports in, plans, and
//! publishes. There is no other writer.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::room::Room;
use super::start;
use crate::config::Config;
use crate::integrate::{Outcome, PendingWrites};
use crate::metrics::Metrics;
use crate::model::credentials::NeededEndpoints;
use crate::model::inventory::Inventory;
use crate::model::plan::{Addresses, Rules};
use crate::model::snapshot::Snapshot;
use crate::observe::Observation;
use crate::publish::Published;
use crate::publish::file_sd::TargetsFile;
use crate::publish::state::{State, StateFile};
use crate::resolve::{NeededHosts, ResolveRound};

/// When to try again to write what could not be written.
const WRITE_AGAIN: Duration = Duration::from_secs(5);

/// Where reports come in.
pub(super) struct Inbox {
    pub(super) observed: mpsc::Receiver<(Arc<str>, Observation)>,
    pub(super) outcomes: mpsc::Receiver<(Arc<str>, Outcome)>,
    pub(super) passes: mpsc::Receiver<ResolveRound>,
}

/// What the tasks of a project start from.
pub(super) struct Project {
    pub(super) name: Arc<str>,
    pub(super) inventory: Inventory,
    pub(super) pending_writes: watch::Receiver<PendingWrites>,
    pub(super) wanted: watch::Receiver<NeededEndpoints>,
}

/// The owner of all that is known.
pub(super) struct Coordinator {
    config: Arc<Config>,
    rooms: Vec<Room>,
    addresses: Addresses,
    published: Published,
    wanted_hosts: watch::Sender<NeededHosts>,
    targets: TargetsFile,
    state: StateFile,
    metrics: Metrics,
    /// Whether there is something that the state file lacks.
    unsaved: bool,
    /// Set while writing fails: the file, to say its trouble once.
    write_failed: bool,
}

/// One report.
enum Report {
    Observation((Arc<str>, Observation)),
    Outcome((Arc<str>, Outcome)),
    ResolveRound(ResolveRound),
}

impl Coordinator {
    /// Starts from what an earlier run left.
    ///
    /// # Errors
    /// When the folder of `targets.path` cannot be made.
    pub(super) fn new(
        config: Arc<Config>,
        mut start: State,
        published: Published,
        wanted_hosts: watch::Sender<NeededHosts>,
        metrics: Metrics,
    ) -> anyhow::Result<(Coordinator, Vec<Project>)> {
        let mut names: Vec<_> = config.aiven.projects.clone();
        names.sort();
        let mut rooms = Vec::new();
        let mut projects = Vec::new();
        for name in names {
            let name: Arc<str> = name.into();
            let saved = start.projects.remove(&name).unwrap_or_default();
            let (room, pending_writes) = Room::new(Arc::clone(&name), saved, start.saved_at);
            let inventory = room.inventory().clone();
            let wanted = room.watch_wanted();
            rooms.push(room);
            projects.push(Project {
                name,
                inventory,
                pending_writes,
                wanted,
            });
        }
        metrics.expect_projects(rooms.iter().map(|room| &*room.name));
        let coordinator = Coordinator {
            targets: start::open_targets(&config)?,
            state: StateFile::new(&config.state_dir),
            config,
            rooms,
            addresses: start.addresses,
            published,
            wanted_hosts,
            metrics,
            unsaved: false,
            write_failed: false,
        };
        Ok((coordinator, projects))
    }

    /// Takes reports in and publishes what follows, until `stop`. The state is
    /// saved on return.
    pub(super) async fn keep(&mut self, mut inbox: Inbox, stop: &CancellationToken) {
        loop {
            let again = self.write_failed;
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                report = inbox.next() => match report {
                    Some(report) => self.take(report),
                    None => break,
                },
                () = sleep(WRITE_AGAIN), if again => {}
            }
            while let Some(report) = inbox.try_next() {
                self.take(report);
            }
            self.publish();
        }
        self.unsaved = true;
        self.publish();
    }

    /// Plans what is outdated and publishes the result, in memory and on disk.
    pub(super) fn publish(&mut self) {
        let rules = Rules {
            selection: &self.config.services,
            create: self.config.integration.create,
        };
        let mut changed = false;
        for room in &mut self.rooms {
            changed |= room.replan(&self.addresses, rules);
        }
        if changed {
            self.ask_for_addresses();
        }
        let snapshot = self.snapshot();
        self.published.swap(snapshot.clone());
        // Files are written on this task's own thread: it is the only writer,
        // and it has nothing else to do until they are on disk.
        tokio::task::block_in_place(|| self.write(&snapshot));
        self.published.swap(self.snapshot());
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            projects: self.rooms.iter().map(Room::snapshot).collect(),
            through_proxy: self.config.scrape_proxy.listen.is_some(),
            instance: self.config.instance_index,
        }
    }

    fn take(&mut self, report: Report) {
        let (name, worth_saving) = match report {
            Report::ResolveRound(pass) => return self.take_pass(pass),
            Report::Observation((name, observed)) => {
                let room = self.rooms.iter_mut().find(|room| room.name == name);
                (name, room.map(|room| room.take_observed(observed)))
            }
            Report::Outcome((name, outcome)) => {
                let room = self.rooms.iter_mut().find(|room| room.name == name);
                (name, room.map(|room| room.take_outcome(outcome)))
            }
        };
        debug_assert!(
            worth_saving.is_some(),
            "a report about {name}, which nobody asked for"
        );
        self.unsaved |= worth_saving == Some(true);
    }

    fn take_pass(&mut self, pass: ResolveRound) {
        if !pass.changed.is_empty() {
            self.addresses.extend(pass.changed);
            self.rooms.iter_mut().for_each(Room::addresses_changed);
            self.unsaved = true;
        }
        if let Some(at) = pass.ended {
            for room in &mut self.rooms {
                room.note_pass(at, &self.addresses);
            }
        }
    }

    /// Tells the resolver which names are wanted, and forgets the others.
    fn ask_for_addresses(&mut self) {
        let lookups = self.rooms.iter().flat_map(Room::lookups);
        let wanted: BTreeSet<Arc<str>> = lookups.cloned().collect();
        self.addresses.retain(|name, _| wanted.contains(name));
        self.wanted_hosts.send_if_modified(|hosts| {
            let differs = **hosts != wanted;
            if differs {
                *hosts = Arc::new(wanted);
            }
            differs
        });
    }

    /// Brings both files in line, the state first: a target list that is newer
    /// than the state would go back to the older one in a restart.
    fn write(&mut self, snapshot: &Snapshot) {
        let unsaved = self.save_state(snapshot).err();
        let unwritten = self.update_targets(snapshot).err();
        let targets = unwritten.map(|error| (self.config.targets.path.clone(), error));
        let state = unsaved.map(|error| (self.config.state_dir.clone(), error));
        self.note_writing(targets.or(state));
    }

    fn save_state(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        if !self.unsaved || !snapshot.is_ready() {
            return Ok(());
        }
        let projects = self.rooms.iter().map(Room::to_save);
        let tag_keys = self.config.services.tags.keys().map(String::as_str);
        self.state
            .save(Timestamp::now(), projects, &self.addresses, tag_keys)?;
        self.unsaved = false;
        Ok(())
    }

    fn update_targets(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        if self.targets.update(snapshot)? {
            self.metrics.snapshot_changed();
            let targets = snapshot
                .target_groups()
                .map(|group| group.targets().count());
            tracing::info!(targets = targets.sum::<usize>(), "target list written");
        }
        Ok(())
    }

    /// Says a failure once. What could not be written is tried again.
    fn note_writing(&mut self, failure: Option<(PathBuf, io::Error)>) {
        let now = Timestamp::now();
        match &failure {
            None if self.write_failed => tracing::info!("files can be written again"),
            Some((path, error)) if !self.write_failed => {
                tracing::error!(path = %path.display(), %error, "writing failed; the old file stays, /sd is current; free space or mend permissions");
            }
            None | Some(_) => {}
        }
        self.write_failed = failure.is_some();
        for room in &mut self.rooms {
            match &failure {
                None if room.is_known() => room.stages.publish.succeeded(now),
                None => {}
                Some((path, error)) => {
                    room.stages
                        .publish
                        .failed(now, format!("{}: {error}", path.display()));
                }
            }
        }
    }
}

impl Inbox {
    async fn next(&mut self) -> Option<Report> {
        tokio::select! {
            observed = self.observed.recv() => observed.map(Report::Observation),
            outcome = self.outcomes.recv() => outcome.map(Report::Outcome),
            pass = self.passes.recv() => pass.map(Report::ResolveRound),
        }
    }

    fn try_next(&mut self) -> Option<Report> {
        let observed = self.observed.try_recv().map(Report::Observation);
        observed
            .or_else(|_| self.outcomes.try_recv().map(Report::Outcome))
            .or_else(|_| self.passes.try_recv().map(Report::ResolveRound))
            .ok()
    }
}
