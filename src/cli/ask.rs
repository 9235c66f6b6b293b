//! Asking the running daemon over its web address.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use reqwest::StatusCode;

/// The daemon is on the same machine or network; more patience helps nobody.
const PATIENCE: Duration = Duration::from_secs(10);

/// The daemon's answer at `path`: its status and body.
///
/// # Errors
/// When there is no answer, or the daemon does not tell.
pub(super) async fn ask(address: SocketAddr, path: &str) -> anyhow::Result<(StatusCode, String)> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder()
        .no_proxy()
        .timeout(PATIENCE)
        .build()
        .context("setting the HTTP client up failed")?;
    let url = format!("http://{address}{path}");
    let answer = http.get(url).send().await.with_context(|| {
        format!("no daemon answers at {address}; is it running (monit summary), and is this its web.listen?")
    })?;
    let status = answer.status();
    let body = answer
        .text()
        .await
        .context("the daemon's answer broke off")?;
    if status == StatusCode::FORBIDDEN {
        anyhow::bail!("the daemon at {address} does not tell: {}", body.trim());
    }
    Ok((status, body))
}
