//! Nothing is wrong: a thousand queries, through the Caddys and around them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, ensure};
use futures_util::StreamExt;
use futures_util::stream;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::ha::gorouter::{Method, encode};
use crate::ha::platform::Platform;
use crate::stage::http_client;

/// How many queries are asked each way.
const QUERIES: usize = 1000;

/// At the same time.
const CLIENTS: usize = 8;

/// What a tenant looks at: the load of the nodes.
const QUERY: &str = r#"sum by (aiven_service_name) (cpu_usage_idle{cpu="cpu-total"})"#;

/// The graph's width and its step, in seconds.
const WIDTH: u64 = 15;

/// How long samples may take to come.
const DEADLINE: Duration = Duration::from_secs(60);

/// How many different answers came.
#[derive(Debug)]
pub struct Differing {
    /// Through the Caddys in turn.
    pub through_caddys: usize,
    /// From the Prometheis in turn.
    pub round_robin: usize,
}

/// Draws the same graph a thousand times through the Caddys in turn, and a
/// thousand times from the Prometheis in turn.
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
    let http = http_client()?;
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

/// The parameters of a range query over a time that is past, so that no new
/// sample changes its answer.
struct Graph {
    start: String,
    end: String,
}

impl Graph {
    fn borrowed(&self) -> [(&str, &str); 4] {
        [
            ("query", QUERY),
            ("start", &self.start),
            ("end", &self.end),
            ("step", "1"),
        ]
    }
}

/// Waits until both Prometheis have samples for the whole width.
async fn graph(platform: &Platform) -> anyhow::Result<Graph> {
    let http = http_client()?;
    let deadline = Instant::now() + DEADLINE;
    loop {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)?
            .as_secs();
        let graph = Graph {
            start: (now - 5 - WIDTH).to_string(),
            end: (now - 5).to_string(),
        };
        let mut complete = true;
        for vm in &platform.vms {
            let data = range(&http, vm.prometheus(), &graph).await?;
            let series = data["result"].as_array().context("no result")?;
            let full = |series: &Value| {
                let values = series["values"].as_array().map_or(0, Vec::len);
                u64::try_from(values).is_ok_and(|values| values > WIDTH)
            };
            complete &= !series.is_empty() && series.iter().all(full);
        }
        if complete {
            return Ok(graph);
        }
        ensure!(Instant::now() < deadline, "no samples within {DEADLINE:?}");
        sleep(Duration::from_millis(200)).await;
    }
}

async fn range(
    http: &reqwest::Client,
    address: std::net::SocketAddr,
    graph: &Graph,
) -> anyhow::Result<Value> {
    let url = format!(
        "http://{address}/api/v1/query_range?{}",
        encode(&graph.borrowed())
    );
    let mut answer: Value = http
        .get(url)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
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
