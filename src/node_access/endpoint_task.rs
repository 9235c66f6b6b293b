//! Keeps the credentials of a project's wanted integration endpoints known,
//! and our own endpoint in step with the configuration.
//!
//! As everything that writes at Aiven: only in this instance's turn, after a
//! fresh look, and never repeated blindly.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::Timing;
use super::ca_task::SAVE_AGAIN;
use super::endpoint_record::EndpointRecord;
use super::project_access::ProjectAccess;
use super::project_file::ProjectFile;
use super::saved::{SavedEndpoint, SavedEndpoints};
use crate::aiven::{Client, Error, ErrorKind};
use crate::integrate::WriteWindow;
use crate::model::credentials::{Credentials, KnownCredentials, NeededEndpoints, Step};

/// A part of `settle`: how often it is looked whether all nodes have followed.
const SETTLE_PART: u32 = 8;

/// What the watch over a project's endpoints needs.
pub(super) struct Setup {
    pub(super) project: Arc<str>,
    pub(super) client: Arc<Client>,
    pub(super) ring: Arc<ProjectAccess>,
    pub(super) shelf: Arc<ProjectFile<SavedEndpoints>>,
    /// The pair for our own endpoint.
    pub(super) configured: Option<Credentials>,
    /// Whether anything may be written at Aiven.
    pub(super) create: bool,
    pub(super) turn: WriteWindow,
    pub(super) timing: Timing,
}

/// The watch over one project's endpoints.
pub(super) struct EndpointTask {
    setup: Setup,
    wanted: watch::Receiver<NeededEndpoints>,
    ours: Option<Arc<str>>,
    cares: BTreeMap<Arc<str>, EndpointRecord>,
    unsaved: bool,
}

/// What a look at Aiven brought.
enum Look {
    /// Aiven's pair, and whether it is another one than before.
    Shown { is_news: bool },
    /// Aiven answered, but keeps the pair to itself.
    Hidden,
    /// Nothing.
    Failed,
}

impl EndpointTask {
    pub(super) fn new(setup: Setup, wanted: watch::Receiver<NeededEndpoints>) -> Self {
        let saved = setup.shelf.get(&setup.project);
        let cares = saved.into_iter().map(|(id, saved)| {
            let care = EndpointRecord::new(&id, KnownCredentials::from(saved), setup.timing);
            (id, care)
        });
        let mut watch = EndpointTask {
            cares: cares.collect(),
            setup,
            wanted,
            ours: None,
            unsaved: false,
        };
        watch.take_wishes();
        watch
    }

    /// Looks at each wanted endpoint regularly and when its nodes refuse all we
    /// have. Ends when nobody is left to want anything.
    pub(super) async fn run(mut self) {
        loop {
            self.take_wishes();
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
                () = self.setup.ring.refusals.notified() => {}
                changed = self.wanted.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Takes in which endpoints are wanted now.
    fn take_wishes(&mut self) {
        let wanted = self.wanted.borrow_and_update().clone();
        let all = wanted.all();
        let timing = self.setup.timing;
        for id in &all {
            let new = || EndpointRecord::new(id, KnownCredentials::default(), timing);
            self.cares.entry(Arc::clone(id)).or_insert_with(new);
        }
        let before = self.cares.len();
        self.cares
            .retain(|id, care| care.note_wanted(all.contains(id)));
        self.unsaved |= self.cares.len() != before;
        if self.ours != wanted.ours {
            self.ours = wanted.ours;
            self.look_at_ours_now();
        }
        self.publish();
    }

    /// A look at an endpoint that was not known to be ours compared nothing
    /// with the configuration, so another one must not wait for its regular time.
    fn look_at_ours_now(&mut self) {
        let ours = self.ours.as_ref();
        if let Some(care) = ours.and_then(|id| self.cares.get_mut(id)) {
            care.schedule.look_by(Instant::now());
        }
    }

    /// The pair that an endpoint should have, if that is for us to say.
    fn configured(&self, id: &str) -> Option<&Credentials> {
        let is_ours = self.ours.as_deref() == Some(id);
        self.setup.configured.as_ref().filter(|_| is_ours)
    }

    fn publish(&self) {
        let rings = self.cares.iter().map(|(id, care)| {
            let ring = care.ring(self.configured(id));
            (Arc::clone(id), Arc::new(ring))
        });
        let rings: BTreeMap<_, _> = rings.collect();
        self.setup.ring.endpoints.store(Arc::new(rings));
    }

    async fn save(&mut self) {
        if !self.unsaved {
            return;
        }
        let held = self
            .cares
            .iter()
            .filter(|(_, care)| care.held != KnownCredentials::default());
        let saved = held.map(|(id, care)| (Arc::clone(id), SavedEndpoint::from(&care.held)));
        let (shelf, project) = (&self.setup.shelf, &self.setup.project);
        self.unsaved = !shelf.put(project, saved.collect()).await;
    }

    fn forget_what_is_settled(&mut self) {
        let mut forgotten = false;
        for (id, care) in &mut self.cares {
            if care.forget_what_is_settled(self.setup.timing) {
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
        let due = self.cares.iter().filter_map(|(id, care)| {
            let is_foreign = self.ours.as_ref() != Some(id);
            Some((care.due()?, is_foreign, id))
        });
        let (due, _, id) = due.min()?;
        Some((due, Arc::clone(id)))
    }

    /// When there is something to do beside looking at Aiven.
    fn next_chore(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut cares = self.cares.values();
        let settling = cares.any(|care| !care.held.previous.is_empty());
        let settle = settling.then(|| now + self.setup.timing.settle / SETTLE_PART);
        let save = self.unsaved.then(|| now + SAVE_AGAIN);
        settle.into_iter().chain(save).min()
    }

    /// Looks at one endpoint and, where it is ours, brings it in step.
    async fn look_after(&mut self, id: &Arc<str>) {
        let care = self.cares.get(id);
        let is_urgent = care.is_some_and(|care| care.reports.forget_refusal());
        let look = self.look(id, is_urgent).await;
        if self.step(id, &look) != Step::Write {
            return;
        }
        self.save().await;
        self.setup.turn.come().await;
        let look = self.look(id, is_urgent).await;
        if self.step(id, &look) == Step::Write {
            self.write(id).await;
        }
    }

    /// Asks Aiven for the endpoint's pair and takes the answer in.
    async fn look(&mut self, id: &Arc<str>, is_urgent: bool) -> Look {
        let Setup {
            project, client, ..
        } = &self.setup;
        let answer = client.endpoint_credentials(project, id).await;
        let configured = self.configured(id).cloned();
        let Some(care) = self.cares.get_mut(id) else {
            return Look::Failed;
        };
        let now = Instant::now();
        let look = match answer {
            Ok(Some(pair)) => {
                let before = care.held.clone();
                care.held.saw(&pair, configured.as_ref(), Timestamp::now());
                self.unsaved |= care.held != before;
                care.said_unreadable = false;
                let is_news = care.held.remote != before.remote;
                care.schedule.answered(now, is_urgent, is_news);
                Look::Shown { is_news }
            }
            Ok(None) => {
                care.note_unreadable(None);
                care.schedule.answered(now, is_urgent, false);
                say_unreadable(&self.setup.project, id, care, configured.is_some(), None);
                Look::Hidden
            }
            Err(error) => {
                care.note_unreadable(Some(&error.kind));
                care.schedule.failed(now, &error.kind);
                let has_pair = configured.is_some();
                say_unreadable(&self.setup.project, id, care, has_pair, Some(&error));
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
    fn step(&mut self, id: &Arc<str>, look: &Look) -> Step {
        let timing = self.setup.timing;
        let configured = self.configured(id).filter(|_| self.setup.create).cloned();
        let (Some(configured), Some(care)) = (configured, self.cares.get_mut(id)) else {
            return Step::InStep;
        };
        let (shown, is_news) = match look {
            Look::Shown { is_news } => (true, *is_news),
            Look::Hidden => (false, false),
            Look::Failed => return Step::InStep,
        };
        let now = Timestamp::now();
        let step = care
            .held
            .step(&configured, shown, now, timing.restore_after);
        if let Step::LookAgainIn(wait) = step {
            care.schedule.look_by(Instant::now() + wait);
            if is_news {
                let minutes = wait.as_secs().div_ceil(60);
                tracing::warn!(project = %self.setup.project, endpoint_id = %id, minutes, "the integration endpoint has other credentials than the configured ones; using both, and restoring the configured ones if that lasts (another instance may have a newer configuration)");
            }
        }
        step
    }

    /// Writes the configured pair to our endpoint, if it is still our turn.
    async fn write(&mut self, id: &Arc<str>) {
        let Some(configured) = self.configured(id).cloned() else {
            return;
        };
        let Setup {
            project,
            client,
            turn,
            ..
        } = &self.setup;
        if !turn.is_now() {
            if let Some(care) = self.cares.get_mut(id) {
                care.schedule.look_by(Instant::now());
            }
            return;
        }
        let written = client.update_endpoint(project, id, &configured).await;
        let Some(care) = self.cares.get_mut(id) else {
            return;
        };
        match written {
            Ok(()) => {
                care.held
                    .saw(&configured, Some(&configured), Timestamp::now());
                care.said_unwritable = false;
                self.unsaved = true;
                tracing::info!(%project, endpoint_id = %id, "integration endpoint updated to the configured credentials; nodes follow");
                self.publish();
            }
            Err(error) => {
                care.schedule.failed(Instant::now(), &error.kind);
                if !std::mem::replace(&mut care.said_unwritable, true) {
                    tracing::warn!(%project, endpoint_id = %id, %error, "the integration endpoint cannot be updated to the configured credentials; scraping goes on with those it has, trying again later");
                }
            }
        }
    }
}

/// Says once that an endpoint's pair cannot be read, and what that means.
fn say_unreadable(
    project: &str,
    id: &str,
    care: &mut EndpointRecord,
    has_pair: bool,
    error: Option<&Error>,
) {
    let cause = match error {
        Some(error) => error.to_string(),
        None => "Aiven does not show them".to_owned(),
    };
    if std::mem::replace(&mut care.said_unreadable, true) {
        tracing::debug!(
            project,
            endpoint_id = id,
            cause,
            "credentials still cannot be read"
        );
    } else if has_pair {
        tracing::info!(
            project,
            endpoint_id = id,
            cause,
            "the integration endpoint's credentials cannot be read to compare them; using the configured ones"
        );
    } else if care.held.remote.is_some() {
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
