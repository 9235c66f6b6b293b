//! `status --wait-ready`: holds a rollout until the daemon publishes something
//! correct. A single service with a problem does not hold it.

use std::process::ExitCode;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::ask::Daemon;
use super::{output, status};
use crate::model::status::Status;

/// Between two questions to the daemon.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// How often the same state is said again.
const REPEAT_INTERVAL: Duration = Duration::from_secs(60);

/// Waits until the daemon is ready, and says on standard error what it waits
/// for. Exits 1 with what the daemon knows when it is not ready within `limit`.
pub(super) async fn run(daemon: &Daemon, limit: Duration) -> anyhow::Result<ExitCode> {
    let began = Instant::now();
    let mut said = Said::default();
    loop {
        // A daemon that hangs may not take more time than there is.
        let left = limit.saturating_sub(began.elapsed()).max(POLL_INTERVAL);
        let (waits_for, known) = match timeout(left, daemon.status()).await {
            Ok(Ok((_, status))) if status.ready => {
                output::line(format_args!("ready after {} s", began.elapsed().as_secs()));
                return Ok(ExitCode::SUCCESS);
            }
            Ok(Ok((_, status))) => (status.readiness(), Some(status)),
            Ok(Err(error)) => (format!("{error:#}"), None),
            Err(_) => ("the daemon gives no answer".to_owned(), None),
        };
        if began.elapsed() >= limit {
            give_up(limit, &waits_for, known.as_ref());
            return Ok(ExitCode::FAILURE);
        }
        if said.is_due(&waits_for, Instant::now()) {
            output::note(format_args!("waiting: {waits_for}"));
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// Says what is known at the end, and what to do about that.
fn give_up(limit: Duration, waits_for: &str, known: Option<&Status>) {
    output::note(format_args!(
        "aiven-metrics: nothing correct was published within {} s: {waits_for}",
        limit.as_secs()
    ));
    match known {
        Some(status) => {
            status::print(status);
            output::note(
                "What to do: mend the first problem above; if the API cannot be reached or refuses the token, \
                 correct that (aiven.api_url, aiven.api_token, aiven.projects). Then deploy again.",
            );
        }
        None => output::note(
            "What to do: see why no daemon answers, in \
             /var/vcap/sys/log/aiven-metrics/aiven-metrics.stdout.log and aiven-metrics.stderr.log.",
        ),
    }
}

/// What was said last, so that a log gets a line when something changes.
#[derive(Default)]
struct Said(Option<(String, Instant)>);

impl Said {
    /// Whether `text` is to be said at `now`: it is new, or was said long ago.
    fn is_due(&mut self, text: &str, now: Instant) -> bool {
        let is_old = |at: Instant| now.duration_since(at) >= REPEAT_INTERVAL;
        let is_due = match &self.0 {
            Some((last, at)) => last != text || is_old(*at),
            None => true,
        };
        if is_due {
            self.0 = Some((text.to_owned(), now));
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_said_when_it_is_new_and_once_a_minute() {
        let mut said = Said::default();
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs(seconds);
        let due = [
            ("a", 0),
            ("a", 59),
            ("a", 60),
            ("b", 61),
            ("a", 62),
            ("a", 121),
            ("a", 122),
        ]
        .map(|(text, seconds)| said.is_due(text, after(seconds)));
        assert_eq!(due, [true, false, true, true, true, false, true]);
    }
}
