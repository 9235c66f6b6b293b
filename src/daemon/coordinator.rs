//! The coordinator takes reports in, plans, and publishes. It alone owns what is
//! known; the stages report facts and receive wishes.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::supervisor::{Supervisor, attempt};
use crate::config::Config;
use crate::metrics::Metrics;
use crate::model::cloud_foundry::{Knowledge, NeededInstances};
use crate::model::needed_endpoints::NeededEndpoints;
use crate::model::outage::Outage;
use crate::model::plan::Rules;
use crate::model::project::{self, Absorbed, Event, PendingWrites, Project, UnlistedServices};
use crate::model::resolution::{Addresses, NeededHosts};
use crate::model::snapshot::Snapshot;
use crate::model::task::{RestartPause, Task};
use crate::publish::Published;
use crate::publish::file_sd::TargetsFile;
use crate::publish::state::{State, StateFile};
use crate::resolve::{Progress, ResolveRound};

mod cloud_foundry;
mod files;
mod inbox;
mod recovery;

pub(super) use inbox::Inbox;
use inbox::Report;

/// How often the files are looked after though nothing was reported: what could
/// not be written is written again, and what somebody took away is put back.
const FILES_INTERVAL: Duration = Duration::from_secs(5);

/// What the coordinator wants from the stages of one project.
pub(super) struct Wishes {
    pub(super) project: Arc<str>,
    pub(super) pending_writes: watch::Receiver<PendingWrites>,
    pub(super) needed_endpoints: watch::Receiver<NeededEndpoints>,
    pub(super) unlisted: watch::Receiver<UnlistedServices>,
}

/// The owner of everything that is known.
pub(super) struct Coordinator {
    config: Arc<Config>,
    projects: Vec<ProjectEntry>,
    addresses: Addresses,
    /// Whether some address changed since the plans were made.
    addresses_changed: bool,
    published: Published,
    needed_hosts: watch::Sender<NeededHosts>,
    /// What Cloud Foundry told, if it is to be asked.
    cloud_foundry: Option<Knowledge>,
    needed_instances: watch::Sender<NeededInstances>,
    targets: TargetsFile,
    state: StateFile,
    metrics: Metrics,
    supervisor: Supervisor,
    /// Whether something changed since the state file was written.
    unsaved: bool,
    /// Set while some file cannot be written.
    writing: Outage,
}

/// A project, and the channels of its wishes.
struct ProjectEntry {
    project: Project,
    pending_writes: watch::Sender<PendingWrites>,
    needed_endpoints: watch::Sender<NeededEndpoints>,
    unlisted: watch::Sender<UnlistedServices>,
}

impl Coordinator {
    /// Starts with what an earlier run saved.
    pub(super) fn new(
        config: Arc<Config>,
        mut start: State,
        published: Published,
        metrics: Metrics,
        supervisor: Supervisor,
    ) -> Coordinator {
        let mut names: Vec<_> = config.aiven.projects.clone();
        names.sort();
        let projects: Vec<_> = names
            .into_iter()
            .map(|name| {
                let name: Arc<str> = name.into();
                let saved = start.projects.remove(&name).unwrap_or_default();
                ProjectEntry::new(Project::new(name, saved, start.saved_at))
            })
            .collect();
        metrics.expect_projects(projects.iter().map(|entry| &**entry.project.name()));
        Coordinator {
            targets: TargetsFile::open(config.targets.path.clone()),
            state: StateFile::new(&config.state_dir),
            cloud_foundry: config.cloud_foundry.is_some().then(Knowledge::default),
            needed_instances: watch::Sender::default(),
            config,
            projects,
            addresses: start.addresses,
            addresses_changed: false,
            published,
            needed_hosts: watch::Sender::default(),
            metrics,
            supervisor,
            unsaved: false,
            writing: Outage::default(),
        }
    }

    /// The wishes for the stages of each project.
    pub(super) fn wishes(&self) -> impl Iterator<Item = Wishes> {
        self.projects.iter().map(|entry| Wishes {
            project: Arc::clone(entry.project.name()),
            pending_writes: entry.pending_writes.subscribe(),
            needed_endpoints: entry.needed_endpoints.subscribe(),
            unlisted: entry.unlisted.subscribe(),
        })
    }

    /// The host names to keep resolved.
    pub(super) fn needed_hosts(&self) -> watch::Receiver<NeededHosts> {
        self.needed_hosts.subscribe()
    }

    /// Takes reports in and publishes the result, until `stop` is cancelled. The
    /// state is saved on return.
    ///
    /// After a panic it goes on from what is published, which nobody loses meanwhile.
    pub(super) async fn run(&mut self, mut inbox: Inbox, stop: &CancellationToken) {
        let mut pause = RestartPause::default();
        loop {
            let began = Instant::now();
            let supervisor = self.supervisor.clone();
            let working = self.work(&mut inbox, stop);
            let Some(cause) = supervisor.guarded(Task::Coordinate, working).await else {
                break;
            };
            let pause = pause.after(began.elapsed());
            supervisor.note(&Task::Coordinate.of_all(), pause, cause);
            self.go_back();
            tokio::select! {
                () = sleep(pause) => {}
                () = stop.cancelled() => break,
            }
        }
        self.unsaved = true;
        self.publish();
    }

    async fn work(&mut self, inbox: &mut Inbox, stop: &CancellationToken) {
        let mut look_after_files = interval(FILES_INTERVAL);
        look_after_files.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let departure = self.next_departure();
            let mut must_publish = true;
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                report = inbox.next() => match report {
                    Some(report) => must_publish = self.absorb(report),
                    None => break,
                },
                _ = look_after_files.tick() => must_publish = self.writing.is_on() || self.files_differ(),
                () = sleep(departure.unwrap_or_default()), if departure.is_some() => {}
            }
            while let Some(report) = inbox.try_next() {
                must_publish |= self.absorb(report);
            }
            if must_publish {
                self.forget_departed();
                self.publish_now();
            }
        }
    }

    /// Plans what is outdated and publishes the result, in memory and on disk.
    fn publish_now(&mut self) {
        let rules = Rules {
            selection: &self.config.services,
            create: self.config.integration.create,
        };
        let foundation = self.cloud_foundry.as_ref().map(Knowledge::foundation);
        let mut changed = false;
        for entry in &mut self.projects {
            let outdated = entry.project.is_outdated();
            match attempt(|| entry.project.replan(&self.addresses, foundation, rules)) {
                Ok(replanned) => {
                    changed |= replanned.differs;
                    self.unsaved |= replanned.identities;
                    self.metrics.labels_renamed(replanned.renames);
                }
                // Its last plan stays published.
                Err(cause) => {
                    let duty = Task::Coordinate.of(entry.project.name());
                    self.supervisor.note(&duty, Duration::ZERO, cause);
                }
            }
            entry.send_wishes(outdated);
        }
        if changed {
            self.send_needed_hosts();
            self.send_needed_instances();
        }
        let snapshot = self.snapshot();
        self.published.swap(snapshot.clone());
        // This task writes the files itself, without another task: it has nothing
        // else to do until they are on disk.
        tokio::task::block_in_place(|| self.write(&snapshot));
        self.published.swap(self.snapshot());
    }

    fn snapshot(&self) -> Snapshot {
        let projects = self.projects.iter();
        Snapshot {
            projects: projects.map(|entry| entry.project.snapshot()).collect(),
            through_proxy: self.config.scrape_proxy.listen.is_some(),
            instance: self.config.instance_index,
            cloud_foundry: self
                .cloud_foundry
                .as_ref()
                .map(|known| known.stage().clone()),
        }
    }

    /// Takes a report in. Returns whether to publish.
    fn absorb(&mut self, report: Report) -> bool {
        match report {
            Report::Round(round) => return self.absorb_round(round),
            Report::CloudFoundry(report) => self.absorb_cloud_foundry(report),
            Report::Project(name, report) => {
                let mut projects = self.projects.iter_mut();
                let Some(index) = projects.position(|entry| *entry.project.name() == name) else {
                    debug_assert!(false, "a report about {name}, which is not configured");
                    return false;
                };
                self.absorb_report(index, report);
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
            projects.for_each(|entry| entry.project.surroundings_changed());
        }
        if let Progress::Ended(at) = round.progress {
            for entry in &mut self.projects {
                entry.project.note_resolve_round(at, &self.addresses);
            }
        }
        true
    }

    /// Forgets the services that are gone for good.
    fn forget_departed(&mut self) {
        let now = Timestamp::now();
        let grace = self.config.targets.removal_grace;
        let departed = self.projects.iter_mut().map(|entry| {
            let absorbed = entry.project.forget_departed(now, grace);
            (Arc::clone(entry.project.name()), absorbed)
        });
        for (name, absorbed) in departed.collect::<Vec<_>>() {
            if absorbed != Absorbed::default() {
                self.conclude(&name, absorbed);
            }
        }
    }

    /// The time until the next service is gone for good, if any is about to be.
    fn next_departure(&self) -> Option<Duration> {
        let grace = self.config.targets.removal_grace;
        let projects = self.projects.iter();
        let next = projects.filter_map(|entry| entry.project.next_departure(grace));
        let wait = next.min()?.duration_since(Timestamp::now());
        Some(Duration::try_from(wait).unwrap_or_default())
    }

    /// Counts and logs what happened because of a report.
    fn conclude(&mut self, project: &str, absorbed: Absorbed) {
        self.unsaved |= absorbed.worth_saving;
        for event in absorbed.events {
            match event {
                Event::ListingDistrusted {
                    distrust,
                    missing,
                    doubtful,
                } => {
                    self.metrics.listing_distrusted(project, distrust);
                    // The observer has already logged a listing that it could not read.
                    if let Some(missing) = missing {
                        tracing::warn!(
                            project,
                            reason = distrust.as_str(),
                            missing,
                            doubtful,
                            "listing not trusted; what it lacks or ends stays as it was until Aiven, asked by name, says the same"
                        );
                    }
                }
                Event::OddRows(odd) => {
                    for row in odd.rows() {
                        tracing::warn!(
                            project,
                            rows = odd.count(),
                            "{row}; the other rows are used"
                        );
                    }
                }
                Event::NoOddRows(list) => {
                    tracing::info!(
                        project,
                        "all rows of Aiven's {} can be read again",
                        list.as_str()
                    );
                }
                Event::Departed(service) => {
                    tracing::info!(project, %service, "service is gone: Aiven confirmed it and the removal grace is over");
                }
            }
        }
    }

    /// Sends the needed names to the resolver, and forgets the addresses of others.
    fn send_needed_hosts(&mut self) {
        let needed = project::needed_hosts(self.projects.iter().map(|entry| &entry.project));
        self.addresses.retain(&needed);
        send_if_different(&self.needed_hosts, Arc::new(needed));
    }
}

impl ProjectEntry {
    fn new(project: Project) -> ProjectEntry {
        ProjectEntry {
            project,
            pending_writes: watch::Sender::default(),
            needed_endpoints: watch::Sender::default(),
            unlisted: watch::Sender::default(),
        }
    }

    /// Sends the wishes that changed; each wakes its stage.
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
