//! Cloud Controller's rate limit: so many requests of each user or client in an interval
//! [cc middleware/base_rate_limiter.rb, rate_limiter.rb].

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::Refused;
use super::authenticate::Caller;
use crate::cloud_foundry::answer::{Answer, controller_error};

/// How many requests each user or client may make.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateLimit {
    pub(crate) requests: u32,
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub(crate) every: Duration,
}

/// What each has used.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    limit: Option<RateLimit>,
    used: HashMap<String, Used>,
}

#[derive(Clone, Copy, Debug)]
struct Used {
    requests: u32,
    /// Epoch seconds.
    until: u64,
}

/// What an answer tells of the limit; nothing where there is none.
pub(super) struct Limits(Option<[(&'static str, String); 3]>);

impl Limits {
    pub(super) fn on(self, mut answer: Answer) -> Answer {
        answer.headers.extend(self.0.into_iter().flatten());
        answer
    }
}

fn headers(limit: u32, remaining: u32, reset: u64) -> [(&'static str, String); 3] {
    [
        ("x-ratelimit-limit", limit.to_string()),
        ("x-ratelimit-remaining", remaining.to_string()),
        ("x-ratelimit-reset", reset.to_string()),
    ]
}

/// The refusal. Its `Retry-After` is a time in epoch seconds, and its JSON is sent as plain text:
/// both as the real one has it.
pub(crate) fn rate_limited(limit: u32, reset: u64) -> Answer {
    let detail = "Rate Limit Exceeded";
    let mut answer = controller_error(429, 10013, "RateLimitExceeded", detail)
        .replacing("content-type", "text/plain; charset=utf-8")
        .with("retry-after", reset.to_string());
    answer.headers.extend(headers(limit, 0, reset));
    answer
}

impl Limiter {
    /// Counting begins anew.
    pub(crate) fn set(&mut self, limit: Option<RateLimit>) {
        *self = Self {
            limit,
            used: HashMap::new(),
        };
    }

    /// Counts one request; who reads everything as an administrator is not limited.
    pub(super) fn count(&mut self, caller: &Caller) -> Result<Limits, Refused> {
        let is_exempt =
            caller.has("cloud_controller.admin") || caller.has("cloud_controller.admin_read_only");
        let Some(limit) = self.limit.filter(|_| !is_exempt) else {
            return Ok(Limits(None));
        };
        let now = u64::try_from(Timestamp::now().as_second()).unwrap_or(0);
        let anew = Used {
            requests: 0,
            until: now.saturating_add(limit.every.as_secs()),
        };
        let used = self.used.entry(caller.id.clone()).or_insert(anew);
        if used.until < now {
            *used = anew;
        }
        if used.requests >= limit.requests {
            return Err(Box::new(rate_limited(limit.requests, used.until)));
        }
        used.requests += 1;
        // Rounded down to a tenth, as the real one's estimate for several instances is.
        let tenths = (limit.requests - used.requests) * 10 / limit.requests.max(1);
        let remaining = tenths * limit.requests / 10;
        Ok(Limits(Some(headers(limit.requests, remaining, used.until))))
    }
}
