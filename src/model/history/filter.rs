//! Which events somebody asks for.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Event, EventKind, NoTime, Since};

/// Which events somebody asks for: all that hold of each part that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Those that were seen at this time or later.
    pub since: Option<Timestamp>,
    /// Those that matter to this service.
    pub service: Option<String>,
    /// The project of that service; without it the service of any project.
    pub project: Option<String>,
    /// Those of this kind.
    pub kind: Option<EventKind>,
}

/// What is wrong with a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFilter {
    /// `since` is no time.
    #[error("since={0}: {1}")]
    Since(String, NoTime),
    /// There is no such kind.
    #[error("kind={kind}: want one of {}", kinds())]
    Kind {
        /// What was given.
        kind: String,
    },
}

impl EventFilter {
    /// The filter that these parameters of a request mean. Empty ones and others are
    /// passed over, as a form sends them.
    ///
    /// # Errors
    /// When a value cannot be understood.
    pub fn of<'a>(
        parameters: impl Iterator<Item = (&'a str, &'a str)>,
        now: Timestamp,
    ) -> Result<EventFilter, BadFilter> {
        let mut filter = EventFilter::default();
        for (key, value) in parameters.filter(|(_, value)| !value.is_empty()) {
            match key {
                "since" => filter.since = Some(since(value, now)?),
                "kind" => filter.kind = Some(kind(value)?),
                "service" => filter = filter.of_service(value),
                _ => {}
            }
        }
        Ok(filter)
    }

    /// The same for `SERVICE` or `PROJECT/SERVICE`.
    #[must_use]
    pub fn of_service(self, name: &str) -> EventFilter {
        let (project, service) = match name.split_once('/') {
            Some((project, service)) => (Some(project.to_owned()), service),
            None => (None, name),
        };
        EventFilter {
            project,
            service: Some(service.to_owned()),
            ..self
        }
    }

    /// Those of `events` that are asked for.
    pub fn of_events(&self, events: Vec<Arc<Event>>) -> Vec<Arc<Event>> {
        let events = events.into_iter();
        events.filter(|event| self.matches(event)).collect()
    }

    fn matches(&self, event: &Event) -> bool {
        let concerns = |service: &String| event.concerns(self.project.as_deref(), service);
        self.since.is_none_or(|since| event.at >= since)
            && self.kind.is_none_or(|kind| event.kind == kind)
            && self.service.as_ref().is_none_or(concerns)
    }
}

fn since(value: &str, now: Timestamp) -> Result<Timestamp, BadFilter> {
    let since: Result<Since, _> = value.parse();
    let since = since.map_err(|error| BadFilter::Since(value.to_owned(), error))?;
    Ok(since.before(now))
}

fn kind(value: &str) -> Result<EventKind, BadFilter> {
    let mut kinds = EventKind::ALL.iter().copied();
    kinds
        .find(|kind| kind.as_str() == value)
        .ok_or_else(|| BadFilter::Kind {
            kind: value.to_owned(),
        })
}

fn kinds() -> String {
    let kinds: Vec<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
    kinds.join(", ")
}
