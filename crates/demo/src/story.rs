//! The acts: what is done at Aiven, in which order, and what must follow.

use std::time::{Duration, Instant};

use aiven_sim::ServiceSpec;
use anyhow::ensure;

use crate::daemon::PASSWORD;
use crate::expected::Expected;
use crate::prometheus::Addresses;
use crate::stage::Stage;
use crate::teller::{count, short};

/// Between the acts, for people to look around.
const PAUSE: Duration = Duration::from_secs(8);

const LONDON: &str = "platform-london";
const IRELAND: &str = "platform-ireland";
const NEW_SERVICE: &str = "prod-lon-launch-day";

/// Plays all acts; without `once` it then goes on telling for ever.
///
/// # Errors
/// When something does not come to be as it must.
pub async fn play(stage: &mut Stage, once: bool) -> anyhow::Result<()> {
    introduce(stage).await;
    let pause = if once { Duration::ZERO } else { PAUSE };
    begin(stage).await?;
    stage.watch(pause).await?;
    create(stage).await?;
    stage.watch(pause).await?;
    fail_over(stage).await?;
    stage.watch(pause).await?;
    power_off(stage).await?;
    if once {
        stage.teller.line("\nAll of it was as it must be.");
        return Ok(());
    }
    stage
        .teller
        .act("All of it goes on until you press Ctrl-C.");
    loop {
        stage.watch(PAUSE).await?;
    }
}

async fn introduce(stage: &Stage) {
    let Stage {
        daemon,
        prometheus,
        teller,
        sim,
        ..
    } = stage;
    teller.line("aiven-metrics at work: a simulated Aiven, the real daemon, a real Prometheus.\n");
    let graph = prometheus.graph_page("cpu_usage_idle{cpu=\"cpu-total\"}");
    teller.line(&format!("  Prometheus     {}", graph.replace('"', "%22")));
    teller.line(&format!(
        "  its targets    {}",
        prometheus.targets_page().await
    ));
    for page in ["status", "metrics", "sd"] {
        teller.line(&format!(
            "  the daemon's   http://{}/{page}",
            daemon.address
        ));
    }
    teller.line(&format!("  Aiven's API    {}/v1/project", sim.api_url()));
    teller.line(&format!("  all files      {}", stage.folder().display()));
}

async fn begin(stage: &mut Stage) -> anyhow::Result<()> {
    let began = Instant::now();
    let (sim, teller) = (&stage.sim, &stage.teller);
    let services = sim
        .projects()
        .iter()
        .map(|project| sim.services(project).len())
        .sum();
    teller.act(&format!(
        "1. {} in two projects, and no integration yet.",
        count(services, "service")
    ));
    let expected = stage.until_all_agree().await?;
    let (nodes, scraped) = (expected.nodes.len(), expected.scraped().count());
    // Counted by hand in the scenario: an empty world would agree with everything.
    ensure!(
        scraped >= 9 && nodes >= 18,
        "only {nodes} nodes of {scraped} services"
    );
    let what = format!(
        "all {} of {} are scraped",
        count(nodes, "node"),
        count(scraped, "service")
    );
    stage.teller.result(began.elapsed(), &what);
    holds_no_secret(&stage.prometheus.loaded_configuration().await?)?;
    stage
        .teller
        .line("          its configuration holds no secret, and nothing is left unverified");
    Ok(())
}

/// Scraping works, and Prometheus knows neither password nor a way around TLS.
fn holds_no_secret(configuration: &str) -> anyhow::Result<()> {
    ensure!(
        configuration.contains("proxy_url"),
        "this is not the configuration that was meant:\n{configuration}"
    );
    for banned in [
        PASSWORD,
        "basic_auth",
        "password",
        "insecure_skip_verify: true",
    ] {
        ensure!(
            !configuration.contains(banned),
            "Prometheus' configuration has {banned}:\n{configuration}"
        );
    }
    Ok(())
}

async fn create(stage: &mut Stage) -> anyhow::Result<()> {
    stage
        .teller
        .act("2. A tenant creates an OpenSearch service with three nodes.");
    let began = Instant::now();
    let spec = ServiceSpec::new(NEW_SERVICE, "opensearch")
        .plan("business-4")
        .nodes(3);
    stage.sim.add_service(LONDON, spec);
    let expected = stage.until_all_agree().await?;
    ensure!(
        addresses(&expected, NEW_SERVICE).len() == 3,
        "{NEW_SERVICE} should have three nodes"
    );
    stage.teller.result(
        began.elapsed(),
        "integrated, published and scraped, by nobody's hand",
    );
    Ok(())
}

async fn fail_over(stage: &mut Stage) -> anyhow::Result<()> {
    let service = "clicks";
    stage
        .teller
        .act("3. ClickHouse in Ireland fails over: all its nodes get new addresses.");
    let began = Instant::now();
    let before: Addresses = stage.sim.addresses(IRELAND, service).into_iter().collect();
    stage.sim.fail_over(IRELAND, service);
    let expected = stage.until_all_agree().await?;
    let now = addresses(&expected, service);
    ensure!(
        now.len() == before.len(),
        "{service} has {} nodes, had {}",
        now.len(),
        before.len()
    );
    ensure!(now.is_disjoint(&before), "{service} kept an address");
    stage.teller.result(
        began.elapsed(),
        "the new addresses are scraped, the old ones gone",
    );
    Ok(())
}

async fn power_off(stage: &mut Stage) -> anyhow::Result<()> {
    let service = stage
        .sim
        .services(LONDON)
        .into_iter()
        .find(|name| name != NEW_SERVICE);
    let service = service.unwrap_or_else(|| NEW_SERVICE.to_owned());
    stage
        .teller
        .act(&format!("4. {} is powered off.", short(&service)));
    let began = Instant::now();
    let before: Addresses = stage.sim.addresses(LONDON, &service).into_iter().collect();
    ensure!(!before.is_empty(), "{service} was powered off already");
    stage.sim.power_off(LONDON, &service);
    let expected = stage.until_all_agree().await?;
    ensure!(
        addresses(&expected, &service).is_empty(),
        "{service} is still to be scraped"
    );
    stage.teller.result(
        began.elapsed(),
        "its targets are gone; nothing reports it as failing",
    );
    Ok(())
}

fn addresses(expected: &Expected, service: &str) -> Addresses {
    let nodes = expected
        .nodes
        .iter()
        .filter(|(_, (_, name))| name == service);
    nodes.map(|(address, _)| *address).collect()
}
