//! A running daemon: what it serves, prints and publishes, and its end.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::{Log, PATIENCE, seen};

/// A daemon as a child process; killed when dropped.
pub struct Daemon {
    child: Child,
    /// Where it listens, `ip:port`.
    pub address: String,
    /// Its log.
    pub log: Log,
    /// What it prints besides.
    pub stderr: Log,
    http: reqwest::Client,
    targets_file: PathBuf,
}

/// An answer of its web server.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: String,
}

impl Daemon {
    /// Starts `command` and waits until it listens.
    pub async fn spawn(command: &mut Command, targets_file: PathBuf) -> Daemon {
        let mut daemon = Daemon::spawn_without_waiting(command, targets_file);
        let listening = daemon.log.line_of_key("listening", "web.listen").await;
        daemon.address = listening["address"].as_str().unwrap().to_owned();
        daemon
    }

    /// Starts `command`, which may never listen.
    pub fn spawn_without_waiting(command: &mut Command, targets_file: PathBuf) -> Daemon {
        let mut child = spawn(command);
        let log = Log::of(child.stdout.take().unwrap());
        let stderr = Log::of(child.stderr.take().unwrap());
        Daemon {
            child,
            address: String::new(),
            log,
            stderr,
            http: http(),
            targets_file,
        }
    }

    /// Process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    /// `GET path` with more headers.
    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.http.get(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => panic!("GET {path}: {error:?}\n{}", self.output()),
        };
        Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    /// `/status`.
    pub async fn status(&self) -> Value {
        serde_json::from_str(&self.get("/status").await.body).unwrap()
    }

    /// One service in `/status`.
    pub async fn service(&self, name: &str) -> Value {
        let status = self.status().await;
        let services = status["services"].as_array().unwrap();
        let found = services.iter().find(|service| service["service"] == name);
        found.cloned().unwrap_or_default()
    }

    /// One service in `/status`, once `holds` is true of it.
    pub async fn service_when(&self, name: &str, holds: impl Fn(&Value) -> bool) -> Value {
        self.until(&format!("service {name} is as expected"), async || {
            Some(self.service(name).await).filter(&holds)
        })
        .await
    }

    /// Waits until a service has this verdict; returns it.
    pub async fn verdict(&self, name: &str, verdict: &str) -> Value {
        self.until(&format!("{name} is {verdict}"), async || {
            Some(self.service(name).await).filter(|service| service["verdict"] == verdict)
        })
        .await
    }

    /// The first project in `/status`, once `holds` is true of it.
    pub async fn project_when(&self, name: &str, holds: impl Fn(&Value) -> bool) -> Value {
        self.until(&format!("project {name} is as expected"), async || {
            let status = self.status().await;
            let projects = status["projects"].as_array().unwrap();
            let found = projects.iter().find(|project| project["name"] == name);
            found.cloned().filter(&holds)
        })
        .await
    }

    /// The addresses in `/sd`, sorted; none while it answers 503.
    pub async fn sd(&self) -> Vec<String> {
        let answer = self.get("/sd").await;
        match answer.status {
            StatusCode::OK => addresses(&serde_json::from_str::<Vec<Value>>(&answer.body).unwrap()),
            _ => vec![],
        }
    }

    /// Waits until exactly these addresses are published, in `targets.json` and `/sd`.
    pub async fn publishes<A: ToString>(&self, expected: impl IntoIterator<Item = A>) {
        let mut expected: Vec<_> = expected.into_iter().map(|one| one.to_string()).collect();
        expected.sort();
        self.until(&format!("exactly {expected:?} is published"), async || {
            let same = self.targets() == expected && self.sd().await == expected;
            same.then_some(())
        })
        .await;
    }

    /// The addresses in `targets.json`, sorted.
    pub fn targets(&self) -> Vec<String> {
        let Ok(text) = std::fs::read_to_string(&self.targets_file) else {
            return vec![];
        };
        let groups: Vec<Value> = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("targets.json is no list: {error}\n{text}"));
        addresses(&groups)
    }

    /// The value of one sample in `/metrics`, written as there; 0 if it is absent.
    pub async fn metric(&self, sample: &str) -> f64 {
        let text = self.get("/metrics").await.body;
        let line = text.lines().find_map(|line| line.strip_prefix(sample));
        line.map_or(0.0, |rest| rest.trim().parse().unwrap())
    }

    /// Waits until a sample in `/metrics` is at least this.
    pub async fn metric_reaches(&self, sample: &str, least: f64) {
        self.until(&format!("{sample} reaches {least}"), async || {
            (self.metric(sample).await >= least).then_some(())
        })
        .await;
    }

    /// Looks until there is something to see.
    pub async fn until<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        match seen(|| look()).await {
            Some(found) => found,
            None => panic!("waited in vain until {what}\n{}", self.output()),
        }
    }

    /// Sends it a signal, `TERM` or `INT`.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.pid());
        let status = Command::new("sh").args(["-c", &kill]).status();
        assert!(status.unwrap().success(), "no process to signal");
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let pid = self.pid();
        let child = std::cell::RefCell::new(&mut self.child);
        let end = seen(|| async { child.borrow_mut().try_wait().unwrap() }).await;
        end.unwrap_or_else(|| panic!("process {pid} has not ended within {PATIENCE:?}"))
    }

    /// SIGTERM, and its end.
    pub async fn stop(mut self) -> Log {
        self.signal("TERM");
        let end = self.ended().await;
        assert!(end.success(), "{end}\n{}", self.output());
        self.log.clone()
    }

    /// SIGKILL, and its end.
    pub fn kill(mut self) {
        self.end();
    }

    /// All it has printed.
    pub fn output(&self) -> String {
        format!(
            "--- the daemon's log:\n{}\n--- its standard error:\n{}",
            self.log.text(),
            self.stderr.text()
        )
    }

    fn end(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.end();
    }
}

fn spawn(command: &mut Command) -> Child {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The addresses of target groups, sorted.
pub fn addresses(groups: &[Value]) -> Vec<String> {
    let targets = groups
        .iter()
        .flat_map(|group| group["targets"].as_array().unwrap());
    let mut targets: Vec<String> = targets
        .map(|one| one.as_str().unwrap().to_owned())
        .collect();
    targets.sort();
    targets
}

fn http() -> reqwest::Client {
    // Fails when another test was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .timeout(PATIENCE)
        .build()
        .unwrap()
}
