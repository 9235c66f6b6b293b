//! Every fault of Cloud Controller and UAA does what it says.

use std::time::Duration;

use aiven_sim::{ApiFault, Fault, OddInstance, Operation, PageLoop, Server, ServerFault};
use serde_json::{Value, json};

use crate::client::HANG;
use crate::foundry::{Foundry, Got, foundry};

const LIST: &str = "/v3/service_instances?per_page=2&order_by=created_at";

/// The answer to one listing under a fault, after which listings are as before.
async fn listing_under(fault: ApiFault) -> Got {
    let it = foundry().await;
    listing_of(&it, LIST, fault).await
}

async fn listing_of(it: &Foundry, path: &str, fault: ApiFault) -> Got {
    let before = it.ask(path).await.text;
    it.sim
        .inject(Fault::new(Operation::ListServiceInstances).times(1), fault);
    let got = it.ask(path).await;
    assert_eq!(it.ask(path).await.text, before, "only once");
    got
}

fn member(member: &str, value: Value) -> ApiFault {
    ApiFault::Member {
        member: member.into(),
        value: Some(value),
    }
}

#[tokio::test]
async fn errors_have_the_form_of_the_server() {
    for (status, code, title) in [
        (401, 1000, "CF-InvalidAuthToken"),
        (403, 10003, "CF-NotAuthorized"),
        (500, 10001, "CF-UnknownError"),
        (503, 10015, "CF-ServiceUnavailable"),
    ] {
        let got = listing_under(ApiFault::status(status)).await;
        let error = &got.json()["errors"][0];
        assert_eq!(
            (got.status, &error["code"], &error["title"]),
            (status, &json!(code), &json!(title))
        );
    }
    let it = foundry().await;
    it.sim
        .inject(Fault::on(Server::Uaa).times(1), ApiFault::status(503));
    let (id, secret) = it.sim.cf_client();
    let got = it
        .token((&id, &secret), &[("grant_type", "client_credentials")])
        .await;
    assert_eq!(
        (got.status, &got.json()["error"]),
        (503, &json!("server_error"))
    );
}

#[tokio::test]
async fn a_rate_limit_names_the_time_of_its_end() {
    let got = listing_under(ApiFault::RateLimited {
        seconds: 30,
        retry_after: None,
    })
    .await;
    assert_eq!(
        (got.status, &got.json()["errors"][0]["code"]),
        (429, &json!(10013))
    );
    assert_eq!(got.header("retry-after"), got.header("x-ratelimit-reset"));
    assert_eq!(got.header("x-ratelimit-remaining"), "0");
    let got = listing_under(ApiFault::RateLimited {
        seconds: 30,
        retry_after: Some("7".into()),
    })
    .await;
    assert_eq!(got.header("retry-after"), "7");
}

#[tokio::test]
async fn pages_lie() {
    let page = |got: &Got| got.json()["pagination"].clone();
    let empty = listing_under(ApiFault::EmptyList).await;
    assert_eq!(
        (empty.rows("guid").len(), &page(&empty)["total_results"]),
        (0, &json!(0))
    );
    let half = listing_under(ApiFault::HalfList).await;
    assert_eq!(
        (half.rows("guid").len(), &page(&half)["total_results"]),
        (1, &json!(3))
    );
    let last = listing_under(member("pagination/next", Value::Null)).await;
    assert_eq!(
        (&page(&last)["next"], &page(&last)["total_pages"]),
        (&Value::Null, &json!(2))
    );
    let totals = listing_under(member(
        "pagination/total_results",
        json!(9_000_000_000_000_u64),
    ))
    .await;
    assert_eq!(page(&totals)["total_results"], json!(9_000_000_000_000_u64));

    let it = foundry().await;
    let second = format!("{LIST}&page=2");
    let own = listing_of(&it, &second, ApiFault::PagesLoop(PageLoop::Itself)).await;
    assert!(
        page(&own)["next"]["href"]
            .as_str()
            .unwrap()
            .contains("page=2&"),
        "{}",
        page(&own)
    );
    let first = listing_of(&it, &second, ApiFault::PagesLoop(PageLoop::First)).await;
    assert!(
        page(&first)["next"]["href"]
            .as_str()
            .unwrap()
            .contains("page=1&"),
        "{}",
        page(&first)
    );
    let elsewhere = listing_of(&it, LIST, ApiFault::NextOn("https://elsewhere.test".into())).await;
    let next = page(&elsewhere)["next"]["href"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        next.starts_with("https://elsewhere.test/v3/service_instances?"),
        "{next}"
    );
}

#[tokio::test]
async fn rows_are_odd() {
    let cases = [
        (OddInstance::NumericGuid, "guid", json!(12345)),
        (OddInstance::GuidIsWord, "guid", json!("my-own-instance")),
        (OddInstance::NullName, "name", Value::Null),
        (OddInstance::WithoutSpace, "relationships", Value::Null),
        (
            OddInstance::NameWithNewline,
            "name",
            json!("first\r\nsecond"),
        ),
    ];
    for (odd, member, value) in cases {
        let got = listing_under(ApiFault::OddInstance(odd)).await;
        let rows = got.json()["resources"].clone();
        assert_eq!(
            (rows.as_array().unwrap().len(), &rows[1][member]),
            (3, &value),
            "{odd:?}"
        );
    }
    let null = listing_under(ApiFault::OddInstance(OddInstance::Null)).await;
    assert_eq!(null.json()["resources"][1], Value::Null);
    let huge = listing_under(ApiFault::OddInstance(OddInstance::HugeName)).await;
    assert!(huge.text.len() > 1 << 20);

    let it = foundry().await;
    let twin = listing_of(&it, LIST, ApiFault::DuplicateGuid).await;
    assert_eq!(
        twin.rows("guid"),
        [&*it.instances[0], &*it.instances[1], &*it.instances[0]]
    );
    assert_eq!(twin.rows("name"), ["search", "logs", "logs"]);
    let elsewhere = ApiFault::OneRow {
        guid: it.instances[1].clone(),
        member: "relationships/space/data/guid".into(),
        value: Some(json!(it.spaces[2])),
    };
    let got = listing_of(&it, LIST, elsewhere).await.json();
    let space =
        |row: usize| got["resources"][row]["relationships"]["space"]["data"]["guid"].clone();
    assert_eq!(
        (space(0), space(1)),
        (json!(it.spaces[0]), json!(it.spaces[2]))
    );
    let without = listing_of(&it, LIST, ApiFault::Without(vec![it.instances[0].clone()])).await;
    assert_eq!(without.rows("name"), ["logs"]);
}

#[tokio::test]
async fn bodies_break() {
    let html = listing_under(ApiFault::Html(200)).await;
    assert_eq!(
        (html.status, html.header("content-type")),
        (200, "text/html")
    );
    let cut = listing_under(ApiFault::CutJson).await;
    assert!(serde_json::from_str::<Value>(&cut.text).is_err());
    let malformed = listing_under(ApiFault::Malformed).await;
    assert!(serde_json::from_str::<Value>(&malformed.text).is_err());

    let it = foundry().await;
    let token = it.client_token().await;
    let url = format!("{}{LIST}", it.sim.cf_url());
    for fault in [
        ApiFault::Reset,
        ApiFault::CutConnection,
        ApiFault::ResetMidBody,
    ] {
        it.sim
            .inject(Fault::on(Server::CloudController).times(1), fault.clone());
        // A connection that was kept is not tried again: the request may have been carried out.
        assert!(it.get(&url, &token).await.is_err(), "{fault:?}");
    }
    it.sim.inject(
        Fault::on(Server::CloudController).times(1),
        ApiFault::Endless,
    );
    let mut endless = it.http.get(&url).bearer_auth(&token).send().await.unwrap();
    let mut length = 0;
    while length < 4 << 20 {
        length += endless.chunk().await.unwrap().unwrap().len();
    }
    drop(endless);
    it.sim
        .inject(Fault::on(Server::CloudController).times(1), ApiFault::Hang);
    let hanging = tokio::time::timeout(HANG, it.get(&url, &token)).await;
    assert!(hanging.is_err());
    assert_eq!(it.get(&url, &token).await.unwrap().status, 200);
}

#[tokio::test]
async fn clocks_and_tokens_are_wrong() {
    let behind = listing_under(ApiFault::ClockOff(-3600)).await;
    let date = jiff::fmt::rfc2822::parse(behind.header("date")).unwrap();
    let off = jiff::Timestamp::now().as_second() - date.timestamp().as_second();
    assert!((3590..3700).contains(&off), "{off}");

    let it = foundry().await;
    let (id, secret) = it.sim.cf_client();
    for value in [
        Some(json!(0)),
        Some(json!(-1)),
        Some(json!(u64::MAX)),
        Some(json!("soon")),
        None,
    ] {
        let expires = ApiFault::Member {
            member: "expires_in".into(),
            value: value.clone(),
        };
        it.sim
            .inject(Fault::new(Operation::IssueToken).times(1), expires);
        let got = it
            .token((&id, &secret), &[("grant_type", "client_credentials")])
            .await
            .json();
        assert_eq!(got.get("expires_in"), value.as_ref());
    }
    it.sim.inject(
        Fault::new(Operation::IssueToken).times(1),
        member("access_token", json!(12345)),
    );
    let got = it
        .token((&id, &secret), &[("grant_type", "client_credentials")])
        .await;
    assert_eq!(got.json()["access_token"], 12345);

    it.sim.set_token_lifetime(Duration::ZERO);
    let expired = it.client_token().await;
    let url = format!("{}/v3/spaces", it.sim.cf_url());
    assert_eq!(
        it.get(&url, &expired).await.unwrap().json()["errors"][0]["code"],
        1000
    );
}

#[tokio::test]
async fn ports_close_hang_and_show_wrong_certificates() {
    let it = foundry().await;
    let token = it.client_token().await;
    let url = format!("{}/v3/spaces", it.sim.cf_url());
    let why = |error: &reqwest::Error| {
        let mut causes = vec![error.to_string()];
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            causes.push(cause.to_string());
            source = cause.source();
        }
        causes.join(": ")
    };
    for (fault, cause) in [
        (ServerFault::Refuse, "refused"),
        (ServerFault::Reset, ""),
        (ServerFault::OtherCa, "UnknownIssuer"),
        (ServerFault::OtherName, "not valid for name"),
        (ServerFault::Expired, "expired"),
    ] {
        it.sim.server_fault(Server::CloudController, fault);
        let error = it.get(&url, &token).await.expect_err("the fault strikes");
        assert!(why(&error).contains(cause), "{fault:?}: {}", why(&error));
        assert!(!it.client_token().await.is_empty(), "the UAA is well");
        it.sim.clear_server_fault(Server::CloudController);
        assert_eq!(
            it.get(&url, &token).await.unwrap().status,
            200,
            "after {fault:?}"
        );
    }
    it.sim.server_fault(Server::Uaa, ServerFault::Hang);
    assert!(tokio::time::timeout(HANG, it.client_token()).await.is_err());
    it.sim.clear_faults();
    assert!(!it.client_token().await.is_empty());
}

#[tokio::test]
async fn faults_of_aiven_leave_cloud_foundry_alone() {
    let it = foundry().await;
    it.sim.inject(Fault::any(), ApiFault::status(500));
    assert_eq!(it.ask("/v3/spaces").await.status, 200);
    it.sim
        .inject(Fault::on(Server::CloudController), ApiFault::status(500));
    assert_eq!(it.ask("/v3/spaces").await.status, 500);
    assert!(!it.client_token().await.is_empty());
}
