//! What describes how a project can be integrated: the lists of service types and of
//! integration endpoints.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Absorbed, Event, Project};
use crate::model::odd_rows::SetupList::{IntegrationEndpoints, IntegrationTypes};
use crate::model::odd_rows::{ListedTypes, OddRows, SetupList};
use crate::model::reason::Reason;

/// The lists that could not be read the last time, each with its cause.
#[derive(Debug, Default)]
pub(super) struct UnreadLists(BTreeMap<SetupList, Reason>);

impl UnreadLists {
    fn read(&mut self, list: SetupList) {
        self.0.remove(&list);
    }

    /// The reason for one of them.
    pub(super) fn reason(&self) -> Option<Reason> {
        self.0.values().next().cloned()
    }
}

impl Project {
    /// Notes that a list could not be read. What was known of it still holds, but
    /// nothing new can be integrated on the strength of it.
    pub(super) fn note_setup_failure(&mut self, at: Timestamp, list: SetupList, reason: Reason) {
        let reason = reason.hinders(&format!("{} cannot be read", list.as_str()));
        self.unread.0.insert(list, reason.clone());
        self.stages.integrate.failed(at, reason);
    }

    /// Takes the supported types in. A list with odd rows adds to what was known.
    pub(super) fn absorb_types(&mut self, listed: ListedTypes) -> Absorbed {
        let ListedTypes {
            mut types,
            is_whole,
            odd,
        } = listed;
        self.unread.read(IntegrationTypes);
        let event = note_odd_rows(&mut self.odd_types, odd, IntegrationTypes);
        if !is_whole {
            types.extend(self.supported.iter().flatten().cloned());
        }
        let is_known = is_whole || !types.is_empty();
        let differs = is_known && self.supported.as_ref() != Some(&types);
        if differs {
            self.supported = Some(types);
        }
        Absorbed {
            events: event.into_iter().collect(),
            ..self.note_change(differs)
        }
    }

    pub(super) fn absorb_odd_endpoints(&mut self, odd: OddRows) -> Absorbed {
        self.unread.read(IntegrationEndpoints);
        let event = note_odd_rows(&mut self.odd_endpoints, odd, IntegrationEndpoints);
        Absorbed::of_events(event)
    }
}

/// Notes the odd rows of a list. Returns what is to be said about them, if they are
/// not the same as before.
fn note_odd_rows(known: &mut Arc<OddRows>, odd: OddRows, list: SetupList) -> Option<Event> {
    if **known == odd {
        return None;
    }
    *known = Arc::new(odd.clone());
    Some(match odd.count() {
        0 => Event::NoOddRows(list),
        _ => Event::OddRows(odd),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Report;
    use super::super::tests::{at, listed, new_project};
    use super::*;

    #[test]
    fn the_integrate_stage_fails_from_the_first_unread_list_until_all_are_read() {
        let mut project = new_project();
        let unread = |second, list| Report::SetupFailed {
            at: at(second),
            list,
            reason: "no answer".into(),
        };
        let failing = |project: &Project| {
            let failing = project.stages.integrate.failing.clone()?;
            Some((failing.since, failing.cause.to_string()))
        };
        project.absorb(listed(0, &["a"]));
        assert_eq!(failing(&project), None);
        project.absorb(unread(1, IntegrationTypes));
        let types = "integration_types cannot be read: no answer".to_owned();
        assert_eq!(failing(&project), Some((at(1), types.clone())));
        project.absorb(unread(2, IntegrationEndpoints));
        project.absorb(listed(3, &["a"]));
        assert_eq!(failing(&project), Some((at(1), types)));
        project.absorb(Report::SupportedTypes(ListedTypes::default()));
        project.absorb(listed(4, &["a"]));
        let (since, cause) = failing(&project).unwrap();
        assert_eq!(since, at(1));
        assert!(
            cause.starts_with("service_integration_endpoints "),
            "{cause}"
        );
        project.absorb(Report::OddEndpoints(OddRows::default()));
        project.absorb(listed(5, &["a"]));
        assert_eq!(failing(&project), None);
    }
}
