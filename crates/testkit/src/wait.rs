//! Waiting for what announces itself by no event.

use std::time::Duration;

use crate::TIMEOUT;

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(20);

/// Looks until there is something to see; `None` after [`TIMEOUT`].
pub async fn seen<T>(look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    seen_within(TIMEOUT, look).await
}

/// The same, for another time.
pub(crate) async fn seen_within<T>(
    timeout: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> Option<T> {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(INTERVAL).await;
        }
    };
    tokio::time::timeout(timeout, looking).await.ok()
}

/// Looks until there is something to see.
///
/// # Panics
/// If there is nothing after [`TIMEOUT`].
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    match seen(look).await {
        Some(found) => found,
        None => panic!("waited {TIMEOUT:?}, but not yet: {what}"),
    }
}
