//! Keeps the credentials of a project's needed integration endpoints known,
//! and our own endpoint in step with the configuration.
//!
//! As all writes at Aiven, this one is made only in this instance's write
//! window, after a fresh look, and is never repeated blindly.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::Timing;
use super::ca_task::SAVE_RETRY;
use super::endpoint_record::EndpointRecord;
use super::project_access::ProjectAccess;
use super::project_file::ProjectFile;
use super::saved::{SavedEndpoint, SavedEndpoints};
use crate::aiven::{Client, Error, ErrorKind};
use crate::model::backoff::Trouble;
use crate::model::credentials::{Credentials, KnownCredentials, NextStep};
use crate::model::later::later;
use crate::model::needed_endpoints::NeededEndpoints;
use crate::model::outage::Failure;
use crate::model::write_window::WriteWindow;

/// A part of `settle`: how often it is looked whether all nodes have followed.
const SETTLE_PART: u32 = 8;

/// What the task needs.
pub(super) struct Setup {
    pub(super) project: Arc<str>,
    pub(super) client: Arc<Client>,
    pub(super) access: Arc<ProjectAccess>,
    pub(super) file: Arc<ProjectFile<SavedEndpoints>>,
    /// The credentials for our own endpoint.
    pub(super) configured: Option<Credentials>,
    /// Whether anything may be written at Aiven.
    pub(super) create: bool,
    pub(super) write_window: WriteWindow,
    pub(super) timing: Timing,
}

/// Keeps the credentials of one project's endpoints known.
pub(super) struct EndpointTask {
    setup: Setup,
    needed: watch::Receiver<NeededEndpoints>,
    ours: Option<Arc<str>>,
    records: BTreeMap<Arc<str>, EndpointRecord>,
    unsaved: bool,
}

/// What a look at Aiven brought.
enum Look {
    /// Aiven's credentials, and whether they differ from before.
    Shown { is_news: bool },
    /// Aiven answered without them.
    Hidden,
    /// Nothing.
    Failed,
}

impl EndpointTask {
    pub(super) fn new(setup: Setup, needed: watch::Receiver<NeededEndpoints>) -> Self {
        let saved = setup.file.get(&setup.project);
        let records = saved.into_iter().map(|(id, saved)| {
            let record = EndpointRecord::new(&id, KnownCredentials::from(saved), setup.timing);
            (id, record)
        });
        let mut task = EndpointTask {
            records: records.collect(),
            setup,
            needed,
            ours: None,
            unsaved: false,
        };
        task.take_needs();
        task
    }

    /// Looks at each needed endpoint regularly and when its nodes refuse all we
    /// have. Returns when the `needed` channel closes.
    pub(super) async fn run(mut self) {
        loop {
            self.take_needs();
            self.forget_what_is_settled();
            self.save().await;
            let next = self.next_due();
            if let Some((due, id)) = &next
                && *due <= Instant::now()
            {
                self.look_after(id).await;
                continue;
            }
            let wake = next
                .map(|(due, _)| due)
                .into_iter()
                .chain(self.next_chore())
                .min();
            let sleep = async {
                match wake {
                    Some(wake) => sleep_until(wake).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = sleep => {}
                () = self.setup.access.refusals.notified() => {}
                changed = self.needed.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Takes in which endpoints are needed now.
    fn take_needs(&mut self) {
        let needed = self.needed.borrow_and_update().clone();
        let all = needed.all();
        let timing = self.setup.timing;
        for id in &all {
            let new = || EndpointRecord::new(id, KnownCredentials::default(), timing);
            self.records.entry(Arc::clone(id)).or_insert_with(new);
        }
        let before = self.records.len();
        self.records
            .retain(|id, record| record.note_needed(all.contains(id)));
        self.unsaved |= self.records.len() != before;
        if self.ours != needed.ours {
            self.ours = needed.ours;
            self.look_at_ours_now();
        }
        self.publish();
    }

    /// A look at an endpoint that was not known to be ours compared nothing
    /// with the configuration, so another one must not wait for its regular time.
    fn look_at_ours_now(&mut self) {
        let ours = self.ours.as_ref();
        if let Some(record) = ours.and_then(|id| self.records.get_mut(id)) {
            record.schedule.look_by(Instant::now());
        }
    }

    /// The credentials that an endpoint should have, if that is for us to say.
    fn configured(&self, id: &str) -> Option<&Credentials> {
        let is_ours = self.ours.as_deref() == Some(id);
        self.setup.configured.as_ref().filter(|_| is_ours)
    }

    fn publish(&self) {
        let endpoints = self.records.iter().map(|(id, record)| {
            let access = record.access(self.configured(id));
            (Arc::clone(id), Arc::new(access))
        });
        let endpoints: BTreeMap<_, _> = endpoints.collect();
        self.setup.access.endpoints.store(Arc::new(endpoints));
    }

    async fn save(&mut self) {
        if !self.unsaved {
            return;
        }
        let known = self
            .records
            .iter()
            .filter(|(_, record)| record.known != KnownCredentials::default());
        let saved = known.map(|(id, record)| (Arc::clone(id), SavedEndpoint::from(&record.known)));
        let (file, project) = (&self.setup.file, &self.setup.project);
        self.unsaved = !file.put(project, saved.collect()).await;
    }

    fn forget_what_is_settled(&mut self) {
        let mut forgotten = false;
        for (id, record) in &mut self.records {
            if record.forget_what_is_settled(self.setup.timing) {
                tracing::info!(project = %self.setup.project, endpoint_id = %id, "all nodes take the present credentials; the previous ones are forgotten");
                forgotten = true;
            }
        }
        if forgotten {
            self.unsaved = true;
            self.publish();
        }
    }

    /// The endpoint to look at first, ours before others.
    fn next_due(&self) -> Option<(Instant, Arc<str>)> {
        let due = self.records.iter().filter_map(|(id, record)| {
            let is_foreign = self.ours.as_ref() != Some(id);
            Some((record.due()?, is_foreign, id))
        });
        let (due, _, id) = due.min()?;
        Some((due, Arc::clone(id)))
    }

    /// When there is something to do beside looking at Aiven.
    fn next_chore(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut records = self.records.values();
        let settling = records.any(|record| !record.known.previous.is_empty());
        let settle = settling.then(|| later(now, self.setup.timing.settle / SETTLE_PART));
        let save = self.unsaved.then(|| later(now, SAVE_RETRY));
        settle.into_iter().chain(save).min()
    }

    /// Looks at one endpoint and, where it is ours, brings it in step.
    async fn look_after(&mut self, id: &Arc<str>) {
        let record = self.records.get(id);
        let is_urgent = record.is_some_and(|record| record.reports.forget_refusal());
        let look = self.look(id, is_urgent).await;
        if self.step(id, &look) != NextStep::Write {
            return;
        }
        self.save().await;
        let opens_in = self.setup.write_window.opens_in(Timestamp::now());
        tokio::time::sleep(opens_in).await;
        let look = self.look(id, is_urgent).await;
        if self.step(id, &look) == NextStep::Write {
            self.write(id).await;
        }
    }

    /// Asks Aiven for the endpoint's credentials and takes the answer in.
    async fn look(&mut self, id: &Arc<str>, is_urgent: bool) -> Look {
        let Setup {
            project, client, ..
        } = &self.setup;
        let answer = client.endpoint_credentials(project, id).await;
        let configured = self.configured(id).cloned();
        let Some(record) = self.records.get_mut(id) else {
            return Look::Failed;
        };
        let now = Instant::now();
        let look = match answer {
            Ok(Some(credentials)) => {
                let before = record.known.clone();
                record
                    .known
                    .note_remote(&credentials, configured.as_ref(), Timestamp::now());
                self.unsaved |= record.known != before;
                if record.reading.end(Timestamp::now()).is_some() {
                    tracing::info!(%project, endpoint_id = %id, "the integration endpoint's credentials can be read again");
                }
                let is_news = record.known.remote != before.remote;
                record.schedule.answered(now, is_urgent, is_news);
                Look::Shown { is_news }
            }
            Ok(None) => {
                record.note_unreadable(None);
                record.schedule.answered(now, is_urgent, false);
                say_unreadable(&self.setup.project, id, record, configured.is_some(), None);
                Look::Hidden
            }
            Err(error) => {
                record.note_unreadable(Some(&error.kind));
                record.schedule.failed(now, error.kind.trouble());
                let is_configured = configured.is_some();
                say_unreadable(&self.setup.project, id, record, is_configured, Some(&error));
                match error.kind {
                    ErrorKind::Forbidden(_) => Look::Hidden,
                    _ => Look::Failed,
                }
            }
        };
        self.publish();
        look
    }

    /// What to do about an endpoint after a look at it.
    fn step(&mut self, id: &Arc<str>, look: &Look) -> NextStep {
        let timing = self.setup.timing;
        let configured = self.configured(id).filter(|_| self.setup.create).cloned();
        let (Some(configured), Some(record)) = (configured, self.records.get_mut(id)) else {
            return NextStep::Nothing;
        };
        let (shown, is_news) = match look {
            Look::Shown { is_news } => (true, *is_news),
            Look::Hidden => (false, false),
            Look::Failed => return NextStep::Nothing,
        };
        let now = Timestamp::now();
        let step = record
            .known
            .next_step(&configured, shown, now, timing.restore_after);
        if let NextStep::LookAgainIn(wait) = step {
            record.schedule.look_by(later(Instant::now(), wait));
            if is_news {
                let minutes = wait.as_secs().div_ceil(60);
                tracing::warn!(project = %self.setup.project, endpoint_id = %id, minutes, "the integration endpoint has other credentials than the configured ones; using both, and restoring the configured ones if that lasts (another instance may have a newer configuration)");
            }
        }
        step
    }

    /// Writes the configured credentials to our endpoint, if the write window is
    /// still open.
    async fn write(&mut self, id: &Arc<str>) {
        let Some(configured) = self.configured(id).cloned() else {
            return;
        };
        let Setup {
            project,
            client,
            write_window,
            ..
        } = &self.setup;
        if !write_window.is_open(Timestamp::now()) {
            if let Some(record) = self.records.get_mut(id) {
                record.schedule.look_by(Instant::now());
            }
            return;
        }
        let written = client.update_endpoint(project, id, &configured).await;
        // What counts is what Aiven shows, if it shows anything.
        let shown = client.endpoint_credentials(project, id).await;
        let is_shown = match &shown {
            Ok(Some(shown)) => Some(*shown == configured),
            Ok(None) | Err(_) => None,
        };
        let Some(record) = self.records.get_mut(id) else {
            return;
        };
        match written {
            _ if is_shown == Some(true) => {
                self.note_written(id, &configured);
            }
            Ok(()) if is_shown == Some(false) => {
                record.schedule.failed(Instant::now(), Trouble::Permanent);
                if record.writing.begin(Timestamp::now()) == Failure::First {
                    tracing::warn!(%project, endpoint_id = %id, "Aiven answered that it updated the integration endpoint, but shows other credentials; scraping goes on with those it has, trying again later");
                }
            }
            Ok(()) => self.note_written(id, &configured),
            Err(error) => {
                record.schedule.failed(Instant::now(), error.kind.trouble());
                if record.writing.begin(Timestamp::now()) == Failure::First {
                    tracing::warn!(%project, endpoint_id = %id, %error, "the integration endpoint cannot be updated to the configured credentials; scraping goes on with those it has, trying again later");
                }
            }
        }
    }

    /// Notes that our endpoint has the configured credentials now.
    fn note_written(&mut self, id: &Arc<str>, configured: &Credentials) {
        let Some(record) = self.records.get_mut(id) else {
            return;
        };
        record
            .known
            .note_remote(configured, Some(configured), Timestamp::now());
        record.writing.end(Timestamp::now());
        self.unsaved = true;
        tracing::info!(project = %self.setup.project, endpoint_id = %id, "integration endpoint updated to the configured credentials; nodes follow");
        self.publish();
    }
}

/// Says once that an endpoint's credentials cannot be read, and what that means.
fn say_unreadable(
    project: &str,
    id: &str,
    record: &mut EndpointRecord,
    is_configured: bool,
    error: Option<&Error>,
) {
    let cause = match error {
        Some(error) => error.to_string(),
        None => "Aiven does not show them".to_owned(),
    };
    if record.reading.begin(Timestamp::now()) == Failure::Again {
        tracing::debug!(
            project,
            endpoint_id = id,
            cause,
            "credentials still cannot be read"
        );
    } else if is_configured {
        tracing::info!(
            project,
            endpoint_id = id,
            cause,
            "the integration endpoint's credentials cannot be read to compare them; using the configured ones"
        );
    } else if record.known.remote.is_some() {
        tracing::warn!(
            project,
            endpoint_id = id,
            cause,
            "the integration endpoint's credentials cannot be read; using those known from before, trying again later"
        );
    } else {
        tracing::warn!(
            project,
            endpoint_id = id,
            cause,
            "the integration endpoint's credentials cannot be read; its services cannot be scraped"
        );
    }
}
