//! The page at `/` says first whether it is well, and if not, what is wrong and what to do.

use aiven_sim::{ApiFault, Fault, NodeFault, Operation};
use testkit::{Config, Daemon, PROJECT, aiven};

use crate::binary::{logs_published_with_proxy, start};
use crate::scraper::Scraper;

/// The page, once it says this.
async fn page(daemon: &Daemon, path: &str, says: &str) -> String {
    let what = format!("the page says: {says}");
    let look = async || Some(daemon.get(path).await.body).filter(|page| page.contains(says));
    daemon.until(&what, look).await
}

#[tokio::test]
async fn the_page_says_what_is_wrong_with_cause_and_remedy() {
    let (sim, _config, daemon) = logs_published_with_proxy().await;
    let (scraper, target) = (
        Scraper::of(&daemon).await,
        sim.serving_addresses(PROJECT)[0],
    );
    scraper.get("logs", target).await;
    page(&daemon, "/", "All is well: 1 of 1 service is scraped.").await;

    sim.node_fault(PROJECT, "logs", 0, NodeFault::Expired);
    // A connection that rests from the scrape before is used again, whatever its certificate.
    daemon
        .until("the certificate is refused", async || {
            let code = scraper.get("logs", target).await.status.as_u16();
            (code != 200).then_some(())
        })
        .await;
    let bad = page(
        &daemon,
        "/",
        "One thing is wrong, and 0 of 1 service is scraped.",
    )
    .await;
    assert!(bad.contains("cannot be verified (tls_failed)"), "{bad}");
    assert!(bad.contains("ask the service&#39;s owner"), "{bad}");
    assert!(bad.contains("href=\"/?service=shop%2Flogs\""), "{bad}");
    let one = page(&daemon, "/?service=shop%2Flogs", "shop/logs: tls_failed").await;
    assert!(
        one.contains(&target.to_string()) && one.contains("curl -sS -x http://"),
        "{one}"
    );

    sim.clear_faults();
    scraper.get("logs", target).await;
    sim.inject(Fault::new(Operation::ListServices), ApiFault::status(503));
    page(
        &daemon,
        "/",
        "One thing is wrong, but 1 of 1 service is scraped.",
    )
    .await;
    let none = daemon.get("/?service=shop%2Flog").await;
    assert_eq!(none.status, 404);
    assert!(none.body.contains("shop/logs"), "{}", none.body);
}

#[tokio::test]
async fn the_page_may_load_and_run_nothing() {
    let sim = aiven().await;
    let daemon = start(&Config::quick(&sim)).await;
    let answer = daemon.get("/").await;
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    assert!(!answer.body.contains("<script"), "{}", answer.body);
}
