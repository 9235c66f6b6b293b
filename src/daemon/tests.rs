//! Every task of a running daemon fails, and the others go on.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use aiven_sim::{ServiceSpec, Simulator};
use serde_json::Value;
use testkit::{PROJECT, aiven, integrate_all, seen};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::task::JoinHandle;

use super::faults::{Faults, Place};
use super::*;
use crate::config::CloudFoundry;

const OTHER: &str = "other";

/// A daemon in this process, on a simulated Aiven with two projects.
struct Rig {
    sim: Simulator,
    /// Names of the services that each project has.
    services: Vec<String>,
    faults: Faults,
    stop: CancellationToken,
    daemon: JoinHandle<()>,
    web: SocketAddr,
    proxy: SocketAddr,
    http: reqwest::Client,
    configured: testkit::Config,
}

impl Rig {
    async fn start() -> Rig {
        let sim = aiven().await;
        sim.add_project(OTHER);
        for project in [PROJECT, OTHER] {
            sim.add_service(project, ServiceSpec::new("steady", "opensearch").nodes(2));
        }
        integrate_all(&sim);
        let configured = testkit::Config::quick(&sim).with_proxy();
        let mut config = Config::load(&configured.write().unwrap()).unwrap();
        // Nobody is there: what that means for targets is seen, too.
        config.cloud_foundry = Some(CloudFoundry {
            api_url: "http://127.0.0.1:1/".parse().unwrap(),
            client_id: "metrics".to_owned(),
            client_secret: "secret".into(),
            ca_cert: Vec::new(),
            poll_interval: Duration::from_millis(100),
        });
        let daemon = Daemon::build(config).await.unwrap();
        let faults = daemon.supervisor.faults.clone();
        let (web, proxy) = (&daemon.web_port, daemon.proxy_port.as_ref().unwrap());
        let (web, proxy) = (web.address(), proxy.address());
        let stop = CancellationToken::new();
        let rig = Rig {
            faults,
            daemon: tokio::spawn(daemon.serve(stop.clone())),
            stop,
            web,
            proxy,
            http: testkit::http_client(),
            configured,
            sim,
            services: vec!["steady".to_owned()],
        };
        rig.publishes_all("the beginning").await;
        rig
    }

    async fn get(&self, path: &str) -> Option<String> {
        let url = format!("http://{}{path}", self.web);
        let answer = self.http.get(url).send().await.ok()?;
        answer.error_for_status().ok()?.text().await.ok()
    }

    /// The addresses of all nodes of these services.
    fn addresses(&self, services: &[String]) -> BTreeSet<String> {
        let of = |project| {
            let each = services
                .iter()
                .flat_map(move |name| self.sim.addresses(project, name));
            each.map(|address| address.to_string())
        };
        [PROJECT, OTHER].into_iter().flat_map(of).collect()
    }

    /// Waits until all nodes are published. What does not change is published all
    /// the time.
    async fn publishes_all(&self, after: &str) {
        let steady = self.addresses(&self.services[..1]);
        let wanted = self.addresses(&self.services);
        let mut was_whole = false;
        let found = seen(async || {
            let served = addresses(&self.get("/sd").await?);
            let is_whole = served.is_superset(&steady);
            assert!(is_whole || !was_whole, "lost after {after}: {served:?}");
            was_whole |= is_whole;
            (served == wanted && self.configured.targets().len() == wanted.len()).then_some(())
        });
        assert!(found.await.is_some(), "not followed after {after}");
    }

    /// Waits until `/status` tells that a task was started again so often.
    async fn restarted(&self, task: Task, times: u64) -> Value {
        let row = seen(async || {
            let status: Value = serde_json::from_str(&self.get("/status").await?).ok()?;
            let rows = status["restarts"].as_array()?;
            let of = rows.iter().filter(|row| row["task"] == task.as_str());
            let sum: u64 = of.clone().filter_map(|row| row["restarts"].as_u64()).sum();
            (sum >= times).then(|| of.clone().next().cloned())?
        });
        row.await
            .unwrap_or_else(|| panic!("{task:?} is not started again"))
    }

    /// One more service in each project, to see what follows it: of one the test
    /// makes the integrations, of the other the daemon.
    fn change(&mut self, name: &str) {
        self.services.push(name.to_owned());
        for project in [PROJECT, OTHER] {
            self.sim
                .add_service(project, ServiceSpec::new(name, "opensearch"));
        }
        integrate_all(&self.sim);
    }

    async fn end(self) {
        self.stop.cancel();
        self.daemon.await.unwrap();
    }
}

fn addresses(groups: &str) -> BTreeSet<String> {
    let groups: Vec<Value> = serde_json::from_str(groups).unwrap();
    let targets = groups
        .iter()
        .filter_map(|group| group["targets"].as_array());
    targets
        .flatten()
        .filter_map(|target| target.as_str().map(str::to_owned))
        .collect()
}

/// The status line of a proxy's answer about a target that is not published.
async fn ask_proxy(proxy: SocketAddr) -> Option<String> {
    let mut stream = TcpSocket::new_v4().ok()?.connect(proxy).await.ok()?;
    let request = "GET http://192.0.2.1:9/metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    answer.lines().next().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_task_that_panics_is_started_again_and_counted_and_no_target_is_lost() {
    let mut rig = Rig::start().await;
    for (number, task) in Task::ALL.into_iter().enumerate() {
        rig.faults.arm(Place::Task(task), 1);
        let row = rig.restarted(task, 1).await;
        let cause = row["cause"].as_str().unwrap();
        assert!(cause.contains("a panic that a test wants"), "{cause}");
        assert_eq!(row["project"].is_string(), task < Task::Resolve, "{row}");
        let sample = format!(
            "aiven_metrics_task_restarts_total{{task=\"{}\"}} ",
            task.as_str()
        );
        // The connections of a web server that panicked end with it.
        let metrics = seen(async || rig.get("/metrics").await).await.unwrap();
        let line = metrics.lines().find_map(|line| line.strip_prefix(&sample));
        assert_eq!(line, Some("1"), "{task:?}");
        rig.change(&format!("after-{number}"));
        rig.publishes_all(task.as_str()).await;
        let answer = seen(async || ask_proxy(rig.proxy).await).await.unwrap();
        assert!(answer.contains(" 403 "), "{task:?}: {answer}");
    }
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_lets_its_project_fail_costs_its_news_alone() {
    let mut rig = Rig::start().await;
    rig.faults.arm(Place::Absorb, 20);
    let row = rig.restarted(Task::Coordinate, 20).await;
    assert!(
        [PROJECT, OTHER].map(Value::from).contains(&row["project"]),
        "{row}"
    );
    rig.change("later");
    rig.publishes_all("odd reports").await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_writing_panics_costs_neither_the_other_file_nor_the_daemon() {
    let mut rig = Rig::start().await;
    for (place, name) in [(Place::SaveState, "state"), (Place::WriteTargets, "list")] {
        rig.faults.arm(place, 1_000_000);
        rig.change(name);
        let failing = seen(async || {
            let status = rig.get("/status").await?;
            status.contains("a defect, please report it").then_some(())
        });
        assert!(failing.await.is_some(), "{place:?}");
        rig.faults.arm(place, 0);
        rig.publishes_all(name).await;
    }
    rig.end().await;
}
