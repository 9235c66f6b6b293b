//! A node access with its tasks, on a simulated Aiven.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::aiven::Client;
use crate::config::Config;
use crate::daemon::api_client;
use crate::metrics::Metrics;
use crate::model::needed_endpoints::NeededEndpoints;
use crate::model::outside_text::Secrets;
use crate::model::write_window::WriteWindow;
use crate::node_access::{self, BasicAuth, NodeAccess, Timing};
use crate::publish::surroundings::SurroundingsBoard;
use crate::resolve::NameResolver;
use aiven_sim::{Operation, Simulator};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub const PROJECT: &str = "london";
pub const USER: &str = "prometheus";

/// Looks often, forgets late.
pub fn quick() -> Timing {
    Timing {
        soon: Duration::from_millis(5),
        settle: Duration::from_millis(40),
        ..Timing::default()
    }
}

pub async fn simulator() -> Simulator {
    super::log::all();
    let sim = Simulator::builder().project(PROJECT).project("dublin");
    sim.rollout_delay(aiven_sim::Pace::ByHand)
        .start()
        .await
        .unwrap()
}

/// A configuration for `sim`; `integration` as in the file.
pub fn config(sim: &Simulator, state_dir: &Path, integration: Value) -> Config {
    config_with(sim, state_dir, sim.token(), integration, json!({}))
}

pub fn config_with(
    sim: &Simulator,
    state_dir: &Path,
    token: &str,
    integration: Value,
    scrape_proxy: Value,
) -> Config {
    let document = json!({
        "aiven": {"api_url": sim.api_url(), "api_token": token, "projects": [PROJECT], "request_timeout": "5s"},
        "integration": integration,
        "scrape_proxy": scrape_proxy,
        "dns": {"nameservers": [sim.dns_addr().to_string()]},
        "web": {"listen": "127.0.0.1:0"},
        "state_dir": state_dir,
    });
    Config::parse(&document.to_string()).unwrap()
}

pub fn ours(password: &str) -> Value {
    json!({"username": USER, "password": password})
}

/// `USER:PASSWORD` for each password, as [`Rig::pairs`] has them.
pub fn pairs(passwords: &[&str]) -> Vec<String> {
    passwords
        .iter()
        .map(|word| format!("{USER}:{word}"))
        .collect()
}

/// A running task; stops when dropped.
pub struct Rig {
    pub node_access: NodeAccess,
    pub needed: watch::Sender<NeededEndpoints>,
    pub surroundings: SurroundingsBoard,
    task: Option<JoinHandle<()>>,
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Rig {
    /// Node access as it is before the first call.
    pub fn before_the_first_call(config: &Config, needed: NeededEndpoints) -> Rig {
        let (node_access, access_tasks) = node_access::open(config, quick(), &Secrets::default());
        let surroundings = SurroundingsBoard::default();
        let access_tasks = access_tasks.noting(surroundings.clone());
        let (needed, watched) = watch::channel(needed);
        drop(access_tasks.of(
            &PROJECT.into(),
            client(config),
            WriteWindow::of_instance(0),
            watched,
        ));
        Rig {
            node_access,
            needed,
            surroundings,
            task: None,
        }
    }

    pub fn start(config: &Config, timing: Timing, instance: u32, needed: NeededEndpoints) -> Rig {
        let (node_access, access_tasks) = node_access::open(config, timing, &Secrets::default());
        let surroundings = SurroundingsBoard::default();
        let access_tasks = access_tasks.noting(surroundings.clone());
        let (needed, watched) = watch::channel(needed);
        let write_window = WriteWindow::of_instance(instance);
        let access_task = access_tasks.of(&PROJECT.into(), client(config), write_window, watched);
        let task = Some(tokio::spawn(access_task.run()));
        Rig {
            node_access,
            needed,
            surroundings,
            task,
        }
    }

    /// The candidates as `user:password`.
    pub fn pairs(&self, endpoint_id: &str) -> Vec<String> {
        let candidates = self.node_access.candidates(PROJECT, endpoint_id);
        candidates.iter().map(plain).collect()
    }

    pub async fn until_pairs(&self, endpoint_id: &str, passwords: &[&str]) {
        let expected = pairs(passwords);
        let what = format!("candidates are {expected:?}");
        eventually(&what, || self.pairs(endpoint_id) == expected).await;
    }

    /// Has nodes refuse everything until Aiven was asked `times` more.
    pub async fn refuse(&self, sim: &Simulator, endpoint_id: &str, times: usize) {
        for _ in 0..times {
            let before = sim.count(Operation::GetEndpoint);
            eventually("the endpoint is read again", || {
                self.node_access.refused(PROJECT, endpoint_id);
                sim.count(Operation::GetEndpoint) > before
            })
            .await;
        }
    }
}

fn client(config: &Config) -> Arc<Client> {
    let dns = &config.dns;
    let resolver = NameResolver::new(&dns.nameservers, dns.timeout, config.address_rules());
    Arc::new(api_client(config, &resolver, Metrics::default()).unwrap())
}

/// Our endpoint is needed.
pub fn want_ours(endpoint_id: &str) -> NeededEndpoints {
    NeededEndpoints {
        ours: Some(endpoint_id.into()),
        endpoints: BTreeSet::from([endpoint_id.into()]),
    }
}

/// Somebody else's endpoint is needed.
pub fn want_other(endpoint_id: &str) -> NeededEndpoints {
    NeededEndpoints {
        ours: None,
        endpoints: BTreeSet::from([endpoint_id.into()]),
    }
}

pub fn plain(auth: &BasicAuth) -> String {
    let header = auth.header().to_str().unwrap();
    let encoded = header.strip_prefix("Basic ").unwrap();
    String::from_utf8(BASE64_STANDARD.decode(encoded).unwrap()).unwrap()
}

/// Waits for what no event announces.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "this did not come: {what}"
        );
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}
