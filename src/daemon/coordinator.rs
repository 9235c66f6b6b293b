//! The one writer: takes reports in, plans, and publishes. What is known
//! belongs to it alone; the stages report facts and receive wishes.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::start;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::model::needed_endpoints::NeededEndpoints;
use crate::model::outage::{Failure, Outage};
use crate::model::plan::Rules;
use crate::model::project::{self, Absorbed, Event, PendingWrites, Project, UnlistedServices};
use crate::model::resolution::{Addresses, NeededHosts};
use crate::model::snapshot::Snapshot;
use crate::publish::Published;
use crate::publish::file_sd::TargetsFile;
use crate::publish::state::{State, StateFile};
use crate::resolve::{Progress, ResolveRound};

/// When to try again to write what could not be written.
const WRITE_AGAIN: Duration = Duration::from_secs(5);

/// Where reports come in.
pub(super) struct Inbox {
    pub(super) reports: mpsc::Receiver<(Arc<str>, project::Report)>,
    pub(super) rounds: mpsc::Receiver<ResolveRound>,
}

/// What the coordinator wants of the stages of one project.
pub(super) struct Wishes {
    pub(super) project: Arc<str>,
    pub(super) pending_writes: watch::Receiver<PendingWrites>,
    pub(super) needed_endpoints: watch::Receiver<NeededEndpoints>,
    pub(super) unlisted: watch::Receiver<UnlistedServices>,
}

/// The owner of all that is known.
pub(super) struct Coordinator {
    config: Arc<Config>,
    projects: Vec<Coordinated>,
    addresses: Addresses,
    /// Whether some address differs from what the plans know.
    addresses_changed: bool,
    published: Published,
    needed_hosts: watch::Sender<NeededHosts>,
    targets: TargetsFile,
    state: StateFile,
    metrics: Metrics,
    /// Whether there is something that the state file lacks.
    unsaved: bool,
    /// Set while some file cannot be written.
    writing: Outage,
}

/// A project, and where its stages hear what is wanted of them.
struct Coordinated {
    project: Project,
    pending_writes: watch::Sender<PendingWrites>,
    needed_endpoints: watch::Sender<NeededEndpoints>,
    unlisted: watch::Sender<UnlistedServices>,
}

/// One report.
enum Report {
    Project(Arc<str>, project::Report),
    Round(ResolveRound),
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
        metrics: Metrics,
    ) -> anyhow::Result<Coordinator> {
        let mut names: Vec<_> = config.aiven.projects.clone();
        names.sort();
        let projects: Vec<_> = names
            .into_iter()
            .map(|name| {
                let name: Arc<str> = name.into();
                let saved = start.projects.remove(&name).unwrap_or_default();
                Coordinated::new(Project::new(name, saved, start.saved_at))
            })
            .collect();
        metrics.expect_projects(projects.iter().map(|one| &**one.project.name()));
        Ok(Coordinator {
            targets: start::open_targets(&config)?,
            state: StateFile::new(&config.state_dir),
            config,
            projects,
            addresses: start.addresses,
            addresses_changed: false,
            published,
            needed_hosts: watch::Sender::default(),
            metrics,
            unsaved: false,
            writing: Outage::default(),
        })
    }

    /// What is wanted of the stages of each project.
    pub(super) fn wishes(&self) -> impl Iterator<Item = Wishes> {
        self.projects.iter().map(|one| Wishes {
            project: Arc::clone(one.project.name()),
            pending_writes: one.pending_writes.subscribe(),
            needed_endpoints: one.needed_endpoints.subscribe(),
            unlisted: one.unlisted.subscribe(),
        })
    }

    /// Which host names are to be kept resolved.
    pub(super) fn needed_hosts(&self) -> watch::Receiver<NeededHosts> {
        self.needed_hosts.subscribe()
    }

    /// Takes reports in and publishes what follows, until `stop`. The state is
    /// saved on return.
    pub(super) async fn run(&mut self, mut inbox: Inbox, stop: &CancellationToken) {
        loop {
            let write_again = self.writing.is_on();
            let departure = self.next_departure();
            let mut news = true;
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                report = inbox.next() => match report {
                    Some(report) => news = self.absorb(report),
                    None => break,
                },
                () = sleep(WRITE_AGAIN), if write_again => {}
                () = sleep(departure.unwrap_or_default()), if departure.is_some() => {}
            }
            while let Some(report) = inbox.try_next() {
                news |= self.absorb(report);
            }
            if news {
                self.depart();
                self.publish();
            }
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
        for one in &mut self.projects {
            let outdated = one.project.is_outdated();
            changed |= one.project.replan(&self.addresses, rules);
            one.send_wishes(outdated);
        }
        if changed {
            self.send_needed_hosts();
        }
        let snapshot = self.snapshot();
        self.published.swap(snapshot.clone());
        // Files are written on this task's own thread: it is the only writer,
        // and it has nothing else to do until they are on disk.
        tokio::task::block_in_place(|| self.write(&snapshot));
        self.published.swap(self.snapshot());
    }

    fn snapshot(&self) -> Snapshot {
        let projects = self.projects.iter();
        Snapshot {
            projects: projects.map(|one| one.project.snapshot()).collect(),
            through_proxy: self.config.scrape_proxy.listen.is_some(),
            instance: self.config.instance_index,
        }
    }

    /// Takes a report in. Returns whether there is something to publish.
    fn absorb(&mut self, report: Report) -> bool {
        match report {
            Report::Round(round) => return self.absorb_round(round),
            Report::Project(name, report) => {
                let mut projects = self.projects.iter_mut();
                let Some(one) = projects.find(|one| *one.project.name() == name) else {
                    debug_assert!(false, "a report about {name}, which is not configured");
                    return false;
                };
                let absorbed = one.project.absorb(report);
                self.conclude(&name, absorbed);
            }
        }
        true
    }

    fn absorb_round(&mut self, round: ResolveRound) -> bool {
        let now = Timestamp::now();
        let needed = Arc::clone(&self.needed_hosts.borrow());
        for (name, lookup) in round.lookups {
            // A name may have become unneeded while it was looked up.
            if needed.contains(&name) {
                self.addresses_changed |= self.addresses.absorb(name, lookup, now);
            }
        }
        if round.progress == Progress::Ongoing {
            return false;
        }
        if std::mem::take(&mut self.addresses_changed) {
            self.unsaved = true;
            let projects = self.projects.iter_mut();
            projects.for_each(|one| one.project.addresses_changed());
        }
        if let Progress::Ended(at) = round.progress {
            for one in &mut self.projects {
                one.project.note_resolve_round(at, &self.addresses);
            }
        }
        true
    }

    /// Forgets what is gone for good.
    fn depart(&mut self) {
        let now = Timestamp::now();
        let grace = self.config.targets.removal_grace;
        for index in 0..self.projects.len() {
            let project = &mut self.projects[index].project;
            let absorbed = project.forget_departed(now, grace);
            if absorbed != Absorbed::default() {
                let name = Arc::clone(project.name());
                self.conclude(&name, absorbed);
            }
        }
    }

    /// The time until something is gone for good, if anything is about to be.
    fn next_departure(&self) -> Option<Duration> {
        let grace = self.config.targets.removal_grace;
        let projects = self.projects.iter();
        let next = projects.filter_map(|one| one.project.next_departure(grace));
        let wait = next.min()?.duration_since(Timestamp::now());
        Some(Duration::try_from(wait).unwrap_or_default())
    }

    /// Notes and says what came of a report.
    fn conclude(&mut self, project: &str, absorbed: Absorbed) {
        self.unsaved |= absorbed.worth_saving;
        for event in absorbed.events {
            match event {
                Event::ListingDistrusted { distrust, missing } => {
                    self.metrics.listing_distrusted(project, distrust);
                    // The observer has already logged a listing that it could not read.
                    if let Some(missing) = missing {
                        tracing::warn!(
                            project,
                            reason = distrust.as_str(),
                            missing,
                            "listing not trusted; services missing from it keep their targets until Aiven denies them by name"
                        );
                    }
                }
                Event::Departed(service) => {
                    tracing::info!(project, %service, "service is gone: Aiven confirmed it and the removal grace is over");
                }
            }
        }
    }

    /// Tells the resolver which names are needed, and forgets the others.
    fn send_needed_hosts(&mut self) {
        let needed = project::needed_hosts(self.projects.iter().map(|one| &one.project));
        self.addresses.retain(&needed);
        self.needed_hosts.send_if_modified(|hosts| {
            let differs = **hosts != needed;
            if differs {
                *hosts = Arc::new(needed);
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
        let projects = self.projects.iter().map(|one| &one.project);
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
        let Some((path, error)) = failure else {
            if self.writing.end(now).is_some() {
                tracing::info!("files can be written again");
            }
            let known = self
                .projects
                .iter_mut()
                .filter(|one| one.project.is_known());
            known.for_each(|one| one.project.stages.publish.succeeded(now));
            return;
        };
        let path = path.display();
        if self.writing.begin(now) == Failure::First {
            tracing::error!(%path, %error, "writing failed; the old file stays, /sd is current; free space or mend permissions");
        }
        for one in &mut self.projects {
            let cause = format!("{path}: {error}");
            one.project.stages.publish.failed(now, cause);
        }
    }
}

impl Coordinated {
    fn new(project: Project) -> Coordinated {
        Coordinated {
            project,
            pending_writes: watch::Sender::default(),
            needed_endpoints: watch::Sender::default(),
            unlisted: watch::Sender::default(),
        }
    }

    /// Wakes the stages of which something else is wanted than before.
    fn send_wishes(&self, planned: bool) {
        if planned {
            send_if_different(&self.pending_writes, self.project.pending_writes());
            send_if_different(&self.needed_endpoints, self.project.needed_endpoints());
        }
        send_if_different(&self.unlisted, self.project.unlisted_services().clone());
    }
}

fn send_if_different<T: PartialEq>(channel: &watch::Sender<T>, next: T) {
    channel.send_if_modified(|sent| {
        let differs = *sent != next;
        *sent = next;
        differs
    });
}

impl Inbox {
    async fn next(&mut self) -> Option<Report> {
        tokio::select! {
            report = self.reports.recv() => report.map(|(name, report)| Report::Project(name, report)),
            round = self.rounds.recv() => round.map(Report::Round),
        }
    }

    fn try_next(&mut self) -> Option<Report> {
        let report = self.reports.try_recv();
        report
            .map(|(name, report)| Report::Project(name, report))
            .or_else(|_| self.rounds.try_recv().map(Report::Round))
            .ok()
    }
}
