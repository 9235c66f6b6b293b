//! The daemon: everything joined. One task owns all that is known, takes
//! reports in, plans, and publishes; all others only ask or carry out.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::aiven::Client;
use crate::config::Config;
use crate::integrate::{Integrator, Outcome, WriteBudget, WriteWindow};
use crate::metrics::Metrics;
use crate::node_access::{self, AccessTasks, Timing};
use crate::observe::{Observation, Observer};
use crate::publish::Published;
use crate::publish::scrape_results::ScrapeResults;
use crate::resolve::{self, NameResolver, NeededHosts, ResolveRound};
use crate::scrape_proxy::ScrapeProxy;
use crate::web::Web;

mod coordinator;
mod http_client;
mod room;
mod start;

use coordinator::{Coordinator, Inbox, Project};
pub use http_client::api_client;
use start::Lock;

/// Reports waiting to be taken in.
const QUEUE: usize = 64;

/// Runs until `stop` is cancelled.
///
/// Before the first call to anyone the saved snapshot is published, and scrapes
/// are relayed. On return the state is saved and the ports are free.
///
/// # Errors
/// When the daemon cannot start (state directory, ports, DNS set-up), or when a
/// part of it ended that should not.
pub async fn run(config: Config, stop: CancellationToken) -> anyhow::Result<()> {
    let config = Arc::new(config);
    let _lock = Lock::take(&config.state_dir)?;
    let web_listener = listen("web.listen", config.web.listen).await?;
    let proxy_listener = match config.scrape_proxy.listen {
        Some(address) => Some(listen("scrape_proxy.listen", address).await?),
        None => None,
    };
    let metrics = Metrics::default();
    let resolver = NameResolver::new(&config.dns.nameservers, config.dns.timeout)?;
    let client = Arc::new(api_client(&config, &resolver, metrics.clone())?);

    let start = start::restore(&config)?;
    let known_addresses = start.addresses.clone();
    let published = Published::default();
    let (wanted_hosts, hosts) = watch::channel(NeededHosts::default());
    let (mut coordinator, projects) = Coordinator::new(
        Arc::clone(&config),
        start,
        published.clone(),
        wanted_hosts,
        metrics.clone(),
    )?;
    coordinator.publish();

    let mut tasks = JoinSet::new();
    let health = ScrapeResults::default();
    let web = Web::new(
        published.clone(),
        health.clone(),
        &metrics,
        config.web.expose_status,
    );
    tasks.spawn(web.serve(web_listener));
    let (node_access, access_tasks) = node_access::open(&config, Timing::default());
    let (inbox, outbox) = mailbox();
    tasks.spawn(resolve::keep_resolved(
        resolver,
        hosts,
        known_addresses,
        config.dns.poll_interval,
        outbox.passes.clone(),
        metrics.clone(),
    ));
    let work = Work {
        config: &config,
        client,
        access_tasks,
        budget: Arc::new(Mutex::new(WriteBudget::new(
            config.integration.creates_per_minute,
        ))),
        metrics: metrics.clone(),
        outbox,
    };
    for project in projects {
        work.begin(project, &mut tasks);
    }
    // Only now does the node_access hold the saved credentials of every project.
    if let Some(listener) = proxy_listener {
        let timeout = config.scrape_proxy.timeout;
        let proxy = ScrapeProxy::new(published, node_access, health, metrics, timeout);
        tasks.spawn(proxy.serve(listener));
    }
    let ended = tokio::select! {
        () = coordinator.keep(inbox, &stop) => Ok(()),
        Some(ended) = tasks.join_next() => Err(match ended {
            Ok(()) => anyhow::anyhow!("a part of the daemon ended that should run for ever; this is a defect, please report it"),
            Err(failure) => anyhow::Error::new(failure).context("a part of the daemon failed; this is a defect, please report it"),
        }),
    };
    // The next daemon on the same ports may start the moment this one returns.
    tasks.shutdown().await;
    ended
}

/// Where the tasks of all projects send what they find.
struct Outbox {
    observed: mpsc::Sender<(Arc<str>, Observation)>,
    outcomes: mpsc::Sender<(Arc<str>, Outcome)>,
    passes: mpsc::Sender<ResolveRound>,
}

fn mailbox() -> (Inbox, Outbox) {
    let (observed, observed_inbox) = mpsc::channel(QUEUE);
    let (outcomes, outcomes_inbox) = mpsc::channel(QUEUE);
    let (passes, passes_inbox) = mpsc::channel(QUEUE);
    let inbox = Inbox {
        observed: observed_inbox,
        outcomes: outcomes_inbox,
        passes: passes_inbox,
    };
    let outbox = Outbox {
        observed,
        outcomes,
        passes,
    };
    (inbox, outbox)
}

/// What the tasks of all projects share.
struct Work<'a> {
    config: &'a Config,
    client: Arc<Client>,
    access_tasks: AccessTasks,
    budget: Arc<Mutex<WriteBudget>>,
    metrics: Metrics,
    outbox: Outbox,
}

impl Work<'_> {
    /// Begins to observe, integrate and keep the keys of one project.
    fn begin(&self, project: Project, tasks: &mut JoinSet<()>) {
        let config = self.config;
        let turn = WriteWindow::of_instance(config.instance_index);
        let client = || Arc::clone(&self.client);
        let access_task = self
            .access_tasks
            .of(&project.name, client(), turn, project.wanted);
        tasks.spawn(access_task.run());
        let observer = Observer {
            project: Arc::clone(&project.name),
            client: client(),
            interval: config.aiven.poll_interval,
            grace: config.targets.removal_grace,
            patience: config.aiven.request_timeout,
            tag_keys: config.services.tags.keys().cloned().collect(),
            metrics: self.metrics.clone(),
            reports: self.outbox.observed.clone(),
        };
        tasks.spawn(observer.clone().watch_services(project.inventory));
        tasks.spawn(observer.watch_terms(config.integration.endpoint.clone()));
        let integrator = Integrator {
            project: project.name,
            client: client(),
            endpoint: config.integration.endpoint.clone(),
            turn,
            budget: Arc::clone(&self.budget),
            metrics: self.metrics.clone(),
            outcomes: self.outbox.outcomes.clone(),
        };
        tasks.spawn(integrator.run(project.pending_writes));
    }
}

/// Listens on the address of a configuration key.
async fn listen(key: &'static str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("{key}: cannot listen on {address}; free the port or choose another")
    })?;
    // With port 0 the system chooses, and somebody has to be told.
    tracing::info!(key, address = %listener.local_addr()?, "listening");
    Ok(listener)
}
