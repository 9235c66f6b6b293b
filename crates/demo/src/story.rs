//! The acts: what happens at Aiven, in which order, and what must follow.

use std::time::{Duration, Instant};

use aiven_sim::ServiceSpec;
use anyhow::{bail, ensure};

use crate::daemon::PASSWORD;
use crate::environment::Environment;
use crate::expected::Expected;
use crate::labels;
use crate::narrator::{count, short};
use crate::prometheus::Addresses;

/// Between the acts, so that people can look around.
const PAUSE: Duration = Duration::from_secs(8);

const LONDON: &str = "platform-london";
const IRELAND: &str = "platform-ireland";
const NEW_SERVICE: &str = "prod-lon-launch-day";

/// Plays all acts; without `once` it then keeps telling what happens.
///
/// # Errors
/// When something does not become as it should be.
pub async fn play(environment: &mut Environment, once: bool) -> anyhow::Result<()> {
    introduce(environment).await;
    let pause = if once { Duration::ZERO } else { PAUSE };
    begin(environment).await?;
    environment.watch(pause).await?;
    create(environment).await?;
    environment.watch(pause).await?;
    fail_over(environment).await?;
    environment.watch(pause).await?;
    rename(environment).await?;
    environment.watch(pause).await?;
    power_off(environment).await?;
    if once {
        environment
            .narrator
            .line("\nEverything was as it should be.");
        return Ok(());
    }
    environment
        .narrator
        .act("Everything keeps running until you press Ctrl-C.");
    loop {
        environment.watch(PAUSE).await?;
    }
}

async fn introduce(environment: &Environment) {
    let Environment {
        daemon,
        prometheus,
        narrator,
        sim,
        ..
    } = environment;
    narrator
        .line("\naiven-metrics at work: a simulated Aiven, the real daemon, a real Prometheus.\n");
    let graph = prometheus.graph_page("cpu_usage_idle{cpu=\"cpu-total\"}");
    narrator.line(&format!("  a graph        {}", graph.replace('"', "%22")));
    narrator.line(&format!("  targets        {}", prometheus.targets_page()));
    for page in ["status", "metrics", "sd"] {
        narrator.line(&format!(
            "  the daemon     http://{}/{page}",
            daemon.address
        ));
    }
    narrator.line(&format!("  Aiven's API    {}/v1/project", sim.api_url()));
    narrator.line(&format!(
        "  all files      {}",
        environment.folder().display()
    ));
}

async fn begin(environment: &mut Environment) -> anyhow::Result<()> {
    let began = Instant::now();
    let (sim, narrator) = (&environment.sim, &environment.narrator);
    let services = sim
        .projects()
        .iter()
        .map(|project| sim.services(project).len())
        .sum();
    narrator.act(&format!(
        "1. {} in two projects, and no integrations yet.",
        count(services, "service")
    ));
    let expected = environment.until_all_agree().await?;
    let (nodes, scraped) = (expected.nodes.len(), expected.scraped().count());
    // Counted by hand in the scenario: with nothing there, everything would agree.
    ensure!(
        scraped >= 9 && nodes >= 18,
        "only {nodes} nodes of {scraped} services"
    );
    let what = format!(
        "all {} of {} are scraped",
        count(nodes, "node"),
        count(scraped, "service")
    );
    environment.narrator.result(began.elapsed(), &what);
    holds_no_secret(&environment.prometheus.loaded_configuration().await?)?;
    environment.narrator.line(
        "          Prometheus' configuration holds no secret, and every certificate is verified",
    );
    Ok(())
}

/// Scraping works, although Prometheus has no password and does not skip TLS verification.
fn holds_no_secret(configuration: &str) -> anyhow::Result<()> {
    ensure!(
        configuration.contains("proxy_url"),
        "Prometheus has loaded another configuration:\n{configuration}"
    );
    for banned in [
        PASSWORD,
        "basic_auth",
        "password",
        "insecure_skip_verify: true",
    ] {
        ensure!(
            !configuration.contains(banned),
            "Prometheus' configuration contains {banned}:\n{configuration}"
        );
    }
    Ok(())
}

async fn create(environment: &mut Environment) -> anyhow::Result<()> {
    environment
        .narrator
        .act("2. A tenant creates an OpenSearch service with three nodes.");
    let began = Instant::now();
    let spec = ServiceSpec::new(NEW_SERVICE, "opensearch")
        .plan("business-4")
        .nodes(3);
    environment.sim.add_service(LONDON, spec);
    let expected = environment.until_all_agree().await?;
    ensure!(
        addresses(&expected, NEW_SERVICE).len() == 3,
        "{NEW_SERVICE} should have three nodes"
    );
    environment.narrator.result(
        began.elapsed(),
        "integrated, published and scraped, and nobody had to do anything",
    );
    Ok(())
}

async fn fail_over(environment: &mut Environment) -> anyhow::Result<()> {
    let service = "clicks";
    environment
        .narrator
        .act("3. ClickHouse in Ireland fails over: all its nodes get new addresses.");
    let began = Instant::now();
    let before: Addresses = environment
        .sim
        .addresses(IRELAND, service)
        .into_iter()
        .collect();
    environment.sim.fail_over(IRELAND, service);
    let expected = environment.until_all_agree().await?;
    let now = addresses(&expected, service);
    ensure!(
        now.len() == before.len(),
        "{service} has {} nodes, had {}",
        now.len(),
        before.len()
    );
    ensure!(now.is_disjoint(&before), "{service} kept an address");
    environment.narrator.result(
        began.elapsed(),
        "the new addresses are scraped, the old ones are gone",
    );
    Ok(())
}

async fn power_off(environment: &mut Environment) -> anyhow::Result<()> {
    let service = environment
        .sim
        .services(LONDON)
        .into_iter()
        .find(|name| name != NEW_SERVICE);
    let service = service.unwrap_or_else(|| NEW_SERVICE.to_owned());
    environment
        .narrator
        .act(&format!("5. {} is powered off.", short(&service)));
    let began = Instant::now();
    let before: Addresses = environment
        .sim
        .addresses(LONDON, &service)
        .into_iter()
        .collect();
    ensure!(!before.is_empty(), "{service} was already powered off");
    environment.sim.power_off(LONDON, &service);
    let expected = environment.until_all_agree().await?;
    ensure!(
        addresses(&expected, &service).is_empty(),
        "{service} should no longer be scraped"
    );
    environment.narrator.result(
        began.elapsed(),
        "its targets are gone, and nothing reports it as failing",
    );
    Ok(())
}

async fn rename(environment: &mut Environment) -> anyhow::Result<()> {
    environment
        .narrator
        .act("4. Whose is it: a tenant renames the service instance orders to bookings.");
    labels::show(environment).await?;
    let expected = Expected::of(&environment.sim, environment.http()).await?;
    let mut services = expected.services.iter();
    let found =
        services.find(|((project, _), service)| project == LONDON && service.service_type == "pg");
    let Some(((_, service), _)) = found else {
        bail!("no service is the tenant's orders");
    };
    // As brokers name services: by the GUID of the service instance.
    let guid = &service[service.len().saturating_sub(36)..];
    let took = labels::rename(environment, guid, "bookings").await?;
    environment.until_all_agree().await?;
    environment.narrator.result(
        took,
        "its nodes have the new name under the same GUID; new series have begun",
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
