//! The orderly end: first the scrapes in flight, then everything else.

use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::coordinator::{Coordinator, Inbox};

/// Runs the coordinator until `stop` is cancelled and the scrapes then in flight
/// have ended. The state is saved on return.
pub(super) async fn run(
    coordinator: &mut Coordinator,
    inbox: Inbox,
    proxy: Option<AbortOnDropHandle<()>>,
    stop: &CancellationToken,
) {
    let is_drained = CancellationToken::new();
    let drain = async {
        drained(proxy, stop).await;
        is_drained.cancel();
    };
    tokio::join!(coordinator.run(inbox, &is_drained), drain);
}

/// Returns once `stop` is cancelled and the scrapes then in flight have ended.
async fn drained(proxy: Option<AbortOnDropHandle<()>>, stop: &CancellationToken) {
    stop.cancelled().await;
    let Some(proxy) = proxy else {
        return;
    };
    if let Err(error) = proxy.await {
        tracing::error!(%error, "the scrape proxy failed while it stopped");
    }
}
