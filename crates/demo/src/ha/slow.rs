//! A query that really takes 20 s: Prometheus reads `{demo="slow"}` from a remote
//! storage as well, and this one waits before it answers. So the query is slow in
//! Prometheus itself, and costs no CPU.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// The slow query.
pub const QUERY: &str = r#"{demo="slow"}"#;

/// How long it takes.
const ANSWER_DELAY: Duration = Duration::from_secs(20);

/// A protobuf `ReadResponse` with one empty result, in snappy's block format.
const NOTHING_FOUND: [u8; 4] = [2, 4, 0x0a, 0];

/// The remote storage.
#[derive(Debug)]
pub struct SlowStorage {
    address: SocketAddr,
    asked: watch::Receiver<usize>,
    // Ends with this.
    _task: JoinSet<()>,
}

impl SlowStorage {
    /// Starts it on a port of the system's choice.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start() -> anyhow::Result<SlowStorage> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("no free port")?;
        let address = listener.local_addr()?;
        let (count, asked) = watch::channel(0);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut answers = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                answers.spawn(answer(stream, count.clone()));
            }
        });
        Ok(SlowStorage {
            address,
            asked,
            _task: task,
        })
    }

    /// Prometheus' `remote_read` of it.
    pub fn remote_read(&self) -> Value {
        json!([{
            "url": format!("http://{}/", self.address),
            "required_matchers": { "demo": "slow" },
            "read_recent": true,
            "remote_timeout": "2m",
        }])
    }

    /// The number of requests so far.
    pub fn asked(&self) -> usize {
        *self.asked.borrow()
    }

    /// Waits until it has been asked this many times.
    ///
    /// # Errors
    /// When it has ended.
    pub async fn until_asked(&mut self, times: usize) -> anyhow::Result<()> {
        self.asked.wait_for(|asked| *asked >= times).await?;
        Ok(())
    }
}

/// One request a connection.
async fn answer(mut stream: TcpStream, count: watch::Sender<usize>) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    count.send_modify(|asked| *asked += 1);
    sleep(ANSWER_DELAY).await;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        NOTHING_FOUND.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&NOTHING_FOUND).await
}
