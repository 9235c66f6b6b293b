//! No sequence of listings, failures, answers by name and clock steps removes a
//! target whose service Aiven has not denied by name.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// Something that can happen to a project. Bits select services, the lowest bit
/// the first one.
#[derive(Debug, Clone)]
enum Step {
    /// A listing of some services, perhaps cut at the row limit, perhaps with
    /// rows that cannot be read.
    List {
        present: u8,
        at_limit: bool,
        unreadable: usize,
    },
    /// A listing that fails.
    Fail(Option<Distrust>),
    /// Answers to the oldest open questions: each service exists, is denied, or
    /// neither.
    Answer { exists: u8, denied: u8 },
    /// Some names are looked up: those in `found` have an address, the others fail.
    LookUp { found: u8 },
    /// The clock moves forwards or backwards.
    Clock(i64),
    /// The daemon saves, ends, and starts again.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let bits = || 0_u8..32;
    let distrust = prop::option::of(prop::sample::select(Distrust::ALL.to_vec()));
    let step = prop_oneof![
        4 => (bits(), any::<bool>(), 0_usize..3).prop_map(|(present, at_limit, unreadable)| {
            Step::List { present, at_limit, unreadable }
        }),
        2 => distrust.prop_map(Step::Fail),
        4 => (bits(), bits()).prop_map(|(exists, denied)| Step::Answer { exists, denied }),
        2 => bits().prop_map(|found| Step::LookUp { found }),
        3 => (-4_000_i64..8_000).prop_map(Step::Clock),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..16)
}

fn selected_by(bits: u8) -> impl Iterator<Item = &'static str> {
    let names = NAMES.into_iter().enumerate();
    names.filter_map(move |(index, name)| (bits >> index & 1 == 1).then_some(name))
}

/// A project, what Aiven has said about it, and the questions not yet answered.
struct Run {
    project: Project,
    addresses: Addresses,
    now: i64,
    questions: Vec<Arc<[Arc<str>]>>,
    /// Services that Aiven has denied by name and not shown since.
    denied: BTreeSet<String>,
}

impl Run {
    /// All services are listed and published.
    fn new() -> Run {
        let mut project = new_project();
        project.absorb(listed(0, &NAMES));
        Run {
            project,
            addresses: addresses_of(NAMES),
            now: 0,
            questions: Vec::new(),
            denied: BTreeSet::new(),
        }
    }

    fn perform(&mut self, step: &Step) {
        match *step {
            Step::List {
                present,
                at_limit,
                unreadable,
            } => {
                let listing = Listing {
                    at_limit,
                    unreadable,
                    ..listing(selected_by(present))
                };
                self.denied
                    .retain(|name| selected_by(present).all(|shown| shown != name));
                let at = at(self.now);
                self.absorb(Report::Listed { at, listing });
            }
            Step::Fail(distrust) => {
                let (at, cause) = (at(self.now), "down".to_owned());
                self.absorb(Report::ListingFailed {
                    at,
                    cause,
                    distrust,
                });
            }
            Step::Answer { exists, denied } => self.answer(exists, denied),
            Step::LookUp { found } => self.look_up(found),
            Step::Clock(seconds) => self.now += seconds,
            Step::Restart => self.restart(),
        }
        self.project.forget_departed(at(self.now), GRACE);
    }

    fn absorb(&mut self, report: Report) {
        let round = self.project.unlisted_services().round;
        self.project.absorb(report);
        let asked = self.project.unlisted_services();
        if asked.round != round {
            self.questions.push(Arc::clone(&asked.names));
        }
    }

    fn answer(&mut self, exists: u8, denied: u8) {
        if self.questions.is_empty() {
            return;
        }
        let names = self.questions.remove(0);
        let is_in = |bits, name: &str| selected_by(bits).any(|one| one == name);
        let answers = names.iter().map(|name| {
            let answer = if is_in(exists, name) {
                self.denied.remove(&**name);
                ByName::Exists(service(name))
            } else if is_in(denied, name) {
                self.denied.insert(name.to_string());
                ByName::DoesNotExist
            } else {
                ByName::Unknown
            };
            (Arc::clone(name), answer)
        });
        let answers = answers.collect();
        let at = at(self.now);
        self.absorb(Report::AskedByName { at, answers });
    }

    fn look_up(&mut self, found: u8) {
        for (index, name) in NAMES.into_iter().enumerate() {
            let answer = || match found >> index & 1 {
                1 => Answer::Addresses(vec![[198, 51, 100, index as u8].into()]),
                _ => Answer::Failed("SERVFAIL".to_owned()),
            };
            let lookup = Lookup {
                v4: answer(),
                v6: Answer::Addresses(vec![]),
            };
            let name = format!("{name}.example").into();
            self.addresses.absorb(name, lookup, at(self.now));
        }
        self.project.addresses_changed();
    }

    /// Questions not yet answered are lost with the process.
    fn restart(&mut self) {
        let saved = Saved {
            inventory: Inventory::restore(
                self.project
                    .inventory()
                    .iter()
                    .map(|known| (Arc::clone(&known.service), known.missing.clone())),
            ),
            supported: None,
            endpoint_id: None,
        };
        self.project = Project::new("london".into(), saved, Some(at(self.now)));
        self.questions.clear();
    }

    fn published(&mut self) -> BTreeSet<String> {
        published(&mut self.project, &self.addresses)
            .into_iter()
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn only_services_that_aiven_denied_by_name_lose_their_targets(steps in steps()) {
        let mut run = Run::new();
        for (index, step) in steps.iter().enumerate() {
            run.perform(step);
            let published = run.published();
            for name in NAMES {
                prop_assert!(
                    published.contains(name) || run.denied.contains(name),
                    "{name} lost its target by step {index}"
                );
            }
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
            run.perform(&Step::List { present: 0, at_limit: false, unreadable: 0 });
            run.perform(&Step::Answer { exists: 0, denied: 31 });
            prop_assert!(run.questions.is_empty());
        }
        // The clock may have been far ahead when some services went missing.
        run.perform(&Step::Clock(8_000 * 24));
        prop_assert_eq!(run.published(), BTreeSet::new());
    }
}
