//! Secrets are where they are needed and nowhere else.

use std::os::unix::fs::PermissionsExt;

use aiven_sim::{NodeFault, Operation, Pace, ServiceSpec, Simulator};
use testkit::{Config, PASSWORD, PROJECT, USERNAME, aiven_from, files_below};

use crate::binary::{ask, start};
use crate::scraper::Scraper;

const NEW_PASSWORD: &str = "battery-horse-correct-staple";
const FOREIGN_PASSWORD: &str = "something-very-secret";

#[tokio::test]
async fn no_secret_is_told_written_or_shown() {
    use base64::Engine;
    let builder = Simulator::builder()
        .project(PROJECT)
        .rollout_delay(Pace::ByHand);
    let sim = aiven_from(builder.secrets_in_listings()).await;
    let foreign = sim.add_endpoint(PROJECT, "foreign", "somebody", FOREIGN_PASSWORD);
    sim.add_service(PROJECT, ServiceSpec::new("adopted", "kafka"));
    sim.add_integration(PROJECT, "adopted", &foreign);
    let ours = sim.add_endpoint(PROJECT, "aiven-metrics", USERNAME, PASSWORD);
    for name in ["logs", "refusing"] {
        sim.add_service(PROJECT, ServiceSpec::new(name, "opensearch"));
        sim.add_integration(PROJECT, name, &ours);
    }
    let mut config = Config::quick(&sim).with_proxy().with("log.level", "debug");
    let daemon = start(&config).await;
    let scraper = Scraper::of(&daemon).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    scraper.get_all(&daemon, &sim, &["adopted", "logs"]).await;
    let first_log = daemon.stop().await.unwrap().whole_text().await;

    // Another pair, so that the old and the new are both held.
    config.set("integration.password", NEW_PASSWORD);
    let daemon = start(&config).await;
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
            let text = std::fs::read_to_string(config.state_dir().join("secrets.json")).ok()?;
            (text.contains(NEW_PASSWORD) && text.contains(PASSWORD)).then_some(())
        })
        .await;
    for path in ["/", "/status", "/metrics", "/sd", "/healthz", "/readyz"] {
        told += &daemon.get(path).await.body;
    }
    let process = format!("/proc/{}", daemon.id());
    for file in ["cmdline", "environ"] {
        told += &String::from_utf8_lossy(&std::fs::read(format!("{process}/{file}")).unwrap());
    }
    for (command, more) in [("status", &[][..]), ("explain", &["refusing"])] {
        told += &ask(&daemon, command, more).await.output();
    }
    told += &daemon.printed();
    let log = daemon.stop().await.unwrap().whole_text().await;
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
    for file in files_below(&config.state_dir()) {
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
