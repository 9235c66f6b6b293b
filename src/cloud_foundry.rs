//! The stage that reads Cloud Controller: which service instances there are, whose they
//! are, and what they are called. It only reports; what follows from it is decided in
//! [`crate::model::cloud_foundry`].
//!
//! A *pass* reads all service instances, page by page, every `cloud_foundry.poll_interval`.
//! Between two passes new instances are looked for by GUID, and after a pass some are asked
//! for the spaces that they are shared with. Whatever fails here, targets and labels stay
//! as they are.
//!
//! Sources: `cloudfoundry/cloud_controller_ng` (V3 only) and `cloudfoundry/uaa`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use reqwest::dns::Resolve;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::api_client::connect;
use crate::api_client::gate::spread;
use crate::config;
use crate::metrics::Metrics;
use crate::model::cloud_foundry::{Guid, NeededInstances, Report};
use crate::model::outage::{Failure, Outage};
use crate::model::outside_text::Secrets;

mod agenda;
mod client;
pub(crate) mod error;
mod page;
mod pass;
pub(crate) mod refusal;
mod token;

use agenda::{Agenda, Next, Turns};
use client::{Client, REQUEST_TIMEOUT};
use error::{Error, ErrorKind, Meaning};
use pass::Reading;

pub(crate) use client::look::{Look, MAX_LOOKED_FOR};
#[cfg(any(test, fuzzing))]
pub(crate) use page::shared_spaces;
#[cfg(any(test, fuzzing))]
pub(crate) use pass::Pass;
pub(crate) use token::Sight;
#[cfg(any(test, fuzzing))]
pub(crate) use token::{Grant, uaa_url};

/// How long all pages together may take.
const PASS_TIMEOUT: Duration = Duration::from_secs(600);

/// How long the questions about shared spaces after one pass may take.
const SHARED_TIMEOUT: Duration = Duration::from_secs(60);

/// How long the first pass waits for instances to look for: the first listing brings them.
const FIRST_NEED_TIMEOUT: Duration = Duration::from_secs(60);

/// Reads one foundation. A clone begins anew, but obeys what the others were asked to wait.
#[derive(Clone)]
pub struct Reader {
    client: Client,
    interval: Duration,
    limits: Limits,
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    pass: Duration,
    shared: Duration,
    first_need: Duration,
}

/// Nothing receives the reports any more: the daemon is stopping.
struct Stopped;

/// What a reader does, and how it fares.
struct Rounds {
    reader: Reader,
    reports: mpsc::Sender<Report>,
    needed: watch::Receiver<NeededInstances>,
    agenda: Agenda,
    turns: Turns,
    outage: Outage,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            pass: PASS_TIMEOUT,
            shared: SHARED_TIMEOUT,
            first_need: FIRST_NEED_TIMEOUT,
        }
    }
}

impl Reader {
    /// A reader of the foundation that the configuration describes. `secrets` gets to know
    /// the client's secret and its tokens.
    ///
    /// # Errors
    /// When a certificate cannot be used.
    pub fn new(
        config: &config::CloudFoundry,
        resolver: impl Resolve + 'static,
        metrics: Metrics,
        secrets: Secrets,
    ) -> anyhow::Result<Reader> {
        let trust = connect::trusting(&config.ca_cert, "cloud_foundry.ca_cert")?;
        let http = connect::client(trust, resolver, REQUEST_TIMEOUT)
            .build()
            .context("setting the HTTP client for Cloud Foundry up failed")?;
        Ok(Reader {
            client: Client::new(config, http, metrics, secrets)?,
            interval: config.poll_interval,
            limits: Limits::default(),
        })
    }

    /// Reads and reports. Returns when one of the channels closes.
    pub async fn run(
        self,
        needed: watch::Receiver<NeededInstances>,
        reports: mpsc::Sender<Report>,
    ) {
        let rounds = Rounds {
            reports: reports.clone(),
            agenda: Agenda::new(self.interval, Instant::now()),
            reader: self,
            needed,
            turns: Turns::default(),
            outage: Outage::default(),
        };
        tokio::select! {
            () = reports.closed() => {}
            Stopped = rounds.go_on() => {}
        }
    }
}

impl Rounds {
    async fn go_on(mut self) -> Stopped {
        let is_known = self.needed.wait_for(|needed| !needed.is_empty());
        if let Ok(Err(_)) = timeout(self.reader.limits.first_need, is_known).await {
            return Stopped;
        }
        loop {
            let needed = Arc::clone(&self.needed.borrow_and_update());
            let done = match self.agenda.next(&needed, Instant::now()) {
                Next::Pass => self.pass(needed).await,
                Next::Look(guids) => self.look(&guids).await,
                Next::Wait(until) => self.wait(until).await,
            };
            if let Err(stopped) = done {
                return stopped;
            }
        }
    }

    async fn wait(&mut self, until: Instant) -> Result<(), Stopped> {
        tokio::select! {
            () = sleep_until(until) => Ok(()),
            changed = self.needed.changed() => changed.map_err(|_| Stopped),
        }
    }

    async fn pass(&mut self, needed: NeededInstances) -> Result<(), Stopped> {
        let began = Instant::now();
        let limit = self.reader.limits.pass;
        let reading = self.reader.client.read_all(Arc::clone(&needed));
        let read = match timeout(limit, reading).await {
            Ok(read) => read,
            Err(_) => Err(self.reader.client.unfinished(limit)),
        };
        let Reading {
            foundation,
            shortfall,
            ..
        } = match read {
            Ok(reading) => reading,
            Err(error) => return self.failed(&error).await,
        };
        if let Some(what) = shortfall {
            // What was read is true as far as it goes.
            self.report(Report::Found(foundation)).await?;
            let error = self.reader.client.cut_short(what);
            return self.failed(&error).await;
        }
        self.agenda.passed(&needed, began, Instant::now());
        if let Some(lasted) = self.outage.end(Timestamp::now()) {
            let seconds = lasted.as_secs();
            tracing::info!(seconds, "trouble with Cloud Foundry is over");
        }
        let found: BTreeSet<Guid> = foundation.instances.keys().copied().collect();
        self.report(Report::Read {
            at: Timestamp::now(),
            foundation,
            needed: needed.len(),
        })
        .await?;
        self.ask_where_shared(&found).await
    }

    async fn failed(&mut self, error: &Error) -> Result<(), Stopped> {
        let rejected = [Meaning::ClientRejected, Meaning::NoGrant];
        let is_rejected = error
            .kind
            .meaning()
            .is_some_and(|one| rejected.contains(&one));
        match self.outage.begin(Timestamp::now()) {
            Failure::Again => tracing::debug!(%error, "reading Cloud Foundry still fails"),
            Failure::First if is_rejected => {
                tracing::error!(%error, "UAA rejects the client; targets and labels stay as they are");
            }
            Failure::First => {
                tracing::warn!(%error, "reading Cloud Foundry failed; targets and labels stay as they are");
            }
        }
        let spread = error.kind.asked_wait().map(spread).unwrap_or_default();
        self.agenda
            .failed(error.kind.trouble(), spread, Instant::now());
        self.report(Report::Failed {
            at: Timestamp::now(),
            reason: error.reason(),
        })
        .await
    }

    /// Looks for new instances. If that fails, the next pass brings them.
    async fn look(&mut self, guids: &[Guid]) -> Result<(), Stopped> {
        match self.reader.client.look_for(guids).await {
            Ok(found) if found.instances.is_empty() => Ok(()),
            Ok(found) => self.report(Report::Found(found)).await,
            Err(error) => {
                tracing::debug!(%error, "looking for new service instances failed");
                Ok(())
            }
        }
    }

    /// Asks for the spaces that instances are shared with, until one question fails.
    async fn ask_where_shared(&mut self, found: &BTreeSet<Guid>) -> Result<(), Stopped> {
        let mut shared: BTreeMap<Guid, Arc<[Guid]>> = BTreeMap::new();
        let (client, turns) = (&mut self.reader.client, &mut self.turns);
        let asking = async {
            for guid in turns.due(found) {
                match client.shared_spaces(guid).await {
                    Ok(spaces) => drop(shared.insert(guid, spaces.into())),
                    Err(error) if says_nothing(&error.kind) => {}
                    Err(error) => {
                        tracing::debug!(%error, "asking for shared spaces failed");
                        return;
                    }
                }
                turns.asked(guid);
            }
        };
        if timeout(self.reader.limits.shared, asking).await.is_err() {
            tracing::debug!("asking for shared spaces took too long");
        }
        if shared.is_empty() {
            return Ok(());
        }
        self.report(Report::Shared(shared)).await
    }

    async fn report(&self, report: Report) -> Result<(), Stopped> {
        self.reports.send(report).await.map_err(|_| Stopped)
    }
}

/// The instance went meanwhile, or it is not for us to know.
fn says_nothing(kind: &ErrorKind) -> bool {
    matches!(kind.meaning(), Some(Meaning::NotFound | Meaning::Forbidden))
}

#[cfg(test)]
mod tests;
