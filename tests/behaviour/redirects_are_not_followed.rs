//! No redirect is followed: who asks for something tells it to the server that is configured,
//! and to no other that this one names.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aiven_sim::{ApiFault, Fault, NodeFault, Operation, Server, ServiceSpec, Simulator};
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use testkit::{Config, Daemon, PROJECT, aiven, aiven_with_cloud_foundry, http_client};
use tokio::net::TcpListener;

use crate::binary::{command, run, start};
use crate::scraper::publishing;
use crate::tenants::{Tenant, labelling};

/// Those that a client may follow: by GET, or with the request as it was.
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

/// A server on this machine that nobody has to ask. It has a good word for everybody.
struct Elsewhere {
    url: String,
    visits: Arc<AtomicUsize>,
}

impl Elsewhere {
    async fn listen() -> Elsewhere {
        let visits = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&visits);
        let answer = async move || {
            counted.fetch_add(1, Ordering::Relaxed);
            r#"{"services": [], "access_token": "t", "resources": [], "pagination": {"next": null}}"#
        };
        let url = serve(Router::new().fallback(answer)).await;
        Elsewhere { url, visits }
    }

    fn location(&self) -> String {
        format!("{}/elsewhere?a=b", self.url)
    }

    /// An answer that sends whoever asks here.
    fn redirect(&self, code: u16) -> ApiFault {
        ApiFault::WithHeaders {
            code,
            headers: vec![("Location".to_owned(), self.location())],
            message: String::new(),
        }
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::Relaxed)
    }

    /// Nobody came, although whoever follows such a redirect of Aiven's finds the way.
    async fn was_never_asked(&self, sim: &Simulator) {
        assert_eq!(self.visits(), 0, "a redirect was followed");
        sim.inject(Fault::any(), self.redirect(302));
        let followed = http_client().get(sim.api_url()).send().await.unwrap();
        assert_eq!(followed.status(), 200);
        assert_eq!(self.visits(), 1);
    }
}

/// Where this is served.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// The daemon has taken one more redirect of this operation for what it is: an answer of
/// something that stands before the API.
async fn once_more(daemon: &Daemon, operation: &str, answered: impl FnOnce()) {
    let sample =
        format!("aiven_metrics_api_requests_total{{operation=\"{operation}\",code=\"stranger\"}}");
    let before = daemon.metric(&sample).await;
    answered();
    daemon.metric_reaches(&sample, before + 1.0).await;
}

#[tokio::test]
async fn aivens_token_and_passwords_go_to_aiven_alone() {
    let elsewhere = Elsewhere::listen().await;
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let everything = sim.inject(Fault::any(), elsewhere.redirect(307));
    let mut config = Config::quick(&sim).with_proxy();
    let daemon = start(&config).await;
    for operation in [
        "list_services",
        "list_integration_types",
        "list_endpoints",
        "get_project_ca",
    ] {
        once_more(&daemon, operation, || {}).await;
    }
    let later = [
        (Operation::CreateEndpoint, "create_endpoint"),
        (Operation::GetEndpoint, "get_endpoint"),
        (Operation::CreateIntegration, "create_integration"),
    ];
    let faults = later.map(|(operation, _)| {
        let fault = Fault::new(operation);
        sim.inject(fault, elsewhere.redirect(308))
    });
    sim.clear_fault(everything);
    for ((_, operation), fault) in later.into_iter().zip(faults) {
        once_more(&daemon, operation, || {}).await;
        sim.clear_fault(fault);
    }
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    for status in REDIRECTS {
        once_more(&daemon, "list_services", || {
            sim.clear_faults();
            let list = Fault::new(Operation::ListServices);
            sim.inject(list, elsewhere.redirect(status));
        })
        .await;
    }
    sim.clear_faults();
    daemon.stop().await.unwrap();

    // This one carries a password.
    config.set("integration.password", "another-password-of-ours");
    let update = Fault::new(Operation::UpdateEndpoint);
    sim.inject(update, elsewhere.redirect(307));
    let daemon = start(&config).await;
    once_more(&daemon, "update_endpoint", || {}).await;
    elsewhere.was_never_asked(&sim).await;
}

#[tokio::test]
async fn tokens_and_the_secret_of_cloud_foundry_stay_there() {
    let elsewhere = Elsewhere::listen().await;
    let sim = aiven_with_cloud_foundry().await;
    let tenant = Tenant::new(&sim, "retail", "production", "search");
    let config = labelling(&sim);
    let redirect = |operation| sim.inject(Fault::new(operation), elsewhere.redirect(302));
    redirect(Operation::ReadRoot);
    let daemon = start(&config).await;
    for (operation, name) in [
        (Operation::ReadRoot, "cf_root"),
        (Operation::IssueToken, "uaa_token"),
        (Operation::ListServiceInstances, "list_service_instances"),
        (Operation::ListSharedSpaces, "list_shared_spaces"),
    ] {
        for status in REDIRECTS {
            once_more(&daemon, name, || {
                sim.clear_faults();
                sim.inject(Fault::new(operation), elsewhere.redirect(status));
            })
            .await;
        }
    }
    sim.clear_faults();
    tenant
        .has(&config, &daemon, "service_instance_name", "search")
        .await;

    // And doctor asks as the daemon does.
    for operation in [Operation::ListSpaces, Operation::ListServiceInstances] {
        redirect(operation);
    }
    let told = command(&config, "doctor", &[]).await.stdout;
    let named = "a redirect to http://127.0.0.1:";
    assert!(told.matches(named).count() >= 2, "{told}");
    sim.inject(Fault::on(Server::Uaa), elsewhere.redirect(307));
    let told = command(&config, "doctor", &[]).await.stdout;
    assert!(
        told.contains("something between this machine and UAA answered 307"),
        "{told}"
    );
    elsewhere.was_never_asked(&sim).await;
}

#[tokio::test]
async fn a_node_that_sends_elsewhere_is_scraped_nowhere_else() {
    let elsewhere = Elsewhere::listen().await;
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim).with_proxy();
    let (daemon, scraper) = publishing(&sim, &config).await;
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    let address = sim.addresses(PROJECT, "logs")[0];
    for code in REDIRECTS {
        let answer = NodeFault::Answer {
            code,
            headers: vec![("location".to_owned(), elsewhere.location())],
            body: String::new(),
        };
        sim.node_fault(PROJECT, "logs", 0, answer);
        let before = sim.node(PROJECT, "logs", 0).record().authorizations.len();
        let page = scraper.get("logs", address).await;
        assert_eq!(page.status, 502);
        let said = format!("answers {code}");
        assert!(page.text().contains(&said), "{}", page.text());
        // The node itself was sent the credentials.
        let after = sim.node(PROJECT, "logs", 0).record().authorizations.len();
        assert!(after > before);
    }
    elsewhere.was_never_asked(&sim).await;
}

#[tokio::test]
async fn commands_ask_the_daemon_that_was_named() {
    let elsewhere = Elsewhere::listen().await;
    let location = elsewhere.location().parse().unwrap();
    let headers = HeaderMap::from_iter([(axum::http::header::LOCATION, location)]);
    let redirect = async move || (StatusCode::FOUND, headers);
    let url = serve(Router::new().fallback(redirect)).await;
    let address = url.strip_prefix("http://").unwrap();
    for arguments in [
        &["status"][..],
        &["targets"],
        &["events"],
        &["explain", "logs"],
    ] {
        let ended = run(&[arguments, &["--address", address]].concat()).await;
        assert_eq!(ended.code, Some(1), "{}", ended.output());
        assert!(ended.output().contains("302"), "{}", ended.output());
    }
    assert_eq!(elsewhere.visits(), 0, "a redirect was followed");
    http_client().get(url).send().await.unwrap();
    assert_eq!(elsewhere.visits(), 1);
}
