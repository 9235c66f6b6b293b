//! One integrated service and what it takes to scrape it.

use aiven_sim::{NodeFault, ServiceSpec, Simulator};

use crate::client::{GOOD, Scraped, Scraper};

/// A simulator with one integrated service, and what a scrape of it needs.
pub struct Fixture {
    pub sim: Simulator,
    pub scraper: Scraper,
    pub host: String,
    pub endpoint: String,
}

pub async fn fixture(spec: ServiceSpec) -> Fixture {
    fixture_in(Simulator::builder(), spec).await
}

pub async fn fixture_in(builder: aiven_sim::Builder, spec: ServiceSpec) -> Fixture {
    let sim = builder.project("proj").start().await.unwrap();
    sim.add_service("proj", spec);
    let endpoint = sim.add_endpoint("proj", "aiven-metrics", "metrics", "a-good-password");
    sim.add_integration("proj", "os-1", &endpoint);
    let scraper = Scraper::trusting(&sim.ca_pem("proj"));
    let host = sim.host("proj", "os-1");
    Fixture {
        sim,
        scraper,
        host,
        endpoint,
    }
}

pub fn opensearch(nodes: usize) -> ServiceSpec {
    ServiceSpec::new("os-1", "opensearch").nodes(nodes)
}

impl Fixture {
    pub async fn scrape(&self, node: usize, auth: Option<&str>) -> std::io::Result<Scraped> {
        let addr = self.sim.addresses("proj", "os-1")[node];
        self.scraper.scrape(addr, &self.host, auth).await
    }

    pub async fn status(&self, node: usize, auth: &str) -> u16 {
        self.scrape(node, Some(auth)).await.unwrap().status
    }

    /// How a scrape fails under a fault of node 0, before and after which it works.
    pub async fn failure(&self, fault: NodeFault) -> std::io::Error {
        assert_eq!(self.status(0, GOOD).await, 200);
        self.sim.node_fault("proj", "os-1", 0, fault);
        let error = self
            .scrape(0, Some(GOOD))
            .await
            .expect_err("the fault strikes");
        self.sim.clear_node_fault("proj", "os-1", 0);
        assert_eq!(self.status(0, GOOD).await, 200);
        error
    }
}
