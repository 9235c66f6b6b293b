//! From the bytes of odd answers to published targets, without I/O: whatever Aiven
//! sends, no target is lost of a service that Aiven has not denied by name.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use jiff::Timestamp;
use odd_json::{Kinds, Odd, cases, odd};
use proptest::prelude::*;
use reqwest::StatusCode;
use serde_json::Value;

use super::truth::{SERVICES, Truth};
use crate::aiven::ErrorKind;
use crate::aiven::listing::{ListingReader, ParseCache};
use crate::aiven::wire::ServiceReader;
use crate::model::inventory::{ByName, Distrust, Listing};
use crate::model::outside_text::Secrets;
use crate::model::plan::Rules;
use crate::model::project::{Project, Report, Saved};
use crate::model::resolution::{Addresses, Answer, Lookup};
use crate::model::selection::Selection;
use crate::model::service::Service;

/// What the sim says of a few services: their listing, and each by name.
static TRUTH: LazyLock<Truth> = LazyLock::new(Truth::of_the_simulator);

const GRACE: Duration = Duration::from_secs(120);

/// What Aiven may do next.
#[derive(Debug, Clone)]
enum Step {
    /// A listing arrives in chunks of this size.
    List(Odd, usize),
    /// Each service that was asked for is answered, in this way.
    Answer(Vec<Said>),
    Clock(i64),
}

/// An answer about one service.
#[derive(Debug, Clone)]
enum Said {
    Truth,
    /// The true answer less something.
    Lossy(Odd),
    DoesNotExist,
    /// An error that is not about the service.
    Error(u16, Odd),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let size = prop_oneof![Just(usize::MAX), 1..2_000_usize];
    let list =
        (odd(&TRUTH.listing, Kinds::Any), size).prop_map(|(odd, size)| Step::List(odd, size));
    let said = prop_oneof![
        3 => Just(Said::Truth),
        2 => odd(&TRUTH.by_name[SERVICES[0]], Kinds::Losses).prop_map(Said::Lossy),
        1 => Just(Said::DoesNotExist),
        2 => (400..600_u16, odd(&TRUTH.denial("other"), Kinds::Any)).prop_map(|(status, body)| Said::Error(status, body)),
    ];
    let step = prop_oneof![
        3 => list,
        2 => prop::collection::vec(said, SERVICES.len()).prop_map(Step::Answer),
        1 => (0..300_i64).prop_map(Step::Clock),
    ];
    prop::collection::vec(step, 1..5)
}

/// A project whose services are all published, and what Aiven said about it since.
struct Run {
    project: Project,
    addresses: Addresses,
    reader: ServiceReader,
    cache: ParseCache,
    now: i64,
    asked: Arc<[Arc<str>]>,
    denied: BTreeSet<String>,
}

impl Run {
    fn new() -> Run {
        let mut run = Run {
            project: Project::new("london".into(), Saved::default(), None),
            addresses: Addresses::default(),
            reader: ServiceReader::new(["team".to_owned()]),
            cache: ParseCache::default(),
            now: 0,
            asked: Arc::default(),
            denied: BTreeSet::new(),
        };
        let text = TRUTH.listing.to_string();
        run.list(text.as_bytes(), usize::MAX);
        run.published();
        for (index, host) in run.project.needed_hosts().to_vec().into_iter().enumerate() {
            let ip = IpAddr::from([198, 51, 100, u8::try_from(index + 1).unwrap()]);
            let lookup = Lookup {
                v4: Answer::Addresses(vec![ip.into()]),
                v6: Answer::Addresses(vec![]),
            };
            run.addresses.absorb(host, lookup, at(0));
        }
        run.project.surroundings_changed();
        run
    }

    fn perform(&mut self, step: &Step) {
        match step {
            Step::List(odd, size) => self.list(&odd.text, *size),
            Step::Answer(said) => self.answer(said),
            Step::Clock(seconds) => self.now += seconds,
        }
        self.project.forget_departed(at(self.now), GRACE);
    }

    fn list(&mut self, document: &[u8], size: usize) {
        let at = at(self.now);
        let report = match self.read(document, size) {
            Ok((listing, cache)) => {
                assert_bounded(&listing, document.len());
                self.cache = cache;
                Report::Listed { at, listing }
            }
            Err(kind) => Report::ListingFailed {
                at,
                reason: kind.reason(),
                distrust: Some(Distrust::Malformed),
            },
        };
        self.absorb(report);
    }

    fn read(&mut self, document: &[u8], size: usize) -> Result<(Listing, ParseCache), ErrorKind> {
        let mut listing = ListingReader::new(&mut self.reader, &self.cache, 1_000);
        for chunk in document.chunks(size) {
            listing.feed(chunk)?;
        }
        listing.finish(1_000, &Secrets::default())
    }

    fn answer(&mut self, said: &[Said]) {
        let names = std::mem::take(&mut self.asked);
        if names.is_empty() {
            return;
        }
        let answers = names.iter().zip(said.iter().cycle());
        let answers = answers.map(|(name, said)| (Arc::clone(name), self.answer_about(name, said)));
        let answers = answers.collect();
        let at = at(self.now);
        self.absorb(Report::AskedByName { at, answers });
    }

    fn answer_about(&mut self, name: &str, said: &Said) -> ByName {
        let truth = TRUTH.by_name.get(name);
        let (status, body) = match (said, truth) {
            (Said::Truth, Some(truth)) => (200, truth.to_string().into_bytes()),
            // Only about the service that it is of.
            (Said::Lossy(odd), _) => (200, odd.text.clone()),
            (Said::Error(status, odd), _) => (*status, odd.text.clone()),
            _ => (404, TRUTH.denial(name).to_string().into_bytes()),
        };
        if status == 200 {
            let service = self.reader.read(&inner(&body));
            let about_it = service.ok().filter(|service| *service.name == *name);
            return about_it.map_or(ByName::Unknown, |service| ByName::Exists(Arc::new(service)));
        }
        let status = StatusCode::from_u16(status).unwrap();
        if ErrorKind::of_json(status, &body).denies_service(name) {
            self.denied.insert(name.to_owned());
            return ByName::DoesNotExist;
        }
        ByName::Unknown
    }

    fn absorb(&mut self, report: Report) {
        let round = self.project.unlisted_services().round;
        self.project.absorb(report);
        let unlisted = self.project.unlisted_services();
        if unlisted.round != round {
            self.asked = Arc::clone(&unlisted.names);
        }
    }

    fn published(&mut self) -> BTreeMap<String, BTreeSet<SocketAddr>> {
        let selection = Selection {
            types: Default::default(),
            clouds: Default::default(),
            tags: Default::default(),
            exclude: globset::GlobSet::empty(),
        };
        let rules = Rules {
            selection: &selection,
            create: true,
        };
        self.project.replan(&self.addresses, None, rules);
        let snapshot = self.project.snapshot();
        let services = snapshot.plan.services.iter();
        services
            .map(|planned| {
                (
                    planned.service.name.to_string(),
                    planned.targets().collect(),
                )
            })
            .collect()
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// The service in an answer about one.
fn inner(body: &[u8]) -> Vec<u8> {
    let answer: Result<Value, _> = serde_json::from_slice(body);
    answer.map_or_else(
        |_| vec![],
        |answer| answer["service"].to_string().into_bytes(),
    )
}

/// What is kept grows with what was sent, and not faster.
fn assert_bounded(listing: &Listing, sent: usize) {
    let kept: usize = listing.services.iter().map(|service| kept(service)).sum();
    assert!(
        kept <= 2 * sent + 100 * listing.services.len(),
        "{kept} bytes of {sent} are kept"
    );
}

fn kept(service: &Service) -> usize {
    let hosts = service.hosts.rows().iter().map(|host| host.name.len());
    let integrations = service.integrations.rows().iter();
    let integrations =
        integrations.map(|row| row.id.len() + row.failure.as_deref().map_or(0, str::len));
    let tags = service.tags.rows().iter();
    let tags = tags.map(|(key, value)| key.len() + value.len());
    service.name.len() + hosts.chain(integrations).chain(tags).sum::<usize>()
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn no_odd_answer_ends_a_target_that_aiven_has_not_denied(steps in steps()) {
        let mut run = Run::new();
        let before = run.published();
        for (index, step) in steps.iter().enumerate() {
            run.perform(step);
            let published = run.published();
            for (name, targets) in &before {
                let kept = published.get(name).is_some_and(|now| now.is_superset(targets));
                prop_assert!(
                    kept || run.denied.contains(name),
                    "{name} has {:?} instead of {targets:?} after step {index}",
                    published.get(name)
                );
            }
        }
    }
}

#[test]
fn everything_true_is_published() {
    let published = Run::new().published();
    assert_eq!(
        published.keys().map(String::as_str).collect::<Vec<_>>(),
        SERVICES
    );
    assert!(
        published.values().all(|targets| !targets.is_empty()),
        "{published:?}"
    );
}

/// Found by the test above: the first listing made the replica's name a derived one,
/// which the second could replace.
#[test]
fn a_name_that_aiven_gave_is_not_given_up_because_a_row_only_implies_it() {
    let mut without_usage = TRUTH.listing.clone();
    let mut without_route = TRUTH.listing.clone();
    for (listing, member) in [(&mut without_usage, "usage"), (&mut without_route, "route")] {
        for service in listing["services"].as_array_mut().unwrap() {
            for component in service["components"].as_array_mut().unwrap() {
                component[member] = Value::Null;
            }
        }
    }
    let mut run = Run::new();
    let before = run.published();
    for listing in [&without_usage, &without_route] {
        run.list(listing.to_string().as_bytes(), usize::MAX);
        assert_eq!(run.published(), before);
    }
}
