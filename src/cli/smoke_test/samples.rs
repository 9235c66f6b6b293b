//! The samples of one metric in the daemon's own `/metrics`.
//!
//! The text is what our own encoder writes, and of it only plain counters and
//! gauges are read, so a parser of the whole format (one crate is under the
//! LGPL, the other unmaintained since 2024) would be more than is needed.

/// One line of a metric.
pub(super) struct Sample<'a> {
    labels: &'a str,
    /// The number at its end.
    pub(super) value: f64,
}

/// All samples of `metric`. A line that is no sample is passed over.
pub(super) fn samples<'a>(text: &'a str, metric: &'a str) -> impl Iterator<Item = Sample<'a>> {
    text.lines().filter_map(move |line| {
        let (labels, value) = line.strip_prefix(metric)?.rsplit_once(' ')?;
        if !(labels.is_empty() || labels.starts_with('{')) {
            return None;
        }
        let value = value.parse().ok()?;
        Some(Sample { labels, value })
    })
}

impl<'a> Sample<'a> {
    /// The value of a label; empty if it holds a quote, which ours do not.
    ///
    /// A quote within a value is written `\"`, so `name="` stands nowhere but
    /// before a value.
    pub(super) fn label(&self, name: &str) -> Option<&'a str> {
        let mut places = self.labels.match_indices(name);
        places.find_map(|(at, _)| {
            let (before, named) = self.labels.split_at(at);
            let starts = before.ends_with(['{', ',']);
            let value = named.strip_prefix(name)?.strip_prefix("=\"")?;
            value.split('"').next().filter(|_| starts)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_those_of_one_metric_with_any_labels() {
        let text = "# TYPE jobs gauge\njobs 1\njobs{a=\"b c\"} 2\njobs_total{a=\"b\"} 4\njobs{} 8\njobs x\n# EOF\n";
        let sum: f64 = samples(text, "jobs").map(|sample| sample.value).sum();
        assert_eq!(sum, 11.0);
    }

    #[test]
    fn a_label_is_found_by_its_whole_name_and_never_within_a_value() {
        let text = r#"jobs{verdict_of="x",type=",verdict=\"y\"",verdict="z"} 1"#;
        let sample = samples(text, "jobs").next().unwrap();
        assert_eq!(sample.label("verdict"), Some("z"));
        assert_eq!(sample.label("type"), Some(r",verdict=\"));
        assert_eq!(sample.label("none"), None);
    }
}
