//! How long an answer asks to wait: in a header, or in its words.
//!
//! Whatever the number is, the result is a duration of an hour at most
//! ([`MAX_WAIT`]), so that it can be added to any clock.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};

use crate::model::back_pressure::MAX_WAIT;

/// Seconds from now until the limit is counted afresh (an IETF draft, and what
/// gateways made of it: seconds from now, or seconds or milliseconds since 1970).
const RESETS: [HeaderName; 2] = [
    HeaderName::from_static("ratelimit-reset"),
    HeaderName::from_static("x-ratelimit-reset"),
];

/// What stands before the wait in a message.
const PHRASES: [&str; 4] = [
    "try again in ",
    "retry in ",
    "retry after ",
    "try again after ",
];

/// Numbers above this are times since 1970, not waits: thirty years in seconds.
const FIRST_TIMESTAMP: f64 = 1e9;

/// Likewise in milliseconds.
const FIRST_MILLI_TIMESTAMP: f64 = 1e12;

/// The longest wait that the headers of an answer ask for. `is_limited`: whether the
/// status says that there were too many requests; only then do the headers of rate
/// limits mean a wait.
pub(crate) fn from_headers(headers: &HeaderMap, is_limited: bool) -> Option<Duration> {
    let now = SystemTime::now();
    let asked = headers.get_all(RETRY_AFTER).iter();
    let asked = asked.filter_map(|value| retry_after(value, now)).max();
    let resets = RESETS.into_iter().flat_map(|name| headers.get_all(name));
    asked.or_else(|| {
        let resets = resets.filter_map(|value| reset(value, now));
        resets.max().filter(|_| is_limited)
    })
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date. Cloud Controller sends the
/// time in seconds since 1970 (`middleware/base_rate_limiter.rb`).
fn retry_after(value: &HeaderValue, now: SystemTime) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    match number(text) {
        Some(number) if number >= FIRST_TIMESTAMP => return until(number, now),
        Some(number) => return Some(seconds(number)),
        None => {}
    }
    let date = httpdate::parse_http_date(text).ok()?;
    // A date in the past asks for no wait.
    let wait = date.duration_since(now).ok()?;
    Some(wait.min(MAX_WAIT))
}

fn reset(value: &HeaderValue, now: SystemTime) -> Option<Duration> {
    // A list of limits, each with parameters: the first counts.
    let text = value.to_str().ok()?;
    let first = text.split([',', ';']).next()?.trim();
    until(number(first)?, now)
}

/// The time from `now` until a reset that is a wait, or a time since 1970.
fn until(reset: f64, now: SystemTime) -> Option<Duration> {
    let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let left = match reset {
        number if number >= FIRST_MILLI_TIMESTAMP => number / 1000.0 - since_1970.as_secs_f64(),
        number if number >= FIRST_TIMESTAMP => number - since_1970.as_secs_f64(),
        number => number,
    };
    (left > 0.0).then(|| seconds(left))
}

/// The wait in `…Rate limit 120 exceeded - try again in 28s`.
pub(crate) fn from_message(message: &str) -> Option<Duration> {
    let message = message.to_ascii_lowercase();
    let after = PHRASES.iter().filter_map(|phrase| {
        let (_, rest) = message.split_once(phrase)?;
        wait_at_start(rest)
    });
    after.max()
}

/// The number and unit that a text begins with.
fn wait_at_start(text: &str) -> Option<Duration> {
    let is_part = |letter: char| letter.is_ascii_digit() || letter == '.';
    let end = text.find(|letter| !is_part(letter))?;
    let (digits, rest) = text.split_at(end);
    // A full stop may end the sentence.
    let number = number(digits.trim_end_matches('.'))?;
    let unit = rest.trim_start();
    let unit = unit.split(|letter: char| !letter.is_ascii_alphabetic());
    let factor = match unit.into_iter().next()? {
        "ms" | "milliseconds" => 0.001,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        _ => return None,
    };
    Some(seconds(number * factor))
}

/// A number of digits, and perhaps a fraction; nothing else that Rust reads as one.
fn number(text: &str) -> Option<f64> {
    let is_plain = text.starts_with(|letter: char| letter.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| is_plain)
}

/// So many seconds, at most [`MAX_WAIT`].
fn seconds(number: f64) -> Duration {
    let most = MAX_WAIT.as_secs_f64();
    Duration::try_from_secs_f64(number.clamp(0.0, most)).unwrap_or(MAX_WAIT)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.insert(name, value);
        }
        headers
    }

    fn retry_after(value: &str) -> Option<Duration> {
        from_headers(&header("retry-after", value), false)
    }

    const fn secs(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    #[test]
    fn the_header_gives_seconds_or_a_date() {
        assert_eq!(retry_after("30"), secs(30));
        assert_eq!(retry_after(" 30 "), secs(30));
        assert_eq!(retry_after("0"), secs(0));
        assert_eq!(retry_after("1.5"), Some(Duration::from_millis(1500)));
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        let wait = retry_after(&soon).unwrap();
        assert!((98..=100).contains(&wait.as_secs()), "{wait:?}");
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), None);
        for capped in [
            "18446744073709551615",
            "99999999999999999999999",
            "9999999999",
            "Fri, 31 Dec 9999 23:59:59 GMT",
        ] {
            assert_eq!(retry_after(capped), Some(MAX_WAIT), "{capped}");
        }
        for garbage in [
            "", "-1", "+5", "soon", "NaN", "inf", "1e300", "5s", "0x10", "1.2.3",
        ] {
            assert_eq!(retry_after(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn the_header_of_cloud_controller_gives_the_time_of_its_end() {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        let wait = retry_after(&(now.as_secs() + 50).to_string()).unwrap();
        assert!((48..=50).contains(&wait.as_secs()), "{wait:?}");
        assert_eq!(retry_after("1372700873"), None, "it is over");
    }

    #[test]
    fn of_several_headers_the_longest_wait_counts() {
        let mut headers = header("retry-after", "3");
        headers.append("retry-after", HeaderValue::from_static("7"));
        assert_eq!(from_headers(&headers, false), secs(7));
    }

    #[test]
    fn the_headers_of_rate_limits_count_where_too_much_was_asked() {
        let delta = header("ratelimit-reset", "20");
        assert_eq!(from_headers(&delta, true), secs(20));
        assert_eq!(from_headers(&delta, false), None);
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        for stamp in [(now + 50).to_string(), ((now + 50) * 1000).to_string()] {
            let wait = from_headers(&header("x-ratelimit-reset", &stamp), true).unwrap();
            assert!((48..=50).contains(&wait.as_secs()), "{wait:?}");
        }
        assert_eq!(
            from_headers(&header("x-ratelimit-reset", "1000000001"), true),
            None
        );
    }

    #[test]
    fn the_wait_is_read_from_the_message() {
        let aivens = "The user has sent too many requests in a given amount of time: Rate limit 120 exceeded - try again in 28s";
        assert_eq!(from_message(aivens), secs(28));
        assert_eq!(from_message("Try again in 3 minutes."), secs(180));
        assert_eq!(
            from_message("retry after 250ms"),
            Some(Duration::from_millis(250))
        );
        assert_eq!(
            from_message("try again in 99999999999999999999999s"),
            Some(MAX_WAIT)
        );
        for none in [
            "try again in a while",
            "try again in",
            "try again in 5",
            "try again in 5 stars",
            "try again in -5s",
            "try again in .s",
        ] {
            assert_eq!(from_message(none), None, "{none}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn whatever_is_asked_for_a_wait_is_an_hour_at_most(
            value in prop_oneof![
                any::<u64>().prop_map(|number| number.to_string()),
                any::<i128>().prop_map(|number| number.to_string()),
                any::<f64>().prop_map(|number| number.to_string()),
                "[0-9.]{0,400}", "[ -~]{0,40}", "\\PC{0,20}",
            ],
            phrase in prop::sample::select(&PHRASES[..]),
            unit in "( ?(ms|s|m|h|hours|minutes)?.{0,3})",
        ) {
            let message = format!("Too many: {phrase}{value}{unit}");
            let waits = [
                retry_after(&value),
                from_headers(&header("x-ratelimit-reset", &value), true),
                from_headers(&header("ratelimit-reset", &value), true),
                from_message(&message),
                from_message(&value),
            ];
            for wait in waits.into_iter().flatten() {
                prop_assert!(wait <= MAX_WAIT);
            }
        }
    }
}
