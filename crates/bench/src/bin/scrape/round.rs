//! One scrape interval, as Prometheus does it: every target of the published
//! list once, spread evenly, over kept connections to the proxy.

use std::cell::RefCell;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use testkit::Config;
use tokio::time::{Instant, sleep_until, timeout};

use super::connection::{Connection, Failure, Target};

pub const INTERVAL: Duration = Duration::from_secs(15);
const TIMEOUT: Duration = Duration::from_secs(10);
/// Failures that are shown.
const SHOWN: usize = 5;

/// What became of scrapes.
#[derive(Default)]
pub struct Tally {
    pub scrapes: usize,
    /// Failed on nodes that may.
    pub excused: usize,
    /// Failed on others, and why.
    pub lost: Vec<String>,
}

impl Tally {
    pub fn add(&mut self, other: Tally) {
        self.scrapes += other.scrapes;
        self.excused += other.excused;
        self.lost.extend(other.lost);
    }

    pub fn assert_none_lost(&self, when: &str) {
        let shown = &self.lost[..self.lost.len().min(SHOWN)];
        let (lost, all) = (self.lost.len(), self.scrapes);
        assert!(
            shown.is_empty(),
            "{lost} of {all} scrapes lost {when}: {shown:#?}"
        );
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} | {} | {}",
            self.scrapes,
            self.lost.len(),
            self.excused
        )
    }
}

/// Scrapes all once; scrapes of services that are `troubled` may fail.
pub async fn round(proxy: SocketAddr, config: &Config, troubled: impl Fn(&str) -> bool) -> Tally {
    let targets: Vec<Target> = config.groups().iter().flat_map(targets_of).collect();
    let gap = INTERVAL / u32::try_from(targets.len()).unwrap();
    let start = Instant::now();
    let resting = RefCell::new(Vec::new());
    let scrapes = (0..).zip(&targets).map(async |(number, target)| {
        sleep_until(start + gap * number).await;
        let scrape = timeout(TIMEOUT, scrape(proxy, target, &resting)).await;
        (target, scrape.unwrap_or_else(|late| Err(late.into())))
    });
    let mut tally = Tally::default();
    for (target, scrape) in join_all(scrapes).await {
        tally.scrapes += 1;
        match scrape {
            Ok(()) => {}
            Err(_) if troubled(&target.service) => tally.excused += 1,
            Err(error) => tally
                .lost
                .push(format!("{} {}: {error}", target.service, target.address)),
        }
    }
    sleep_until(start + INTERVAL).await;
    tally
}

async fn scrape(
    proxy: SocketAddr,
    target: &Target,
    resting: &RefCell<Vec<Connection>>,
) -> Result<(), Failure> {
    let rested = resting.borrow_mut().pop().filter(Connection::is_open);
    let mut connection = match rested {
        Some(connection) => connection,
        None => Connection::to_proxy(proxy).await?,
    };
    connection.scrape(target, true).await?;
    resting.borrow_mut().push(connection);
    Ok(())
}

/// The targets of one group of the published list.
fn targets_of(group: &Value) -> Vec<Target> {
    let label = |name: &str| group["labels"][name].as_str().unwrap().to_owned();
    let addresses = group["targets"].as_array().unwrap().iter();
    let target = |address: &Value| Target {
        address: address.as_str().unwrap().parse().unwrap(),
        project: label("aiven_project"),
        service: label("aiven_service_name"),
        host: label("aiven_hostname"),
    };
    addresses.map(target).collect()
}
