//! Whatever comes, rests and goes: this machine gets in, and answers are not cut.

use futures_util::FutureExt;
use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits {
    all: 8,
    elsewhere: 6,
    each: 3,
};

/// A connection as its task has it.
struct Task {
    peer: IpAddr,
    place: Place,
    in_flight: Option<InFlight>,
}

impl Task {
    fn is_evicted(&self) -> bool {
        self.place.activity.evicted.is_cancelled()
    }
}

#[derive(Debug, Clone)]
enum Event {
    Comes(IpAddr),
    Sends(prop::sample::Index),
    Asks(prop::sample::Index),
    IsAnswered(prop::sample::Index),
    Leaves(prop::sample::Index),
}

fn event() -> impl Strategy<Value = Event> {
    let peers = [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "192.0.2.1",
        "192.0.2.2",
        "192.0.2.3",
        "2001:db8::1",
        "2001:db8::2",
    ];
    let peer = prop::sample::select(peers.map(|peer| peer.parse().unwrap()).to_vec());
    let one = any::<prop::sample::Index>;
    prop_oneof![
        4 => peer.prop_map(Event::Comes),
        2 => one().prop_map(Event::Sends),
        2 => one().prop_map(Event::Asks),
        1 => one().prop_map(Event::IsAnswered),
        1 => one().prop_map(Event::Leaves),
    ]
}

fn holds_the_limits(tasks: &[Task]) -> Result<(), TestCaseError> {
    let count = |of: &dyn Fn(&Task) -> bool| tasks.iter().filter(|task| of(task)).count();
    prop_assert!(tasks.len() <= LIMITS.all);
    prop_assert!(count(&|task| !task.peer.is_loopback()) <= LIMITS.elsewhere);
    for task in tasks.iter().filter(|task| !task.peer.is_loopback()) {
        prop_assert!(count(&|other| other.peer == task.peer) <= LIMITS.each);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nobody_shuts_this_machine_out_and_no_answer_is_cut(events in prop::collection::vec(event(), 1..80)) {
        let places = Places::new(LIMITS);
        let mut tasks: Vec<Task> = Vec::new();
        for event in events {
            match event {
                Event::Comes(peer) => {
                    let all_busy = tasks.len() == LIMITS.all && tasks.iter().all(|task| task.in_flight.is_some());
                    let taken = places.take(peer).now_or_never();
                    let peer = network(peer);
                    if peer.is_loopback() {
                        prop_assert_eq!(matches!(taken, Some(Some(_))), !all_busy);
                    }
                    prop_assert!(!tasks.iter().any(|task| task.is_evicted() && task.in_flight.is_some()));
                    tasks.retain(|task| !task.is_evicted());
                    if let Some(Some(place)) = taken {
                        tasks.push(Task { peer, place, in_flight: None });
                    }
                }
                Event::Leaves(one) if !tasks.is_empty() => drop(tasks.swap_remove(one.index(tasks.len()))),
                Event::Sends(one) if !tasks.is_empty() => one.get(&tasks).place.activity.happened(),
                Event::Asks(one) if !tasks.is_empty() => {
                    let at = one.index(tasks.len());
                    tasks[at].in_flight = Some(tasks[at].place.activity.begin());
                }
                Event::IsAnswered(one) if !tasks.is_empty() => {
                    let at = one.index(tasks.len());
                    tasks[at].in_flight = None;
                }
                _ => {}
            }
            holds_the_limits(&tasks)?;
        }
    }
}

fn take(places: &Arc<Places>, peer: &str) -> Place {
    let taken = places.take(peer.parse().unwrap()).now_or_never();
    taken.flatten().expect("a place")
}

#[test]
fn the_one_that_rested_longest_goes_first() {
    let places = Places::new(Limits::here(3));
    let held = [(); 3].map(|()| take(&places, "127.0.0.1"));
    held[0].activity.happened();
    let _busy = held[1].activity.begin();
    let _new = take(&places, "127.0.0.1");
    let evicted = held.map(|place| place.activity.evicted.is_cancelled());
    assert_eq!(evicted, [false, false, true]);
}

#[test]
fn who_waits_gets_the_place_of_the_first_that_is_answered() {
    let places = Places::new(Limits::here(2));
    let held = [(); 2].map(|()| take(&places, "127.0.0.1"));
    let mut busy = held.each_ref().map(|place| Some(place.activity.begin()));
    let waiting = places.take("127.0.0.1".parse().unwrap());
    let mut waiting = std::pin::pin!(waiting);
    assert!(waiting.as_mut().now_or_never().is_none());
    busy[1] = None;
    assert!(waiting.as_mut().now_or_never().flatten().is_some());
    assert!(held[1].activity.evicted.is_cancelled());
}

#[test]
fn an_ended_connection_gives_its_place_back() {
    let places = Places::new(Limits::here(1));
    let held = take(&places, "127.0.0.1");
    drop(held);
    let again = take(&places, "127.0.0.1");
    assert!(!again.activity.evicted.is_cancelled());
}

#[test]
fn who_waits_gets_the_place_of_a_connection_that_ends() {
    let places = Places::new(Limits::here(1));
    let held = take(&places, "127.0.0.1");
    let busy = held.activity.begin();
    let waiting = places.take("127.0.0.1".parse().unwrap());
    let mut waiting = std::pin::pin!(waiting);
    assert!(waiting.as_mut().now_or_never().is_none());
    drop(held);
    assert!(waiting.as_mut().now_or_never().flatten().is_some());
    drop(busy);
}

#[test]
fn a_machine_is_an_address_of_ipv4_and_a_network_of_ipv6() {
    let of = |peer: &str| network(peer.parse().unwrap());
    assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1:2:3"));
    assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    assert!(of("::1").is_loopback() && of("::ffff:127.0.0.1").is_loopback());
}

#[test]
fn where_descriptors_are_few_a_quarter_stays_for_this_machine() {
    for most in [1, 4, 7] {
        let fewer = LIMITS.at_most(most);
        assert_eq!(fewer.all, most);
        assert!(fewer.elsewhere <= most - most / 4, "{fewer:?}");
        assert!(fewer.each <= fewer.elsewhere, "{fewer:?}");
    }
    assert_eq!(LIMITS.at_most(8).elsewhere, LIMITS.elsewhere);
}
