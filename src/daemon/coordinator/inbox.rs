//! Where the reports of all stages arrive, each in its own channel.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::model::{cloud_foundry, project};
use crate::resolve::ResolveRound;

/// Where reports arrive.
pub(in crate::daemon) struct Inbox {
    pub(in crate::daemon) reports: mpsc::Receiver<(Arc<str>, project::Report)>,
    pub(in crate::daemon) rounds: mpsc::Receiver<ResolveRound>,
    pub(in crate::daemon) cloud_foundry: mpsc::Receiver<cloud_foundry::Report>,
}

/// A report from a stage.
pub(super) enum Report {
    Project(Arc<str>, project::Report),
    Round(ResolveRound),
    CloudFoundry(cloud_foundry::Report),
}

impl Inbox {
    /// The next report; `None` once no stage is left.
    pub(super) async fn next(&mut self) -> Option<Report> {
        tokio::select! {
            report = self.reports.recv() => report.map(|(name, report)| Report::Project(name, report)),
            round = self.rounds.recv() => round.map(Report::Round),
            Some(report) = self.cloud_foundry.recv() => Some(Report::CloudFoundry(report)),
        }
    }

    /// The next report, if it is there already.
    pub(super) fn try_next(&mut self) -> Option<Report> {
        let report = self.reports.try_recv();
        report
            .map(|(name, report)| Report::Project(name, report))
            .or_else(|_| self.rounds.try_recv().map(Report::Round))
            .or_else(|_| self.cloud_foundry.try_recv().map(Report::CloudFoundry))
            .ok()
    }
}
