//! Secrets are where they are needed and nowhere else.

use std::os::unix::fs::PermissionsExt;

use aiven_sim::{NodeFault, Operation, Pace, ServiceSpec, Simulator};

use crate::support::{PASSWORD, PROJECT, Scraper, Setup, USERNAME, files_below, started};

const NEW_PASSWORD: &str = "battery-horse-correct-staple";
const FOREIGN_PASSWORD: &str = "something-very-secret";

#[tokio::test]
async fn no_secret_is_told_written_or_shown() {
    use base64::Engine;
    let builder = Simulator::builder()
        .project(PROJECT)
        .rollout_delay(Pace::ByHand);
    let sim = started(builder.secrets_in_listings()).await;
    let foreign = sim.add_endpoint(PROJECT, "foreign", "somebody", FOREIGN_PASSWORD);
    sim.add_service(PROJECT, ServiceSpec::new("adopted", "kafka"));
    sim.add_integration(PROJECT, "adopted", &foreign);
    let ours = sim.add_endpoint(PROJECT, "aiven-metrics", USERNAME, PASSWORD);
    for name in ["logs", "refusing"] {
        sim.add_service(PROJECT, ServiceSpec::new(name, "opensearch"));
        sim.add_integration(PROJECT, name, &ours);
    }
    let mut setup = Setup::with_proxy(&sim).with("log.level", "debug");
    let daemon = setup.start().await;
    let scraper = Scraper::of(&daemon).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    scraper.get_all(&daemon, &sim, &["adopted", "logs"]).await;
    let first_log = daemon.stop().await.whole_text().await;

    // Another pair, so that the old and the new are both held.
    setup.set("integration.password", NEW_PASSWORD);
    let daemon = setup.start().await;
    let scraper = Scraper::of(&daemon).await;
    sim.wait_until("the endpoint is updated", |sim| {
        sim.count(Operation::UpdateEndpoint) >= 1
    })
    .await;
    sim.node_fault(PROJECT, "refusing", 0, NodeFault::WrongPassword);
    let refusing = sim.addresses(PROJECT, "refusing")[0];
    let mut told = scraper.get("refusing", refusing).await.text();
    scraper.get_all(&daemon, &sim, &["adopted", "logs"]).await;
    daemon
        .until("both pairs are saved", async || {
            let text = std::fs::read_to_string(setup.state_dir().join("secrets.json")).ok()?;
            (text.contains(NEW_PASSWORD) && text.contains(PASSWORD)).then_some(())
        })
        .await;
    for path in ["/", "/status", "/metrics", "/sd", "/healthz", "/readyz"] {
        told += &daemon.get(path).await.body;
    }
    let process = format!("/proc/{}", daemon.pid());
    for file in ["cmdline", "environ"] {
        told += &String::from_utf8_lossy(&std::fs::read(format!("{process}/{file}")).unwrap());
    }
    for command in ["status", "explain"] {
        let mut arguments = vec![command];
        arguments.extend((command == "explain").then_some("refusing"));
        arguments.extend(["--address", &daemon.address]);
        told += &crate::support::run(&arguments).await.output();
    }
    told += &daemon.output();
    let log = daemon.stop().await.whole_text().await;
    assert!(log.contains("DEBUG"), "the level is debug");
    told += &(first_log + &log);

    let encoded = |pair: String| base64::prelude::BASE64_STANDARD.encode(pair);
    let secrets = [
        sim.token().to_owned(),
        PASSWORD.to_owned(),
        NEW_PASSWORD.to_owned(),
        FOREIGN_PASSWORD.to_owned(),
        aiven_sim::SERVICE_PASSWORD.to_owned(),
        encoded(format!("{USERNAME}:{PASSWORD}")),
        encoded(format!("{USERNAME}:{NEW_PASSWORD}")),
        encoded(format!("somebody:{FOREIGN_PASSWORD}")),
    ];
    for secret in &secrets {
        let at = told.find(secret);
        let around = at.map(|at| &told[at.saturating_sub(200)..at]);
        assert_eq!(around, None, "a secret is told after this");
    }
    for file in files_below(&setup.state_dir()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        if name == "secrets.json" {
            assert_eq!(mode, 0o600, "{name}");
            assert!(!text.contains(sim.token()), "the token is not for the disk");
            continue;
        }
        for secret in &secrets {
            assert!(!text.contains(secret), "{name} holds a secret");
        }
    }
}
