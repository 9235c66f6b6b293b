//! A Cloud Foundry with something in it, and its clients.

use std::sync::Arc;

use aiven_sim::{Builder, InstanceSpec, ServiceSpec, Simulator};
use reqwest::header::HeaderMap;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;

/// Status, headers and body of an answer.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// One member of every row, in order.
    pub fn rows(&self, member: &str) -> Vec<String> {
        let json = self.json();
        let rows = json["resources"].as_array().unwrap();
        rows.iter()
            .map(|row| row[member].as_str().unwrap_or("?").to_owned())
            .collect()
    }
}

/// A simulator with two organizations, three spaces and as many instances.
pub struct Foundry {
    pub sim: Simulator,
    pub http: reqwest::Client,
    pub organizations: [String; 2],
    pub spaces: [String; 3],
    pub instances: [String; 3],
}

/// Does not follow redirects: tests look at them. A new connection for each request, so that none is
/// used that a fault has just ended.
pub fn client(ca_pem: &str) -> reqwest::Client {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap())
        .unwrap();
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .pool_max_idle_per_host(0)
        .no_proxy();
    http.redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

pub async fn foundry() -> Foundry {
    foundry_in(Simulator::builder().cloud_foundry()).await
}

pub async fn foundry_in(builder: Builder) -> Foundry {
    let sim = builder
        .project("proj")
        .without_nodes()
        .start()
        .await
        .unwrap();
    let organizations = ["retail", "payments"].map(|name| sim.add_organization(name));
    let spaces = [
        sim.add_space(&organizations[0], "production"),
        sim.add_space(&organizations[0], "staging"),
        sim.add_space(&organizations[1], "production"),
    ];
    let instances = ["search", "logs", "orders"];
    let mut places = spaces.iter();
    let instances = instances.map(|name| {
        let instance = InstanceSpec::new(name, places.next().unwrap());
        sim.provision(
            "proj",
            "Prod-LON",
            instance,
            ServiceSpec::new("", "opensearch"),
        )
    });
    Foundry {
        http: client(&sim.cf_ca_pem()),
        sim,
        organizations,
        spaces,
        instances,
    }
}

impl Foundry {
    pub async fn get(&self, url: &str, token: &str) -> reqwest::Result<Got> {
        let request = self
            .http
            .get(url)
            .header("Authorization", format!("bearer {token}"));
        read(request).await
    }

    /// From the Cloud Controller, by who may see everything.
    pub async fn ask(&self, path: &str) -> Got {
        let token = self.client_token().await;
        self.get(&format!("{}{path}", self.sim.cf_url()), &token)
            .await
            .unwrap()
    }

    /// From the UAA's token endpoint.
    pub async fn token(&self, client: (&str, &str), form: &[(&str, &str)]) -> Got {
        let url = format!("{}/oauth/token", self.sim.uaa_url());
        let request = self.http.post(url).basic_auth(client.0, Some(client.1));
        read(request.header("Content-Type", FORM).body(encoded(form)))
            .await
            .unwrap()
    }

    /// A token of [`Simulator::cf_client`].
    pub async fn client_token(&self) -> String {
        let (id, secret) = self.sim.cf_client();
        let got = self
            .token((&id, &secret), &[("grant_type", "client_credentials")])
            .await;
        got.json()["access_token"].as_str().unwrap().to_owned()
    }
}

pub const FORM: &str = "application/x-www-form-urlencoded";

pub fn encoded(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

pub async fn read(request: reqwest::RequestBuilder) -> reqwest::Result<Got> {
    let response = request.send().await?;
    Ok(Got {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await?,
    })
}
