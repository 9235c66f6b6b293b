//! A deleted service goes, but only on Aiven's own word and after the grace.

use aiven_sim::{ApiFault, Fault, Operation, ServiceSpec, Simulator};
use testkit::{Config, PROJECT, aiven, integrate_all};

use crate::binary::start;

async fn with_services(number: usize) -> Simulator {
    let sim = aiven().await;
    for number in 0..number {
        sim.add_service(
            PROJECT,
            ServiceSpec::new(format!("os-{number:02}"), "opensearch"),
        );
    }
    integrate_all(&sim);
    sim
}

/// Questions for one service by name.
fn asked(sim: &Simulator, service: &str) -> usize {
    let requests = sim.requests();
    let of_service = requests.iter().filter(|request| {
        request.operation == Operation::GetService && request.service.as_deref() == Some(service)
    });
    of_service.count()
}

/// Waits until the services were listed that many times more.
async fn listed_again(sim: &Simulator, times: usize) {
    let listed = sim.count(Operation::ListServices);
    sim.wait_until("it goes on listing", |sim| {
        sim.count(Operation::ListServices) > listed + times
    })
    .await;
}

#[tokio::test]
async fn a_deleted_service_is_asked_for_by_name_and_gone_after_the_grace() {
    let sim = with_services(3).await;
    let config = Config::quick(&sim).with("targets.removal_grace", "10s");
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    sim.delete_service(PROJECT, "os-01");
    let leaving = daemon.verdict("os-01", "leaving").await;
    assert!(!leaving["missing_since"].is_null());
    assert_eq!(leaving["hosts"][0]["targets"].as_array().unwrap().len(), 1);
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    assert_eq!(daemon.targets().len(), 2);
    assert!(daemon.service("os-01").await.is_null());
    assert!(asked(&sim, "os-01") >= 1);
    assert_eq!(asked(&sim, "os-00") + asked(&sim, "os-02"), 0);
    daemon.log.line("service is gone").await;
}

#[tokio::test]
async fn the_grace_is_kept_though_aiven_confirms_at_once() {
    let sim = with_services(2).await;
    let config = Config::quick(&sim).with("targets.removal_grace", "1h");
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    let list = config.targets_text();
    sim.delete_service(PROJECT, "os-01");
    let confirmed = |one: &serde_json::Value| {
        one["cause"]
            .as_str()
            .is_some_and(|cause| cause.contains("removal_grace"))
    };
    daemon.service_when("os-01", confirmed).await;
    // A listing may have come while the answer was under way, and led to one more question.
    listed_again(&sim, 2).await;
    let questions = asked(&sim, "os-01");
    listed_again(&sim, 5).await;
    assert_eq!(config.targets_text(), list);
    assert_eq!(asked(&sim, "os-01"), questions, "one answer is enough");
}

#[tokio::test]
async fn a_service_that_comes_back_within_the_grace_stays() {
    let sim = with_services(2).await;
    let config = Config::quick(&sim).with("targets.removal_grace", "1h");
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    let list = config.targets_text();
    let lists = Fault::new(Operation::ListServices);
    let missing = sim.inject(lists, ApiFault::Without(vec!["os-01".into()]));
    let gone = Fault::new(Operation::GetService).service("os-01");
    let denied = ApiFault::Status {
        code: 404,
        message: "Service os-01 does not exist".into(),
    };
    sim.inject(gone, denied);
    daemon.verdict("os-01", "leaving").await;
    sim.clear_fault(missing);
    daemon.verdict("os-01", "published").await;
    assert_eq!(config.targets_text(), list);
}

#[tokio::test]
async fn only_aivens_own_word_proves_an_absence() {
    let answers = [
        ApiFault::Html(404),
        ApiFault::Status {
            code: 404,
            message: "Project shop does not exist".into(),
        },
        ApiFault::Status {
            code: 404,
            message: "Not found".into(),
        },
        ApiFault::Status {
            code: 403,
            message: "Not a project member".into(),
        },
        ApiFault::status(500),
        ApiFault::Status {
            code: 500,
            message: "Service os-01 does not exist".into(),
        },
        ApiFault::EmptyObject,
        ApiFault::ErrorKey("Service os-01 does not exist".into()),
        ApiFault::Reset,
    ];
    for answer in answers {
        let sim = with_services(2).await;
        let config = Config::quick(&sim).with("targets.removal_grace", "0s");
        let daemon = start(&config).await;
        daemon.publishes(sim.serving_addresses(PROJECT)).await;
        let list = config.targets_text();
        sim.inject(Fault::new(Operation::GetService), answer.clone());
        sim.delete_service(PROJECT, "os-01");
        sim.wait_until("it is asked for by name again and again", |sim| {
            asked(sim, "os-01") >= 3
        })
        .await;
        daemon.verdict("os-01", "leaving").await;
        assert_eq!(config.targets_text(), list, "{answer:?} proves nothing");
        sim.clear_faults();
        daemon.publishes(sim.serving_addresses(PROJECT)).await;
    }
}

#[tokio::test]
async fn a_bounded_number_is_asked_for_each_cycle_and_all_in_the_end() {
    let sim = with_services(25).await;
    let config = Config::quick(&sim).with("targets.removal_grace", "0s");
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    sim.forget_requests();
    for number in 0..23 {
        sim.delete_service(PROJECT, &format!("os-{number:02}"));
    }
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    assert_eq!(daemon.targets().len(), 2);
    let requests = sim.requests();
    // A question may still be under way when the next listing begins.
    let (mut listings, mut questions) = (0, 0);
    for request in &requests {
        match request.operation {
            Operation::ListServices => listings += 1,
            Operation::GetService => questions += 1,
            _ => {}
        }
        assert!(
            questions <= 10 * listings,
            "more than ten questions for a listing"
        );
    }
    for number in 0..23 {
        let name = format!("os-{number:02}");
        assert_eq!(asked(&sim, &name), 1, "{name} was not asked for once");
    }
}

#[tokio::test]
async fn an_absence_and_its_grace_outlive_a_restart() {
    let sim = with_services(2).await;
    let config = Config::quick(&sim).with("targets.removal_grace", "1h");
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    sim.delete_service(PROJECT, "os-01");
    let before = daemon
        .service_when("os-01", |one| {
            one["cause"]
                .as_str()
                .is_some_and(|cause| cause.contains("removal_grace"))
        })
        .await;
    daemon.stop().await.unwrap();
    sim.forget_requests();
    let daemon = start(&config).await;
    sim.wait_until("it lists again", |sim| {
        sim.count(Operation::ListServices) > 3
    })
    .await;
    let after = daemon.verdict("os-01", "leaving").await;
    assert_eq!(after["missing_since"], before["missing_since"]);
    assert_eq!(asked(&sim, "os-01"), 0, "what is proven is not asked again");
    assert_eq!(daemon.targets().len(), 2);
}
