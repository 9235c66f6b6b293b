//! No sequence of listings, failures, answers by name and clock steps removes a
//! target that Aiven has not ended: by denying its service by name, by saying by name
//! that the service is off, not integrated or elsewhere, or by a plain listed
//! POWEROFF. Rows and answers lack details, have them doubled, and lie.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::model::odd_rows::ListedTypes;
use crate::model::resolution;

mod rows;

use rows::{Kind, Row, row};

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// Something that can happen to a project.
#[derive(Debug, Clone)]
enum Step {
    /// A listing: each service's row, if it has one; perhaps a second row of one of
    /// them, perhaps cut at the row limit, perhaps with rows that cannot be read.
    List {
        rows: Vec<Option<Row>>,
        second: Option<(usize, Row)>,
        at_limit: bool,
        unreadable: usize,
    },
    /// A listing that fails.
    Fail(Option<Distrust>),
    /// Answers to the oldest open questions, for each service.
    Answer(Vec<Answer>),
    /// Some names are looked up: those in `found` have an address, the others fail.
    LookUp { found: u8 },
    /// The clock moves forwards or backwards.
    Clock(i64),
    /// The daemon saves, ends, and starts again.
    Restart,
}

/// An answer by name.
#[derive(Debug, Clone)]
enum Answer {
    Row(Row),
    Denied,
    Unknown,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rows = prop::collection::vec(prop::option::weighted(0.8, row()), NAMES.len());
    let second = prop::option::weighted(0.2, (0..NAMES.len(), row()));
    let answer = prop_oneof![
        4 => row().prop_map(Answer::Row),
        1 => Just(Answer::Denied),
        1 => Just(Answer::Unknown),
    ];
    let distrust = prop::option::of(prop::sample::select(Distrust::ALL.to_vec()));
    let odd_rows = prop_oneof![6 => Just((false, 0)), 1 => (any::<bool>(), 0_usize..3)];
    let step = prop_oneof![
        5 => (rows, second, odd_rows).prop_map(|(rows, second, (at_limit, unreadable))| {
            Step::List { rows, second, at_limit, unreadable }
        }),
        1 => distrust.prop_map(Step::Fail),
        5 => prop::collection::vec(answer, NAMES.len()).prop_map(Step::Answer),
        1 => (0_u8..32).prop_map(|found| Step::LookUp { found }),
        2 => (-4_000_i64..8_000).prop_map(Step::Clock),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..16)
}

/// A project, what Aiven has said about it, and the questions not yet answered.
struct Run {
    project: Project,
    addresses: Addresses,
    now: i64,
    questions: Vec<Arc<[Arc<str>]>>,
    /// Services that Aiven has denied by name and not shown since.
    denied: BTreeSet<&'static str>,
    /// Services whose targets Aiven has ended, and that have had none since.
    ended: BTreeSet<&'static str>,
    /// Services that the newest listing calls powered off, plainly.
    off: BTreeSet<&'static str>,
    /// Services of which the last readable word is that they have no integration.
    bare: BTreeSet<&'static str>,
}

impl Run {
    /// All services are listed and published.
    fn new() -> Run {
        let mut run = Run {
            project: new_project(),
            addresses: addresses_of(NAMES),
            now: 0,
            questions: Vec::new(),
            denied: BTreeSet::new(),
            ended: BTreeSet::new(),
            off: BTreeSet::new(),
            bare: BTreeSet::new(),
        };
        run.learn_setup();
        run.project.absorb(listed(0, &NAMES));
        run
    }

    /// What an integration needs is there, so that one is made as soon as it may be.
    fn learn_setup(&mut self) {
        let listed = ListedTypes {
            types: ["opensearch".into()].into(),
            is_whole: true,
            ..ListedTypes::default()
        };
        self.project.absorb(Report::SupportedTypes(listed));
        let endpoint = EndpointFact::Present("e".into());
        self.project.absorb(Report::Endpoint(endpoint));
    }

    fn perform(&mut self, step: &Step) {
        match step {
            Step::List {
                rows,
                second,
                at_limit,
                unreadable,
            } => {
                let rows = rows.iter().enumerate();
                let mut rows: Vec<_> = rows
                    .filter_map(|(index, row)| Some((NAMES[index], (*row)?)))
                    .collect();
                rows.extend(second.map(|(index, row)| (NAMES[index], row)));
                self.list(&rows, *at_limit, *unreadable);
            }
            Step::Fail(distrust) => {
                let (at, reason) = (at(self.now), "down".into());
                self.absorb(Report::ListingFailed {
                    at,
                    reason,
                    distrust: *distrust,
                });
            }
            Step::Answer(answers) => self.answer(answers),
            Step::LookUp { found } => self.look_up(*found),
            Step::Clock(seconds) => self.now += seconds,
            Step::Restart => self.restart(),
        }
        self.project.forget_departed(at(self.now), GRACE);
    }

    fn list(&mut self, rows: &[(&'static str, Row)], at_limit: bool, unreadable: usize) {
        let targets = self.published();
        let of = |name: &'static str| rows.iter().filter(move |(of, _)| *of == name);
        let said_off: BTreeSet<_> = rows
            .iter()
            .filter(|(name, row)| row.says_off() && targets.contains(*name))
            .map(|(name, _)| *name)
            .collect();
        self.off.clear();
        if said_off.len() == 1 && unreadable == 0 && !at_limit {
            let is_plain = |name: &&'static str| {
                of(name).all(|(_, row)| row.power_is_unsaid() || row.says_off())
            };
            self.off
                .extend(said_off.iter().filter(|name| is_plain(name)));
        }
        for (name, row) in rows {
            self.denied.remove(name);
            self.note_integrations(name, *row);
        }
        let services = rows.iter().map(|(name, row)| row.service(name));
        let listing = Listing {
            services: services.collect(),
            at_limit,
            unreadable,
            first_unreadable: None,
        };
        let at = at(self.now);
        self.absorb(Report::Listed { at, listing });
    }

    fn note_integrations(&mut self, name: &'static str, row: Row) {
        match row.says_bare() {
            Some(true) => drop(self.bare.insert(name)),
            Some(false) => drop(self.bare.remove(name)),
            None => {}
        }
    }

    fn absorb(&mut self, report: Report) {
        let round = self.project.unlisted_services().round;
        self.project.absorb(report);
        let asked = self.project.unlisted_services();
        if asked.round != round {
            self.questions.push(Arc::clone(&asked.names));
        }
    }

    fn answer(&mut self, answers: &[Answer]) {
        if self.questions.is_empty() {
            return;
        }
        let names = self.questions.remove(0);
        let mut said = Vec::new();
        for (name, answer) in NAMES.into_iter().zip(answers) {
            if !names.iter().any(|asked| **asked == *name) {
                continue;
            }
            let answer = match answer {
                Answer::Unknown => ByName::Unknown,
                Answer::Denied => {
                    self.denied.insert(name);
                    ByName::DoesNotExist
                }
                Answer::Row(row) => {
                    self.denied.remove(name);
                    // A newer listing may have made the answer worthless.
                    if row.says_bare() == Some(true) {
                        self.bare.insert(name);
                    }
                    if row.ends_targets() {
                        self.ended.insert(name);
                    }
                    ByName::Exists(row.service(name))
                }
            };
            said.push((name.into(), answer));
        }
        let at = at(self.now);
        self.absorb(Report::AskedByName { at, answers: said });
    }

    fn look_up(&mut self, found: u8) {
        for (index, name) in NAMES.into_iter().enumerate() {
            let answer = || match found >> index & 1 {
                1 => resolution::Answer::Addresses(vec![[198, 51, 100, index as u8].into()]),
                _ => resolution::Answer::Failed("SERVFAIL".to_owned()),
            };
            let lookup = Lookup {
                v4: answer(),
                v6: resolution::Answer::Addresses(vec![]),
            };
            let name = format!("{name}.example").into();
            self.addresses.absorb(name, lookup, at(self.now));
        }
        self.project.surroundings_changed();
    }

    /// Questions not yet answered are lost with the process.
    fn restart(&mut self) {
        let saved = Saved {
            inventory: Inventory::restore(
                self.project
                    .inventory()
                    .iter()
                    .map(|known| (saved(&known.service), known.missing.clone())),
            ),
            supported: None,
            endpoint_id: None,
            identities: Default::default(),
        };
        self.project = Project::new("london".into(), saved, Some(at(self.now)));
        self.questions.clear();
        self.learn_setup();
    }

    fn published(&mut self) -> BTreeSet<String> {
        published(&mut self.project, &self.addresses)
            .into_iter()
            .collect()
    }

    /// What was lost without Aiven's word, or is to be written without it.
    fn wrongs(&mut self) -> Vec<String> {
        let published = self.published();
        let mut wrongs = Vec::new();
        for name in NAMES {
            if published.contains(name) {
                self.ended.remove(name);
            } else if self.denied.contains(name) || self.off.contains(name) {
                self.ended.insert(name);
            } else if !self.ended.contains(name) {
                wrongs.push(format!("{name} lost its target"));
            }
        }
        for name in self.project.pending_writes().services.iter() {
            if !self.bare.contains(&**name) {
                wrongs.push(format!("{name} is to be integrated though it may be"));
            }
        }
        wrongs
    }
}

/// The service as the next run reads it from the file.
fn saved(service: &Service) -> Arc<Service> {
    let json = serde_json::to_string(service).unwrap();
    Arc::new(serde_json::from_str(&json).unwrap())
}

fn list_all(kind: Kind) -> Step {
    Step::List {
        rows: vec![Some(Row::whole(kind)); NAMES.len()],
        second: None,
        at_limit: false,
        unreadable: 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn only_services_that_aiven_ended_lose_their_targets(steps in steps()) {
        let mut run = Run::new();
        for (index, step) in steps.iter().enumerate() {
            run.perform(step);
            let wrongs = run.wrongs();
            prop_assert!(wrongs.is_empty(), "by step {index}: {wrongs:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn services_that_aiven_denies_are_removed_after_the_grace(steps in steps()) {
        let mut run = Run::new();
        steps.iter().for_each(|step| run.perform(step));
        // The first answers may be those to questions of before.
        for _ in 0..2 {
            run.perform(&Step::List {
                rows: vec![None; NAMES.len()],
                second: None,
                at_limit: false,
                unreadable: 0,
            });
            run.perform(&Step::Answer(vec![Answer::Denied; NAMES.len()]));
            prop_assert!(run.questions.is_empty());
        }
        // The clock may have been far ahead when some services went missing.
        run.perform(&Step::Clock(8_000 * 24));
        prop_assert_eq!(run.published(), BTreeSet::new());
    }

    #[test]
    fn whatever_was_before_what_aiven_says_twice_is_so_in_the_end(steps in steps()) {
        for kind in [Kind::Good, Kind::Off, Kind::Bare, Kind::Disabled] {
            let mut run = Run::new();
            steps.iter().for_each(|step| run.perform(step));
            for _ in 0..3 {
                run.perform(&list_all(kind));
                run.perform(&Step::Answer(vec![Answer::Row(Row::whole(kind)); NAMES.len()]));
            }
            let expected = if kind == Kind::Good { NAMES.len() } else { 0 };
            prop_assert_eq!(run.published().len(), expected, "{:?}", kind);
        }
    }
}
