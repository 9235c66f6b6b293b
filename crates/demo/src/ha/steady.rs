//! Nothing is wrong: a thousand queries, through the Caddys and around them.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use futures_util::StreamExt;
use futures_util::stream;
use reqwest::Client;
use serde_json::Value;
use testkit::http_client;
use tokio::time::{Instant, sleep};

use crate::ha::gorouter::{Method, encode};
use crate::ha::platform::Platform;

/// How many queries are asked each way.
const QUERIES: usize = 1000;

/// At the same time.
const CLIENTS: usize = 8;

/// No two scrapes of a node see the same value, so that the graphs of two Prometheus servers
/// differ whenever they scrape.
const QUERY: &str = "sum by (aiven_service_name) (sim_scrapes_served)";

/// The graph's width and its step, in seconds.
const WIDTH: u64 = 15;

/// How long samples may take to come.
const SAMPLES_TIMEOUT: Duration = Duration::from_secs(120);

/// How many different answers came.
#[derive(Debug)]
pub struct Differing {
    /// Through the Caddys in turn.
    pub through_caddys: usize,
    /// From both Prometheus servers in turn.
    pub round_robin: usize,
}

/// Draws the same graph a thousand times through the Caddys in turn, and a
/// thousand times from both Prometheus servers in turn.
///
/// # Errors
/// When a query fails, or samples do not come.
pub async fn compare(platform: &Platform) -> anyhow::Result<Differing> {
    let graph = graph(platform).await?;
    let parameters = &graph;
    let gorouter = Arc::clone(&platform.gorouter);
    let through = answers(|number| {
        let gorouter = &gorouter;
        async move {
            let method = [Method::Get, Method::Post][number / 2 % 2];
            gorouter
                .ask(method, "api/v1/query_range", &parameters.borrowed())
                .await
        }
    });
    let through_caddys = through.await?.len();
    let http = http_client();
    let directly = answers(|number| {
        let (http, vm) = (&http, &platform.vms[number % 2]);
        async move { range(http, vm.prometheus(), parameters).await }
    });
    let round_robin = directly.await?.len();
    Ok(Differing {
        through_caddys,
        round_robin,
    })
}

/// The parameters of a range query over a time of which all samples have come, so that
/// no new sample changes its answer.
struct Graph {
    start: String,
    end: String,
}

impl Graph {
    fn until(end: u64) -> Graph {
        Graph {
            start: (end - WIDTH).to_string(),
            end: end.to_string(),
        }
    }

    fn borrowed(&self) -> [(&str, &str); 4] {
        [
            ("query", QUERY),
            ("start", &self.start),
            ("end", &self.end),
            ("step", "1"),
        ]
    }
}

/// Waits until both Prometheus servers have all samples for the whole width.
async fn graph(platform: &Platform) -> anyhow::Result<Graph> {
    let http = http_client();
    let deadline = Instant::now() + SAMPLES_TIMEOUT;
    loop {
        if let Some(graph) = complete_graph(platform, &http).await? {
            return Ok(graph);
        }
        ensure!(
            Instant::now() < deadline,
            "not all samples within {SAMPLES_TIMEOUT:?}"
        );
        sleep(Duration::from_millis(200)).await;
    }
}

async fn complete_graph(platform: &Platform, http: &Client) -> anyhow::Result<Option<Graph>> {
    let nodes = platform.serving_nodes();
    let mut end = u64::MAX;
    for vm in &platform.vms {
        let Some(latest) = all_have_come_until(http, vm.prometheus(), nodes).await? else {
            return Ok(None);
        };
        end = end.min(latest);
    }
    let graph = Graph::until(end);
    for vm in &platform.vms {
        let data = range(http, vm.prometheus(), &graph).await?;
        let series = data["result"].as_array().context("no result")?;
        let full = |series: &Value| {
            let values = series["values"].as_array().map_or(0, Vec::len);
            u64::try_from(values).is_ok_and(|values| values > WIDTH)
        };
        if series.is_empty() || !series.iter().all(full) {
            return Ok(None);
        }
    }
    Ok(Some(graph))
}

/// The last whole second before the latest sample of every node: a node is scraped only after
/// the scrape before. `None` while a node lacks samples.
async fn all_have_come_until(
    http: &Client,
    address: SocketAddr,
    nodes: usize,
) -> anyhow::Result<Option<u64>> {
    let query =
        format!("min(timestamp(sim_scrapes_served)) and (count(sim_scrapes_served) == {nodes})");
    let data = query_api(http, address, "query", &[("query", &query)]).await?;
    let latest = data["result"][0]["value"][1].as_str();
    let Some(latest) = latest.and_then(|latest| latest.parse::<f64>().ok()) else {
        return Ok(None);
    };
    Ok(Some(Duration::try_from_secs_f64(latest - 1.0)?.as_secs()))
}

async fn range(http: &Client, address: SocketAddr, graph: &Graph) -> anyhow::Result<Value> {
    query_api(http, address, "query_range", &graph.borrowed()).await
}

async fn query_api(
    http: &Client,
    address: SocketAddr,
    kind: &str,
    parameters: &[(&str, &str)],
) -> anyhow::Result<Value> {
    let url = format!("http://{address}/api/v1/{kind}?{}", encode(parameters));
    let answer = http.get(url).send().await?.error_for_status()?;
    let mut answer: Value = answer.json().await?;
    Ok(answer["data"].take())
}

/// The different answers to the queries.
async fn answers<F, Q>(ask: F) -> anyhow::Result<BTreeSet<String>>
where
    F: Fn(usize) -> Q,
    Q: Future<Output = anyhow::Result<Value>>,
{
    let mut queries = stream::iter((0..QUERIES).map(ask)).buffer_unordered(CLIENTS);
    let mut different = BTreeSet::new();
    while let Some(data) = queries.next().await {
        different.insert(data?.to_string());
    }
    Ok(different)
}
