//! The orderly end: first the scrapes in flight, then everything else.

use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::coordinator::{Coordinator, Inbox};
use super::ended_early;

/// Runs the coordinator until `stop` is cancelled and the scrapes then in flight
/// have ended. The state is saved on return.
///
/// # Errors
/// When the `proxy` ends before `stop`.
pub(super) async fn run(
    coordinator: &mut Coordinator,
    inbox: Inbox,
    proxy: Option<AbortOnDropHandle<()>>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let is_drained = CancellationToken::new();
    let drain = async {
        let drained = drained(proxy, stop).await;
        is_drained.cancel();
        drained
    };
    let ((), drained) = tokio::join!(coordinator.run(inbox, &is_drained), drain);
    drained
}

/// Returns once `stop` is cancelled and the scrapes then in flight have ended.
async fn drained(
    proxy: Option<AbortOnDropHandle<()>>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let Some(mut proxy) = proxy else {
        stop.cancelled().await;
        return Ok(());
    };
    tokio::select! {
        // After `stop` the proxy ends by itself.
        biased;
        () = stop.cancelled() => {}
        ended = &mut proxy => return Err(ended_early(ended)),
    }
    if let Err(error) = proxy.await {
        tracing::error!(%error, "the scrape proxy failed while it stopped");
    }
    Ok(())
}
