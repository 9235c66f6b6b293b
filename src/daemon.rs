//! The daemon: all parts together. The coordinator owns everything that is known,
//! plans and publishes. The other tasks ask Aiven and DNS, or carry out the plan.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::aiven::Client;
use crate::cloud_foundry::Reader;
use crate::config::Config;
use crate::integrate::Integrator;
use crate::metrics::Metrics;
use crate::model::cloud_foundry::{self, NeededInstances};
use crate::model::needed_endpoints::NeededEndpoints;
use crate::model::outage::Outages;
use crate::model::project;
use crate::model::resolution::NeededHosts;
use crate::model::task::Task;
use crate::model::write_budget::WriteBudget;
use crate::model::write_window::WriteWindow;
use crate::node_access::{self, AccessTasks, Timing};
use crate::observe::{Observer, SharedOutages};
use crate::publish::Published;
use crate::publish::history::{HistoryBoard, Recorder};
use crate::publish::restarts::Restarts;
use crate::publish::scrape_results::ScrapeResults;
use crate::publish::surroundings::SurroundingsBoard;
use crate::resolve::{self, NameResolver, ResolveRound};
use crate::scrape_proxy::ScrapeProxy;
use crate::web::{Boards, Web};

mod coordinator;
mod drain;
#[cfg(test)]
mod faults;
mod http_client;
mod lock;
mod port;
mod start;
mod supervisor;
mod surroundings;
#[cfg(test)]
mod tests;

use coordinator::{Coordinator, Inbox, Wishes};
pub(crate) use http_client::api_client;
use http_client::cloud_foundry_reader;
use lock::Lock;
use port::Port;
use supervisor::{Duty, Supervisor};
use surroundings::Watch;

/// How many reports may wait for the coordinator.
const MAX_QUEUED_REPORTS: usize = 64;

/// A daemon that holds its lock and its ports, and has published what the last
/// run saved. Nothing runs yet.
pub struct Daemon {
    config: Arc<Config>,
    _lock: Lock,
    web_port: Port,
    proxy_port: Option<Port>,
    metrics: Metrics,
    restarts: Restarts,
    surroundings: SurroundingsBoard,
    supervisor: Supervisor,
    resolver: NameResolver,
    client: Arc<Client>,
    cloud_foundry: Option<Reader>,
    published: Published,
    coordinator: Coordinator,
}

/// Where the stages send their reports.
#[derive(Clone)]
struct Outbox {
    reports: mpsc::Sender<(Arc<str>, project::Report)>,
    rounds: mpsc::Sender<ResolveRound>,
    cloud_foundry: mpsc::Sender<cloud_foundry::Report>,
}

/// Builds a daemon and serves until `stop` is cancelled.
///
/// # Errors
/// Those of [`Daemon::build`].
pub async fn run(config: Config, stop: CancellationToken) -> anyhow::Result<()> {
    Daemon::build(config).await?.serve(stop).await;
    Ok(())
}

impl Daemon {
    /// Takes the lock and the ports, and publishes what the last run saved.
    ///
    /// # Errors
    /// When another daemon uses the state directory or a port, or DNS cannot be used.
    pub async fn build(config: Config) -> anyhow::Result<Daemon> {
        let config = Arc::new(config);
        let lock = Lock::take(&config.state_dir)?;
        let web_port = Port::open("web.listen", config.web.listen).await?;
        let proxy_port = match config.scrape_proxy.listen {
            Some(address) => Some(Port::open("scrape_proxy.listen", address).await?),
            None => None,
        };
        let metrics = Metrics::default();
        let restarts = Restarts::default();
        let supervisor = Supervisor::new(restarts.clone(), metrics.clone());
        let dns = &config.dns;
        let surroundings = SurroundingsBoard::default();
        surroundings.note_configured(config.own_certificates());
        let resolver = NameResolver::new(&dns.nameservers, dns.timeout, config.address_rules());
        let resolver = resolver.noting(surroundings.clone());
        let client = api_client(&config, &resolver, metrics.clone())?;
        let client = Arc::new(client.noting(surroundings.clone()));
        let secrets = client.secrets();
        let cloud_foundry = cloud_foundry_reader(&config, &resolver, metrics.clone(), secrets);
        let published = Published::default();
        let mut coordinator = Coordinator::new(
            Arc::clone(&config),
            start::restore(&config),
            published.clone(),
            metrics.clone(),
            supervisor.clone(),
        );
        coordinator.publish();
        Ok(Daemon {
            config,
            _lock: lock,
            web_port,
            proxy_port,
            metrics,
            restarts,
            surroundings,
            supervisor,
            resolver,
            client,
            cloud_foundry,
            published,
            coordinator,
        })
    }

    /// Runs until `stop` is cancelled and the scrapes then in flight have ended.
    /// On return the state is saved and the ports are free.
    pub async fn serve(self, stop: CancellationToken) {
        let (inbox, outbox) = mailbox();
        let results = ScrapeResults::default();
        let secrets = self.client.secrets();
        let (node_access, access_tasks) =
            node_access::open(&self.config, Timing::default(), &secrets);
        let access_tasks = access_tasks.noting(self.surroundings.clone());
        let mut stages = Stages {
            config: &self.config,
            client: self.client,
            access_tasks: Arc::new(access_tasks),
            budget: Arc::new(Mutex::new(WriteBudget::new(
                self.config.integration.creates_per_minute,
            ))),
            metrics: self.metrics.clone(),
            outages: Arc::new(Mutex::new(Outages::default())),
            outbox,
            supervisor: self.supervisor.clone(),
            stop: stop.clone(),
            tasks: JoinSet::new(),
        };
        let history = stages.history(&self.published, &results, &self.restarts);
        stages.watch(&self.surroundings, &history);
        let boards = Boards {
            published: self.published.clone(),
            results: results.clone(),
            restarts: self.restarts,
            surroundings: self.surroundings.clone(),
            history,
            scrape_proxy: self.proxy_port.as_ref().map(Port::address),
        };
        let expose = self.config.web.expose_status;
        let web = Web::new(boards, &self.metrics, expose, stop.clone());
        let web = Arc::new(web.secured(self.config.web.tls.clone()));
        let port = Arc::new(self.web_port);
        // It can be asked as long as the process lives, so it is kept past `stop`.
        let never = CancellationToken::new();
        stages.tasks.spawn(
            self.supervisor
                .clone()
                .keep(Task::Web.of_all(), never, move || {
                    let (web, port) = (Arc::clone(&web), Arc::clone(&port));
                    async move { web.serve(port.listener().await).await }
                }),
        );
        stages.resolve(self.resolver, self.coordinator.needed_hosts());
        if let Some(reader) = self.cloud_foundry {
            stages.cloud_foundry(reader, self.coordinator.needed_instances());
        }
        for wishes in self.coordinator.wishes() {
            stages.spawn(wishes);
        }
        // Only now does node_access hold the saved credentials of every project.
        let proxy = self.proxy_port.map(|port| {
            let timeout = self.config.scrape_proxy.timeout;
            let (published, metrics) = (self.published, self.metrics);
            let proxy =
                ScrapeProxy::new(published, node_access, results, metrics, secrets, timeout);
            let proxy = proxy.within(self.surroundings);
            stages.scrape_proxy(Arc::new(proxy), Arc::new(port))
        });
        let mut tasks = stages.tasks;
        let mut coordinator = self.coordinator;
        drain::run(&mut coordinator, inbox, proxy, &stop).await;
        // The next daemon on the same ports may start as soon as this one returns.
        tasks.shutdown().await;
    }
}

fn mailbox() -> (Inbox, Outbox) {
    let (reports, reports_inbox) = mpsc::channel(MAX_QUEUED_REPORTS);
    let (rounds, rounds_inbox) = mpsc::channel(MAX_QUEUED_REPORTS);
    let (cloud_foundry, cloud_foundry_inbox) = mpsc::channel(MAX_QUEUED_REPORTS);
    let inbox = Inbox {
        reports: reports_inbox,
        rounds: rounds_inbox,
        cloud_foundry: cloud_foundry_inbox,
    };
    let outbox = Outbox {
        reports,
        rounds,
        cloud_foundry,
    };
    (inbox, outbox)
}

/// What the stages of all projects share.
struct Stages<'a> {
    config: &'a Config,
    client: Arc<Client>,
    access_tasks: Arc<AccessTasks>,
    budget: Arc<Mutex<WriteBudget>>,
    metrics: Metrics,
    outages: SharedOutages,
    outbox: Outbox,
    supervisor: Supervisor,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Stages<'_> {
    /// Keeps a task going until the daemon stops.
    fn keep<Running>(&mut self, duty: Duty, start: impl FnMut() -> Running + Send + 'static)
    where
        Running: Future<Output = ()> + Send + 'static,
    {
        let supervisor = self.supervisor.clone();
        self.tasks
            .spawn(supervisor.keep(duty, self.stop.clone(), start));
    }

    /// Starts recording what changes.
    fn history(
        &mut self,
        published: &Published,
        results: &ScrapeResults,
        restarts: &Restarts,
    ) -> HistoryBoard {
        let board = HistoryBoard::default();
        let recorder = Recorder::new(
            board.clone(),
            published.clone(),
            results.clone(),
            restarts.clone(),
        );
        self.keep(Task::History.of_all(), move || recorder.clone().run());
        board
    }

    /// Starts watching the surroundings.
    fn watch(&mut self, board: &SurroundingsBoard, history: &HistoryBoard) {
        let watch = Watch {
            board: board.clone(),
            history: history.clone(),
        };
        self.keep(Task::Surroundings.of_all(), move || watch.clone().run());
    }

    /// Starts looking host names up.
    fn resolve(&mut self, resolver: NameResolver, needed: watch::Receiver<NeededHosts>) {
        let interval = self.config.dns.poll_interval;
        let (rounds, metrics) = (self.outbox.rounds.clone(), self.metrics.clone());
        self.keep(Task::Resolve.of_all(), move || {
            let (resolver, needed) = (resolver.clone(), needed.clone());
            resolve::keep_resolved(resolver, needed, interval, rounds.clone(), metrics.clone())
        });
    }

    /// Starts reading Cloud Controller.
    fn cloud_foundry(&mut self, reader: Reader, needed: watch::Receiver<NeededInstances>) {
        let reports = self.outbox.cloud_foundry.clone();
        self.keep(Task::CloudFoundry.of_all(), move || {
            reader.clone().run(needed.clone(), reports.clone())
        });
    }

    /// Starts the stages of one project.
    fn spawn(&mut self, wishes: Wishes) {
        let Wishes {
            project,
            pending_writes,
            needed_endpoints,
            unlisted,
        } = wishes;
        let window = WriteWindow::of_instance(self.config.instance_index);
        self.node_access(&project, window, needed_endpoints);
        let observer = self.observer(&project);
        let one = observer.clone();
        self.keep(Task::List.of(&project), move || one.clone().list_services());
        let one = observer.clone();
        self.keep(Task::AskByName.of(&project), move || {
            one.clone().ask_for_unlisted(unlisted.clone())
        });
        let one = observer.clone();
        self.keep(Task::Types.of(&project), move || {
            one.clone().keep_types_known()
        });
        let choice = self.config.integration.endpoint.clone();
        self.keep(Task::Endpoint.of(&project), move || {
            observer.clone().keep_endpoint_known(choice.clone())
        });
        let integrator = Integrator {
            project: Arc::clone(&project),
            client: Arc::clone(&self.client),
            endpoint: self.config.integration.endpoint.clone(),
            window,
            budget: Arc::clone(&self.budget),
            metrics: self.metrics.clone(),
            reports: self.outbox.reports.clone(),
        };
        self.keep(Task::Integrate.of(&project), move || {
            integrator.clone().run(pending_writes.clone())
        });
    }

    /// Starts what keeps a project's trust and credentials current.
    fn node_access(
        &mut self,
        project: &Arc<str>,
        window: WriteWindow,
        needed: watch::Receiver<NeededEndpoints>,
    ) {
        let tasks = Arc::clone(&self.access_tasks);
        let client = Arc::clone(&self.client);
        let name = Arc::clone(project);
        let make = move || tasks.of(&name, Arc::clone(&client), window, needed.clone());
        // Made at once, so that the first scrape finds the saved credentials.
        let mut first = Some(make());
        self.keep(Task::NodeAccess.of(project), move || {
            first.take().unwrap_or_else(&make).run()
        });
    }

    fn observer(&self, project: &Arc<str>) -> Observer {
        Observer {
            project: Arc::clone(project),
            client: Arc::clone(&self.client),
            interval: self.config.aiven.poll_interval,
            timeout: self.config.aiven.request_timeout,
            tag_keys: self.config.services.tags.keys().cloned().collect(),
            reads_claims: self.config.cloud_foundry.is_some(),
            reports: self.outbox.reports.clone(),
            outages: Arc::clone(&self.outages),
        }
    }

    /// Starts relaying scrapes; ends when the scrapes in flight at the stop have.
    fn scrape_proxy(&mut self, proxy: Arc<ScrapeProxy>, port: Arc<Port>) -> AbortOnDropHandle<()> {
        let tidying = Arc::clone(&proxy);
        self.keep(Task::ScrapeUpkeep.of_all(), move || {
            Arc::clone(&tidying).tidy_up()
        });
        let stop = self.stop.clone();
        let supervisor = self.supervisor.clone();
        let (stopped, closing) = (stop.clone(), Arc::clone(&port));
        // The next daemon may have the port while the last scrapes are still answered.
        self.tasks.spawn(async move {
            stopped.cancelled().await;
            closing.close();
        });
        let serving = supervisor.keep(Task::ScrapeProxy.of_all(), self.stop.clone(), move || {
            let (proxy, port, stop) = (Arc::clone(&proxy), Arc::clone(&port), stop.clone());
            async move {
                let listener = tokio::select! {
                    biased;
                    listener = port.listener() => listener,
                    () = stop.cancelled() => return,
                };
                proxy.serve(listener, stop).await;
            }
        });
        AbortOnDropHandle::new(tokio::spawn(serving))
    }
}
