//! Reports about a project, and the result of absorbing one.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::endpoint::EndpointFact;
use crate::model::inventory::{ByName, Distrust, Listing};
use crate::model::odd_rows::{ListedTypes, OddRows, SetupList};
use crate::model::plan::Attempt;
use crate::model::reason::Reason;

/// What Aiven answered about each service that it was asked for by name.
pub type Answers = Vec<(Arc<str>, ByName)>;

/// One report about a project.
#[derive(Debug)]
pub enum Report {
    /// A whole listing of its services.
    Listed {
        /// When it was read.
        at: Timestamp,
        /// The services in it.
        listing: Listing,
    },
    /// Listing failed.
    ListingFailed {
        /// When.
        at: Timestamp,
        /// Why.
        reason: Reason,
        /// How the failure counts among the distrusted listings, if it does.
        distrust: Option<Distrust>,
    },
    /// Aiven was asked for services by name.
    AskedByName {
        /// When the last answer came.
        at: Timestamp,
        /// The answers.
        answers: Answers,
    },
    /// The service types that Aiven's integration supports.
    SupportedTypes(ListedTypes),
    /// The integration endpoint, as Aiven shows it.
    Endpoint(EndpointFact),
    /// The rows of the integration endpoints that cannot be read.
    OddEndpoints(OddRows),
    /// A list that integrating depends on could not be read.
    SetupFailed {
        /// When.
        at: Timestamp,
        /// The list.
        list: SetupList,
        /// Why.
        reason: Reason,
    },
    /// What became of the request to integrate a service.
    Attempted {
        /// The service.
        service: Arc<str>,
        /// What became of it.
        attempt: Attempt,
    },
}

/// The result of absorbing a report.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Absorbed {
    /// Whether something changed that the next run must know.
    pub worth_saving: bool,
    /// What happened, for logs and counters.
    pub events: Vec<Event>,
}

/// Something that an operator may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A listing is not trusted.
    ListingDistrusted {
        /// Why not.
        distrust: Distrust,
        /// How many known services it lacks; unset when it could not be read.
        missing: Option<usize>,
        /// How many known services it shows with a detail that is not believed.
        doubtful: usize,
    },
    /// Rows of a list cannot be read, other ones than before.
    OddRows(OddRows),
    /// All rows of a list can be read again.
    NoOddRows(SetupList),
    /// A service is gone: Aiven denied it by name, and the removal grace is over.
    Departed(Arc<str>),
}

impl Absorbed {
    pub(super) fn of_events(events: impl IntoIterator<Item = Event>) -> Absorbed {
        Absorbed {
            worth_saving: false,
            events: events.into_iter().collect(),
        }
    }
}
