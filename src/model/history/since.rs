//! From when on somebody wants to know: "for two hours", "since 02:40".

use std::str::FromStr;
use std::time::Duration;

use jiff::civil::{DateTime, Time};
use jiff::fmt::friendly::SpanParser;
use jiff::tz::TimeZone;
use jiff::{SpanRelativeTo, Timestamp};

/// A time, as people name it. All times are UTC, as everywhere in what the daemon says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// So long before now.
    Ago(Duration),
    /// At this time of the day, today or else yesterday.
    Clock(Time),
    /// Then.
    At(Timestamp),
}

/// What is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("want how long before now (30m, 2h, 1d), or a time in UTC (02:40, 2026-01-02T03:04:05Z)")]
pub struct NoTime;

impl FromStr for Since {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Since, NoTime> {
        let text = text.trim();
        let text = text.strip_suffix("UTC").map_or(text, str::trim_end);
        let clock = ["%H:%M", "%H:%M:%S"];
        let clock = clock
            .iter()
            .find_map(|form| Time::strptime(form, text).ok());
        let then = || text.parse().ok().or_else(|| in_utc(text)).map(Since::At);
        let clock = clock.map(Since::Clock);
        clock.or_else(then).or_else(|| ago(text)).ok_or(NoTime)
    }
}

/// A day and a time as the page and logs write them, without a zone.
fn in_utc(text: &str) -> Option<Timestamp> {
    let then: DateTime = text.parse().ok()?;
    Some(then.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Days have 24 hours, and hours may be any number.
fn ago(text: &str) -> Option<Since> {
    let parser = SpanParser::new();
    if let Ok(elapsed) = parser.parse_unsigned_duration(text) {
        return Some(Since::Ago(elapsed));
    }
    let span = parser.parse_span(text).ok()?;
    let day = SpanRelativeTo::days_are_24_hours();
    let elapsed = span.to_duration(day).ok()?;
    Some(Since::Ago(elapsed.unsigned_abs()))
}

impl Since {
    /// The time that is meant at `now`.
    pub fn before(self, now: Timestamp) -> Timestamp {
        match self {
            // Longer ago than time goes back is everything.
            Since::Ago(elapsed) => now.checked_sub(elapsed).unwrap_or(Timestamp::MIN),
            Since::At(then) => then,
            Since::Clock(time) => last(time, now),
        }
    }
}

/// When the clock last showed this time.
fn last(time: Time, now: Timestamp) -> Timestamp {
    let today = now.to_zoned(TimeZone::UTC).date();
    let days = [Some(today), today.yesterday().ok()];
    let times = days.into_iter().flatten();
    let times = times.filter_map(|day| day.to_datetime(time).to_zoned(TimeZone::UTC).ok());
    let mut times = times.map(|then| then.timestamp());
    times.find(|then| *then <= now).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: &str = "2026-01-02T03:04:05Z";

    fn since(text: &str) -> Option<String> {
        let now = NOW.parse().unwrap();
        let since: Since = text.parse().ok()?;
        Some(since.before(now).to_string())
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, then) in [
            ("30m", "2026-01-02T02:34:05Z"),
            ("1h30m", "2026-01-02T01:34:05Z"),
            ("2 hours", "2026-01-02T01:04:05Z"),
            ("2h ago", "2026-01-02T01:04:05Z"),
            ("1d", "2026-01-01T03:04:05Z"),
            ("1w", "2025-12-26T03:04:05Z"),
            ("0s", NOW),
            ("02:40", "2026-01-02T02:40:00Z"),
            ("02:40:11", "2026-01-02T02:40:11Z"),
            ("03:05", "2026-01-01T03:05:00Z"),
            ("23:59 UTC", "2026-01-01T23:59:00Z"),
            ("2026-01-02T01:00:00Z", "2026-01-02T01:00:00Z"),
            ("2026-01-02 01:00", "2026-01-02T01:00:00Z"),
            ("2026-01-02 01:00 UTC", "2026-01-02T01:00:00Z"),
            ("2026-01-01", "2026-01-01T00:00:00Z"),
        ] {
            assert_eq!(since(text).as_deref(), Some(then), "{text}");
        }
        for text in [
            "",
            " ",
            "0",
            "90",
            "2H30",
            "yesterday",
            "24:00",
            "1 month",
            "02:40 CET",
        ] {
            assert_eq!(since(text), None, "{text}");
        }
        let ever = Some(Timestamp::MIN.to_string());
        assert_eq!(since("999999999999h"), ever);
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "[-0-9a-zA-Z:. +]{0,20}") {
            let _ = since(&text);
        }

        #[test]
        fn a_time_of_day_is_within_the_last_day(hour in 0..24_u8, minute in 0..60_u8) {
            let now: Timestamp = NOW.parse().unwrap();
            let since: Since = format!("{hour:02}:{minute:02}").parse().unwrap();
            let elapsed = now.duration_since(since.before(now)).as_secs();
            prop_assert!((0..86_400).contains(&elapsed), "{elapsed}");
        }
    }
}
