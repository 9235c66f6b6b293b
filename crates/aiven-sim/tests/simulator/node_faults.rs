//! Every node fault does what it says.

use std::io::ErrorKind;
use std::time::Duration;

use aiven_sim::NodeFault;

use crate::client::{GOOD, HANG};
use crate::fixture::{fixture, opensearch};

#[tokio::test]
async fn certificate_faults_fail_verification_and_see_no_credential() {
    let fixture = fixture(opensearch(1)).await;
    for (fault, cause) in [
        (NodeFault::OtherName, "not valid for name"),
        (NodeFault::Expired, "expired"),
        (NodeFault::OtherCa, "UnknownIssuer"),
    ] {
        let before = fixture
            .sim
            .node("proj", "os-1", 0)
            .record()
            .authorizations
            .len();
        let error = fixture.failure(fault).await;
        assert!(error.to_string().contains(cause), "{error}");
        let seen = fixture
            .sim
            .node("proj", "os-1", 0)
            .record()
            .authorizations
            .len()
            - before;
        assert_eq!(seen, 2, "one before and one after the fault");
    }
}

#[tokio::test]
async fn refused_and_reset_connections_say_so() {
    let fixture = fixture(opensearch(1)).await;
    for (fault, kind) in [
        (NodeFault::Refuse, ErrorKind::ConnectionRefused),
        (NodeFault::Reset, ErrorKind::ConnectionReset),
        (NodeFault::ResetMidBody, ErrorKind::ConnectionReset),
    ] {
        assert_eq!(fixture.failure(fault).await.kind(), kind);
    }
}

#[tokio::test]
async fn hanging_nodes_say_nothing() {
    let fixture = fixture(opensearch(2)).await;
    let addr = fixture.sim.addresses("proj", "os-1")[0];
    fixture.sim.node_fault("proj", "os-1", 0, NodeFault::Hang);
    assert!(
        tokio::time::timeout(HANG, fixture.scraper.connect(addr, &fixture.host))
            .await
            .is_err()
    );
    fixture
        .sim
        .node_fault("proj", "os-1", 0, NodeFault::HangAfterRequest);
    fixture.scraper.connect(addr, &fixture.host).await.unwrap();
    assert!(
        tokio::time::timeout(HANG, fixture.scrape(0, Some(GOOD)))
            .await
            .is_err()
    );
    assert_eq!(fixture.sim.node("proj", "os-1", 0).record().requests, 1);
    assert_eq!(
        fixture.status(1, GOOD).await,
        200,
        "the other node is unaffected"
    );
}

#[tokio::test]
async fn status_and_password_faults_answer_so() {
    let fixture = fixture(opensearch(1)).await;
    fixture
        .sim
        .node_fault("proj", "os-1", 0, NodeFault::Status(500));
    assert_eq!(fixture.status(0, GOOD).await, 500);
    fixture
        .sim
        .node_fault("proj", "os-1", 0, NodeFault::WrongPassword);
    let refused = fixture.scrape(0, Some(GOOD)).await.unwrap();
    assert_eq!(refused.status, 401);
    assert!(
        refused
            .head
            .to_lowercase()
            .contains("www-authenticate: basic")
    );
}

#[tokio::test(start_paused = true)]
async fn trickling_pages_arrive_slowly_and_whole() {
    let fixture = fixture(opensearch(1).series(50)).await;
    let whole = fixture.scrape(0, Some(GOOD)).await.unwrap().body.len();
    let every = Duration::from_secs(1);
    fixture
        .sim
        .node_fault("proj", "os-1", 0, NodeFault::Trickle { bytes: 500, every });
    let asked = tokio::time::Instant::now();
    let slow = fixture.scrape(0, Some(GOOD)).await.unwrap().body.len();
    assert!(slow.abs_diff(whole) < 200, "{slow} {whole}");
    assert!(asked.elapsed() >= every * u32::try_from(slow / 500).unwrap());
}

#[tokio::test]
async fn a_node_refuses_and_listens_again_at_once_again_and_again() {
    let fixture = fixture(opensearch(1)).await;
    for round in 0..100 {
        // The node closes first, so its side of the connection lingers in TIME_WAIT for a minute.
        assert_eq!(fixture.status(0, GOOD).await, 200);
        fixture.sim.node_fault("proj", "os-1", 0, NodeFault::Refuse);
        let refused = fixture.scrape(0, Some(GOOD)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "{round}");
        fixture.sim.clear_node_fault("proj", "os-1", 0);
    }
    assert_eq!(fixture.status(0, GOOD).await, 200);
}
