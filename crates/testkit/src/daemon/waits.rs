//! What a test asks of a running daemon, and waits for. Panics with the
//! daemon's log if that does not come.

use reqwest::StatusCode;
use serde_json::Value;

use super::{Answer, Daemon};
use crate::targets::{addresses, read};
use crate::{TIMEOUT, seen};

impl Daemon {
    /// `GET path`.
    ///
    /// # Panics
    /// If the daemon does not answer.
    pub async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    /// `GET path` with more headers.
    ///
    /// # Panics
    /// If the daemon does not answer.
    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        match self.try_get(path, headers).await {
            Ok(answer) => answer,
            Err(error) => panic!("GET {path}: {error:?}\n{}", self.printed()),
        }
    }

    /// `/status`.
    ///
    /// # Panics
    /// If it is not JSON.
    pub async fn status(&self) -> Value {
        let body = self.get("/status").await.body;
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("/status: {error}\n{body}"))
    }

    /// One service in `/status`; null if it is not there.
    ///
    /// # Panics
    /// As [`Daemon::status`].
    pub async fn service(&self, name: &str) -> Value {
        one(&self.status().await["services"], "service", name)
    }

    /// One service in `/status`, once `holds` is true of it.
    ///
    /// # Panics
    /// After [`TIMEOUT`].
    pub async fn service_when(&self, name: &str, holds: impl Fn(&Value) -> bool) -> Value {
        self.until(&format!("service {name} is as expected"), async || {
            Some(self.service(name).await).filter(&holds)
        })
        .await
    }

    /// Waits until a service has this verdict; returns the service.
    ///
    /// # Panics
    /// After [`TIMEOUT`].
    pub async fn verdict(&self, name: &str, verdict: &str) -> Value {
        self.until(&format!("{name} is {verdict}"), async || {
            Some(self.service(name).await).filter(|service| service["verdict"] == verdict)
        })
        .await
    }

    /// One project in `/status`, once `holds` is true of it.
    ///
    /// # Panics
    /// After [`TIMEOUT`].
    pub async fn project_when(&self, name: &str, holds: impl Fn(&Value) -> bool) -> Value {
        self.until(&format!("project {name} is as expected"), async || {
            let project = one(&self.status().await["projects"], "name", name);
            Some(project).filter(|project| !project.is_null() && holds(project))
        })
        .await
    }

    /// The addresses in `/sd`, sorted; none while it answers 503.
    ///
    /// # Panics
    /// If it is no list.
    pub async fn sd(&self) -> Vec<String> {
        let answer = self.get("/sd").await;
        if answer.status != StatusCode::OK {
            return vec![];
        }
        let groups: Vec<Value> = serde_json::from_str(&answer.body)
            .unwrap_or_else(|error| panic!("/sd: {error}\n{}", answer.body));
        addresses(&groups)
    }

    /// Waits until exactly these addresses are published, in `targets.json` and `/sd`.
    ///
    /// # Panics
    /// After [`TIMEOUT`].
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
    ///
    /// # Panics
    /// If the file is not a whole list.
    pub fn targets(&self) -> Vec<String> {
        addresses(&read(&self.targets_file).unwrap_or_default())
    }

    /// The value of one sample in `/metrics`, written as there; 0 if it is absent.
    ///
    /// # Panics
    /// If the daemon does not answer, or `sample` is only the start of one.
    pub async fn metric(&self, sample: &str) -> f64 {
        let text = self.get("/metrics").await.body;
        let line = text.lines().find_map(|line| line.strip_prefix(sample));
        let value = |rest: &str| {
            let value = rest.trim().parse();
            value.unwrap_or_else(|error| panic!("{sample} is not a whole sample: {error}"))
        };
        line.map_or(0.0, value)
    }

    /// Waits until a sample in `/metrics` is at least this.
    ///
    /// # Panics
    /// After [`TIMEOUT`].
    pub async fn metric_reaches(&self, sample: &str, least: f64) {
        self.until(&format!("{sample} reaches {least}"), async || {
            (self.metric(sample).await >= least).then_some(())
        })
        .await;
    }

    /// Looks until there is something to see.
    ///
    /// # Panics
    /// After [`TIMEOUT`].
    pub async fn until<T>(&self, what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
        match seen(look).await {
            Some(found) => found,
            None => panic!(
                "waited {TIMEOUT:?}, but not yet: {what}\n{}",
                self.printed()
            ),
        }
    }
}

/// The element of a list whose `key` is `name`; null if there is none.
fn one(list: &Value, key: &str, name: &str) -> Value {
    let elements = list.as_array().into_iter().flatten();
    let mut found = elements.filter(|element| element[key] == name);
    found.next().cloned().unwrap_or_default()
}
