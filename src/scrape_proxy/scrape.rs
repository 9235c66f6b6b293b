//! A scrape under way. However it ends, it is counted once.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use super::ScrapeProxy;
use super::upstream::Upstream;
use crate::model::answering::Answering;
use crate::model::scrape::{Failure, Finding, NodeFacts, Target};

/// A scrape under way. Dropped without an end it was given up by Prometheus.
pub(super) struct Scrape {
    pub(super) proxy: Arc<ScrapeProxy>,
    pub(super) target: Target,
    /// What was learnt of the node so far.
    pub(super) learnt: NodeFacts,
    /// How the node answers, as far as is known.
    pub(super) answering: Answering,
    /// Whether its end is noted.
    is_noted: bool,
    started: Instant,
    bytes: u64,
    ended: bool,
}

impl Scrape {
    /// A scrape that starts now. `is_noted`: whether its end shows in results and metrics,
    /// as that of each of Prometheus' scrapes does.
    pub(super) fn of(proxy: &Arc<ScrapeProxy>, target: &Target, is_noted: bool) -> Self {
        Scrape {
            proxy: Arc::clone(proxy),
            target: target.clone(),
            learnt: NodeFacts::default(),
            answering: Answering::default(),
            is_noted,
            started: Instant::now(),
            bytes: 0,
            ended: false,
        }
    }

    /// Counts bytes of the page.
    pub(super) fn count(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// Keeps a connection whose answer was read to its end.
    pub(super) fn keep(&self, upstream: Upstream) {
        self.proxy.pool.put(&self.target, upstream);
    }

    /// The page went through whole.
    pub(super) fn succeeded(mut self) {
        self.end(None);
    }

    /// The scrape failed.
    pub(super) fn failed(mut self, failure: Failure) {
        self.end(Some(failure));
    }

    fn end(&mut self, failure: Option<Failure>) {
        if std::mem::replace(&mut self.ended, true) || !self.is_noted {
            return;
        }
        let took = self.started.elapsed();
        let class = failure.as_ref().map(|failure| failure.class);
        if let Some(failure) = &failure {
            let Target {
                project,
                service,
                address,
            } = &self.target;
            tracing::debug!(%project, %service, %address, class = failure.class.as_str(), failure.cause, "scrape failed");
        }
        self.proxy.metrics.scraped(class, took, self.bytes);
        let learnt = std::mem::take(&mut self.learnt);
        let results = &self.proxy.results;
        results.note(&self.target, Timestamp::now(), took, failure, learnt);
    }
}

impl Drop for Scrape {
    fn drop(&mut self) {
        if !self.ended {
            let cause = "Prometheus gave the scrape up before its end";
            self.end(Some(Failure::new(Finding::GivenUp, cause)));
        }
    }
}
