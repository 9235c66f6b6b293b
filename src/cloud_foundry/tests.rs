//! The stage as a whole, against servers on loopback.

use tokio::task::JoinHandle;

use super::*;
use crate::model::cloud_foundry::Foundation;
use foundation::{Asked, Reply, Server, good, guid, page, space_of};

pub(super) mod foundation;
mod simulator;

/// Longer than any test.
const NEVER: Duration = Duration::from_secs(24 * 3600);

const SOON: Duration = Duration::from_millis(20);

struct Running {
    server: Server,
    reports: mpsc::Receiver<Report>,
    needed: watch::Sender<NeededInstances>,
    running: JoinHandle<()>,
}

fn of(numbers: impl IntoIterator<Item = u64>) -> NeededInstances {
    Arc::new(numbers.into_iter().map(guid).collect())
}

async fn run(
    interval: Duration,
    needed: NeededInstances,
    answer: impl FnMut(&Asked) -> Reply + Send + 'static,
) -> Running {
    let server = Server::start(answer).await;
    let (reader, _) = server.reader(interval);
    run_with(server, reader, needed)
}

fn run_with(server: Server, reader: Reader, needed: NeededInstances) -> Running {
    let (needed, wanted) = watch::channel(needed);
    let (sender, reports) = mpsc::channel(16);
    Running {
        server,
        reports,
        needed,
        running: tokio::spawn(reader.run(wanted, sender)),
    }
}

impl Running {
    async fn next(&mut self) -> Report {
        let next = self.reports.recv();
        let next = timeout(Duration::from_secs(60), next).await;
        next.expect("a report in time").expect("it runs")
    }

    async fn found(&mut self) -> Foundation {
        match self.next().await {
            Report::Found(found) => found,
            other => panic!("{other:?}"),
        }
    }

    async fn shared(&mut self) -> BTreeMap<Guid, Arc<[Guid]>> {
        match self.next().await {
            Report::Shared(shared) => shared,
            other => panic!("{other:?}"),
        }
    }

    async fn failure(&mut self) -> String {
        match self.next().await {
            Report::Failed { reason, .. } => {
                let remedy = reason.remedy.unwrap_or_default();
                format!("{}; {remedy}", reason.cause)
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_pass_reports_what_is_needed_and_nothing_else() {
    let mut run = run(NEVER, of([1, 3, 9]), |asked| good(asked, &[1, 2, 3])).await;
    let Report::Read {
        foundation, needed, ..
    } = run.next().await
    else {
        panic!("no pass");
    };
    assert_eq!(needed, 3);
    let found: Vec<_> = foundation.instances.keys().copied().collect();
    assert_eq!(found, [guid(1), guid(3)]);
    let one = &foundation.instances[&guid(1)];
    assert_eq!(one.name.as_ref().unwrap().as_str(), "instance-1");
    assert_eq!(one.space, Some(space_of(1)));
    let space = &foundation.spaces[&space_of(1)];
    assert_eq!(space.name.as_ref().unwrap().as_str(), "space-1");
    let organization = &foundation.organizations[&space.organization.unwrap()];
    assert_eq!(organization.as_str(), "organization-1");
    assert_eq!(foundation.spaces.len(), 2);
    assert_eq!(foundation.organizations.len(), 2);

    let shared = run.shared().await;
    assert_eq!(shared.len(), 2);
    assert_eq!(*shared[&guid(1)], [guid(77)]);
}

#[tokio::test]
async fn a_new_instance_is_looked_for_once_between_two_passes() {
    let mut run = run(NEVER, of([1]), |asked| good(asked, &[1, 2])).await;
    assert!(matches!(run.next().await, Report::Read { .. }));
    assert!(!run.shared().await.is_empty());
    run.needed.send_replace(of([1, 2, 5]));
    let found = run.found().await;
    assert_eq!(Vec::from_iter(found.instances.into_keys()), [guid(2)]);
    let looks: Vec<Asked> = run.server.all();
    let looks: Vec<_> = looks.iter().filter(|one| one.is_look()).collect();
    let asked_for = looks[0].parameter("guids").unwrap();
    assert_eq!(asked_for, format!("{},{}", guid(2), guid(5)));
    assert_eq!(looks.len(), 1);
}

#[tokio::test]
async fn an_empty_list_is_a_pass_that_found_nothing() {
    let mut run = run(NEVER, of([1]), |asked| good(asked, &[])).await;
    match run.next().await {
        Report::Read {
            foundation, needed, ..
        } => assert_eq!((foundation, needed), (Default::default(), 1)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_failed_pass_is_tried_again_and_then_all_is_well() {
    let mut lists = 0;
    let mut run = run(SOON, of([1]), move |asked| {
        lists += usize::from(asked.is_list());
        match asked.is_list() && lists < 4 {
            true => Reply::html(502),
            false => good(asked, &[1]),
        }
    })
    .await;
    let cause = run.failure().await;
    let expected = "list_service_instances at 127.0.0.1: something between this machine and Cloud Controller answered 502: \"Bad gateway\"; find out what answers in Cloud Controller's place";
    assert!(cause.starts_with(expected), "{cause}");
    assert!(matches!(run.next().await, Report::Read { .. }));
}

#[tokio::test]
async fn a_list_that_ends_too_soon_is_named_and_what_it_told_is_kept() {
    let mut run = run(NEVER, of([1, 2]), |asked| match asked.is_list() {
        true => Reply::json(200, &page(&[1], 5000, false)),
        false => good(asked, &[]),
    })
    .await;
    let found = run.found().await;
    assert_eq!(found.instances.len(), 1);
    let cause = run.failure().await;
    let expected = "the list ended on page 1 after 1 rows, of 5000 that it counts";
    assert!(cause.contains(expected), "{cause}");
}

#[tokio::test]
async fn a_pass_as_a_whole_has_an_end() {
    let mut lists = 0;
    let server = Server::start(move |asked| {
        lists += usize::from(asked.is_list());
        match lists {
            2 => Reply::Hang,
            _ if asked.is_list() => Reply::json(200, &page(&[1], 2, true)),
            _ => good(asked, &[]),
        }
    })
    .await;
    let (mut reader, _) = server.reader(NEVER);
    reader.limits.pass = Duration::from_millis(200);
    let mut run = run_with(server, reader, of([1]));
    let cause = run.failure().await;
    assert!(cause.contains("not all pages came within 200ms"), "{cause}");
}

#[tokio::test]
async fn trouble_with_shared_spaces_fails_nothing() {
    for (status, asked_anyway) in [(404, 3), (403, 3), (500, 3)] {
        let mut run = run(SOON, of([1, 2, 3]), move |asked| {
            match asked.line.contains(&guid(2).to_string()) {
                true => Reply::error(status, "CF-Error"),
                false => good(asked, &[1, 2, 3]),
            }
        })
        .await;
        assert!(matches!(run.next().await, Report::Read { .. }));
        let told = run.shared().await;
        let told: Vec<_> = told.into_keys().collect();
        match status {
            // Nobody else is asked after trouble.
            500 => assert_eq!(told, [guid(1)]),
            _ => assert_eq!(told, [guid(1), guid(3)]),
        }
        assert!(matches!(run.next().await, Report::Read { .. }));
        assert!(run.server.count(Asked::is_shared) >= asked_anyway - 1);
    }
}

#[tokio::test]
async fn the_first_pass_waits_for_the_first_need() {
    let mut run = run(NEVER, of([]), |asked| good(asked, &[1])).await;
    run.needed.send_replace(of([1]));
    let Report::Read { needed, .. } = run.next().await else {
        panic!("no pass");
    };
    assert_eq!(needed, 1);
}

#[tokio::test]
async fn without_any_need_there_is_a_pass_nevertheless() {
    let server = Server::start(|asked| good(asked, &[1])).await;
    let (mut reader, _) = server.reader(NEVER);
    reader.limits.first_need = SOON;
    let mut run = run_with(server, reader, of([]));
    assert!(matches!(run.next().await, Report::Read { needed: 0, .. }));
}

#[tokio::test]
async fn it_ends_with_whoever_reads_its_reports() {
    let mut run = run(NEVER, of([1]), |asked| good(asked, &[1])).await;
    assert!(matches!(run.next().await, Report::Read { .. }));
    run.shared().await;
    // It waits now, and not for a place in the channel.
    drop(run.reports);
    let ended = timeout(Duration::from_secs(60), run.running).await;
    ended.expect("it ends").unwrap();
}
