//! The daemon: all parts together. The coordinator owns everything that is known,
//! plans and publishes. The other tasks ask Aiven and DNS, or carry out the plan.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::aiven::Client;
use crate::config::Config;
use crate::integrate::Integrator;
use crate::metrics::Metrics;
use crate::model::project;
use crate::model::write_budget::WriteBudget;
use crate::model::write_window::WriteWindow;
use crate::node_access::{self, AccessTasks, Timing};
use crate::observe::Observer;
use crate::publish::Published;
use crate::publish::scrape_results::ScrapeResults;
use crate::resolve::{self, NameResolver, ResolveRound};
use crate::scrape_proxy::ScrapeProxy;
use crate::web::Web;

mod coordinator;
mod drain;
mod http_client;
mod lock;
mod start;

use coordinator::{Coordinator, Inbox, Wishes};
pub(crate) use http_client::api_client;
use lock::Lock;

/// How many reports may wait for the coordinator.
const MAX_QUEUED_REPORTS: usize = 64;

/// A daemon that holds its lock and its ports, and has published what the last
/// run saved. Nothing runs yet.
pub struct Daemon {
    config: Arc<Config>,
    _lock: Lock,
    web_listener: TcpListener,
    proxy_listener: Option<TcpListener>,
    metrics: Metrics,
    resolver: NameResolver,
    client: Arc<Client>,
    published: Published,
    coordinator: Coordinator,
}

/// Where the stages send their reports.
#[derive(Clone)]
struct Outbox {
    reports: mpsc::Sender<(Arc<str>, project::Report)>,
    rounds: mpsc::Sender<ResolveRound>,
}

/// Builds a daemon and serves until `stop` is cancelled.
///
/// # Errors
/// Those of [`Daemon::build`] and [`Daemon::serve`].
pub async fn run(config: Config, stop: CancellationToken) -> anyhow::Result<()> {
    Daemon::build(config).await?.serve(stop).await
}

impl Daemon {
    /// Takes the lock and the ports, and publishes what the last run saved.
    ///
    /// # Errors
    /// When another daemon uses the state directory or a port, or DNS cannot be used.
    pub async fn build(config: Config) -> anyhow::Result<Daemon> {
        let config = Arc::new(config);
        let lock = Lock::take(&config.state_dir)?;
        let web_listener = listen("web.listen", config.web.listen).await?;
        let proxy_listener = match config.scrape_proxy.listen {
            Some(address) => Some(listen("scrape_proxy.listen", address).await?),
            None => None,
        };
        let metrics = Metrics::default();
        let resolver = NameResolver::new(&config.dns.nameservers, config.dns.timeout)?;
        let client = Arc::new(api_client(&config, &resolver, metrics.clone())?);
        let published = Published::default();
        let mut coordinator = Coordinator::new(
            Arc::clone(&config),
            start::restore(&config),
            published.clone(),
            metrics.clone(),
        );
        coordinator.publish();
        Ok(Daemon {
            config,
            _lock: lock,
            web_listener,
            proxy_listener,
            metrics,
            resolver,
            client,
            published,
            coordinator,
        })
    }

    /// Runs until `stop` is cancelled and the scrapes then in flight have ended.
    /// On return the state is saved and the ports are free.
    ///
    /// # Errors
    /// When a part of the daemon ends too early, which is a defect.
    pub async fn serve(self, stop: CancellationToken) -> anyhow::Result<()> {
        let mut tasks = JoinSet::new();
        let (inbox, outbox) = mailbox();
        let results = ScrapeResults::default();
        let web = Web::new(
            self.published.clone(),
            results.clone(),
            &self.metrics,
            self.config.web.expose_status,
            stop.clone(),
        );
        tasks.spawn(web.serve(self.web_listener));
        tasks.spawn(resolve::keep_resolved(
            self.resolver,
            self.coordinator.needed_hosts(),
            self.config.dns.poll_interval,
            outbox.rounds.clone(),
            self.metrics.clone(),
        ));
        let (node_access, access_tasks) = node_access::open(&self.config, Timing::default());
        let stages = Stages {
            config: &self.config,
            client: self.client,
            access_tasks,
            budget: Arc::new(Mutex::new(WriteBudget::new(
                self.config.integration.creates_per_minute,
            ))),
            metrics: self.metrics.clone(),
            outbox,
        };
        for wishes in self.coordinator.wishes() {
            stages.spawn(wishes, &mut tasks);
        }
        // Only now does node_access hold the saved credentials of every project.
        let proxy = self.proxy_listener.map(|listener| {
            let timeout = self.config.scrape_proxy.timeout;
            let proxy =
                ScrapeProxy::new(self.published, node_access, results, self.metrics, timeout);
            AbortOnDropHandle::new(tokio::spawn(proxy.serve(listener, stop.clone())))
        });
        drop(stages);
        let mut coordinator = self.coordinator;
        let ended = tokio::select! {
            ended = drain::run(&mut coordinator, inbox, proxy, &stop) => ended,
            Some(ended) = tasks.join_next() => Err(ended_early(ended)),
        };
        // The next daemon on the same ports may start as soon as this one returns.
        tasks.shutdown().await;
        ended
    }
}

fn mailbox() -> (Inbox, Outbox) {
    let (reports, reports_inbox) = mpsc::channel(MAX_QUEUED_REPORTS);
    let (rounds, rounds_inbox) = mpsc::channel(MAX_QUEUED_REPORTS);
    let inbox = Inbox {
        reports: reports_inbox,
        rounds: rounds_inbox,
    };
    (inbox, Outbox { reports, rounds })
}

fn ended_early(ended: Result<(), tokio::task::JoinError>) -> anyhow::Error {
    let report = "this is a defect, please report it";
    match ended {
        Ok(()) => anyhow!("a part of the daemon ended that should run until the end; {report}"),
        Err(failure) => {
            anyhow::Error::new(failure).context(format!("a part of the daemon failed; {report}"))
        }
    }
}

/// What the stages of all projects share.
struct Stages<'a> {
    config: &'a Config,
    client: Arc<Client>,
    access_tasks: AccessTasks,
    budget: Arc<Mutex<WriteBudget>>,
    metrics: Metrics,
    outbox: Outbox,
}

impl Stages<'_> {
    /// Starts the stages of one project.
    fn spawn(&self, wishes: Wishes, tasks: &mut JoinSet<()>) {
        let config = self.config;
        let client = || Arc::clone(&self.client);
        let window = WriteWindow::of_instance(config.instance_index);
        let access =
            self.access_tasks
                .of(&wishes.project, client(), window, wishes.needed_endpoints);
        tasks.spawn(access.run());
        let observer = Observer {
            project: Arc::clone(&wishes.project),
            client: client(),
            interval: config.aiven.poll_interval,
            timeout: config.aiven.request_timeout,
            tag_keys: config.services.tags.keys().cloned().collect(),
            reports: self.outbox.reports.clone(),
        };
        let choice = config.integration.endpoint.clone();
        tasks.spawn(observer.clone().list_services());
        tasks.spawn(observer.clone().ask_for_unlisted(wishes.unlisted));
        tasks.spawn(observer.keep_setup_known(choice));
        let integrator = Integrator {
            project: wishes.project,
            client: client(),
            endpoint: config.integration.endpoint.clone(),
            window,
            budget: Arc::clone(&self.budget),
            metrics: self.metrics.clone(),
            reports: self.outbox.reports.clone(),
        };
        tasks.spawn(integrator.run(wishes.pending_writes));
    }
}

/// Listens on the address of a configuration key.
async fn listen(key: &'static str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("{key}: cannot listen on {address}; free the port or choose another")
    })?;
    // With port 0 the system chooses the port, so the log must name it.
    tracing::info!(key, address = %listener.local_addr()?, "listening");
    Ok(listener)
}
