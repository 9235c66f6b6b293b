//! `capture` shows of a node's page what dashboards need, and nothing else.

use aiven_sim::{NodeFault, ServiceSpec};
use testkit::{Config, Daemon, Finished, PROJECT, aiven, integrate_all};

use crate::binary::{run, start};

async fn capture(daemon: &Daemon, service: &str) -> Finished {
    let (web, proxy) = (daemon.address, daemon.scrape_proxy().await.unwrap());
    let (web, proxy) = (web.to_string(), proxy.to_string());
    run(&["capture", service, "--address", &web, "--proxy", &proxy]).await
}

#[tokio::test]
async fn a_page_is_reduced_to_names_types_keys_and_counts() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    sim.add_service(PROJECT, ServiceSpec::new("db", "pg"));
    integrate_all(&sim);
    let config = Config::quick(&sim).with_proxy();
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    let address = sim.addresses(PROJECT, "logs")[0];
    for asked in ["logs", "shop/logs", &address.to_string()] {
        let told = capture(&daemon, asked).await;
        assert_eq!(told.code, Some(0), "{}", told.output());
        let mut lines = told.stdout.lines();
        let cpu = lines.find(|line| line.starts_with("cpu_usage_idle "));
        let cpu = cpu.unwrap_or_else(|| panic!("{}", told.output()));
        let [_, kind, series, labels] = cpu.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{cpu}");
        };
        assert!(["gauge", "untyped"].contains(&kind), "{cpu}");
        assert!(series.parse::<usize>().unwrap() > 0, "{cpu}");
        assert!(labels.split(',').any(|label| label == "cpu"), "{cpu}");
        assert!(
            told.stderr.contains("look through them"),
            "{}",
            told.output()
        );
        let mut sorted: Vec<_> = told.stdout.lines().collect();
        sorted.sort_unstable();
        assert!(told.stdout.lines().eq(sorted), "{}", told.stdout);
    }
    // It is no scrape of Prometheus, and does not look like one.
    let status = daemon.status().await;
    assert!(status["scrape_proxy"]["last_request"].is_null(), "{status}");
    assert_eq!(daemon.service("logs").await["verdict"], "published");
    let asked = "aiven_metrics_scrape_proxy_requests_total{outcome=\"success\"}";
    assert_eq!(daemon.metric(asked).await, 0.0);

    // No value is shown, whatever the page.
    let secret = "p4ssw0rd";
    let page = format!(
        "# HELP a {secret}\n# TYPE a gauge\na{{k=\"{secret}\",l=\"x,{secret}=\\\"1\"}} 4711\n"
    );
    let headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
    let answer = |body: String| NodeFault::Answer {
        code: 200,
        headers: headers.clone(),
        body,
    };
    sim.node_fault(PROJECT, "logs", 0, answer(page));
    let told = capture(&daemon, "logs").await;
    assert_eq!(told.stdout, "a gauge 1 k,l\n", "{}", told.output());
    assert!(!told.output().contains(secret), "{}", told.output());
    sim.node_fault(PROJECT, "logs", 0, answer(format!("a 1\nb {secret}\n")));
    let told = capture(&daemon, "logs").await;
    assert_eq!(told.code, Some(1));
    assert!(
        told.stderr.contains("line 2 is not of a page"),
        "{}",
        told.output()
    );
    assert!(!told.output().contains(secret), "{}", told.output());

    sim.node_fault(PROJECT, "logs", 0, NodeFault::Status(500));
    let told = capture(&daemon, "logs").await;
    assert_eq!(told.code, Some(1));
    assert!(told.stderr.contains("answers 500"), "{}", told.output());
    for (asked, words) in [
        ("lgos", "no service lgos is known"),
        ("192.0.2.99", "no service"),
    ] {
        let told = capture(&daemon, asked).await;
        assert_eq!(told.code, Some(1));
        assert!(told.stderr.contains(words), "{}", told.output());
    }
}
