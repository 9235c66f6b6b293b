//! The two text formats of metrics, and who gets which: OpenMetrics who says that
//! it accepts it and prefers nothing else, the older text format everybody else.
//!
//! prometheus-client writes OpenMetrics only. For counters, gauges and histograms
//! without exemplars, which is all that there is here, the older format differs in
//! the lines of metadata alone: a counter's carry the name of its samples, `_total`
//! included, and there are no units and no end mark. Prometheus' own Go library
//! makes OpenMetrics from the older format by the same rule, the other way round
//! (`expfmt/openmetrics_create.go`); a second library would mean a second registry,
//! with the collectors of both kept in step.

use std::fmt;

use axum::http::{HeaderMap, HeaderValue, header};
use mediatype::{MediaType, MediaTypeList};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

/// A format and its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// OpenMetrics 1.0.0.
    OpenMetrics,
    /// Its last draft, of which our metrics are the same; some readers name only it.
    OpenMetricsDraft,
    /// The text format of Prometheus.
    Text,
}

impl Format {
    /// The format to answer this request in.
    pub(super) fn wanted(headers: &HeaderMap) -> Format {
        let mut wishes = Wishes::default();
        for line in headers.get_all(header::ACCEPT) {
            let line = line.to_str().unwrap_or_default();
            // What cannot be read is no wish.
            for wish in MediaTypeList::new(line).flatten() {
                wishes.note(&wish);
            }
        }
        wishes.best()
    }

    /// Its media type.
    pub(super) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Format::OpenMetricsDraft => {
                "application/openmetrics-text; version=0.0.1; charset=utf-8"
            }
            Format::Text => "text/plain; version=0.0.4; charset=utf-8",
        })
    }

    /// What is registered, in this format. The page before had `size` bytes.
    ///
    /// # Errors
    /// That of a collector.
    pub(super) fn encode(self, registry: &Registry, size: usize) -> Result<String, fmt::Error> {
        match self {
            Format::OpenMetrics | Format::OpenMetricsDraft => {
                let mut page = String::with_capacity(size);
                encode(&mut page, registry)?;
                Ok(page)
            }
            Format::Text => {
                let mut text = OlderText::with_capacity(size);
                encode(&mut text, registry)?;
                Ok(text.page)
            }
        }
    }
}

/// How much the reader wants each (RFC 9110, section 12.4.2); `None` where it is
/// not named.
#[derive(Debug, Default)]
struct Wishes {
    open_metrics: Option<f32>,
    draft: Option<f32>,
    text: Option<f32>,
    any_text: Option<f32>,
    anything: Option<f32>,
}

impl Wishes {
    fn note(&mut self, wish: &MediaType<'_>) {
        let parameter = |name| {
            let mut all = wish.params.iter();
            let (_, value) = all.find(|(key, _)| *key == name)?;
            Some(value.unquoted_str().into_owned())
        };
        let weight = parameter("q").map_or(Ok(1.0), |weight| weight.parse());
        let Ok(weight) = weight else {
            return;
        };
        let version = parameter("version");
        let (kind, format) = (wish.ty.as_str(), wish.subty.as_str());
        let place = match (&*kind.to_ascii_lowercase(), &*format.to_ascii_lowercase()) {
            ("application", "openmetrics-text") => match version.as_deref() {
                None | Some("1.0.0") => &mut self.open_metrics,
                Some("0.0.1") => &mut self.draft,
                Some(_) => return,
            },
            ("text", "plain") => &mut self.text,
            ("text", "*") => &mut self.any_text,
            ("*", "*") => &mut self.anything,
            _ => return,
        };
        *place = Some(place.map_or(weight, |before: f32| before.max(weight)));
    }

    fn best(&self) -> Format {
        let text = self.text.or(self.any_text).or(self.anything).unwrap_or(0.0);
        let is_wanted =
            |weight: Option<f32>| weight.filter(|weight| *weight > 0.0 && *weight >= text);
        match (is_wanted(self.open_metrics), is_wanted(self.draft)) {
            (Some(final_version), draft) if draft.is_none_or(|draft| final_version >= draft) => {
                Format::OpenMetrics
            }
            (_, Some(_)) => Format::OpenMetricsDraft,
            _ => Format::Text,
        }
    }
}

/// Takes a page of OpenMetrics, in whatever pieces, and keeps it in the older format.
#[derive(Debug, Default)]
struct OlderText {
    page: String,
    /// The line under way, as far as it has come.
    line: String,
    /// The text of a `HELP`. The type, which decides about its name, comes next.
    help: Option<String>,
}

impl OlderText {
    fn with_capacity(size: usize) -> Self {
        OlderText {
            page: String::with_capacity(size),
            ..OlderText::default()
        }
    }

    fn end_line(&mut self) {
        if let Some(metadata) = self.line.strip_prefix("# HELP ") {
            let help = metadata.split_once(' ').map_or("", |(_, help)| help);
            self.help = Some(help.to_owned());
        } else if let Some((name, kind)) = self
            .line
            .strip_prefix("# TYPE ")
            .and_then(|of| of.split_once(' '))
        {
            let suffix = if kind == "counter" { "_total" } else { "" };
            if let Some(help) = self.help.take() {
                self.page += &format!("# HELP {name}{suffix} {help}\n");
            }
            self.page += &format!("# TYPE {name}{suffix} {kind}\n");
        } else if !self.line.starts_with('#') {
            self.page.push_str(&self.line);
            self.page.push('\n');
        }
        self.line.clear();
    }
}

impl fmt::Write for OlderText {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        for part in piece.split_inclusive('\n') {
            self.line.push_str(part.strip_suffix('\n').unwrap_or(part));
            if part.ends_with('\n') {
                self.end_line();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::metrics::Metrics;

    fn wanted(accept: &str) -> Format {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, accept.parse().unwrap());
        Format::wanted(&headers)
    }

    /// What real clients send.
    #[test]
    fn each_client_gets_what_it_reads() {
        let open_metrics = [
            // Prometheus 2.53, 3.0, 3.11, 3.11 with native histograms, Grafana Alloy, VictoriaMetrics
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
            "application/openmetrics-text",
            "Application/OpenMetrics-Text; Version=\"1.0.0\"",
            "text/plain;q=0.5, application/openmetrics-text;q=0.5",
        ];
        for accept in open_metrics {
            assert_eq!(wanted(accept), Format::OpenMetrics, "{accept}");
        }
        let text = [
            // Prometheus 2.53 told to, Telegraf old and new, curl, Firefox, Datadog's agent
            "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "text/plain;version=0.0.4;q=1,*/*;q=0.1",
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3",
            "*/*",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/plain",
            "",
            "application/json",
            "application/*",
            "application/openmetrics-text;q=0, text/plain",
            "application/openmetrics-text;q=0",
            "application/openmetrics-text;q=0.2, text/plain;q=0.7",
            "application/openmetrics-text;version=2.0.0",
            "application/openmetrics-text;q=none",
            ";;;,,\"",
        ];
        for accept in text {
            assert_eq!(wanted(accept), Format::Text, "{accept}");
        }
        assert_eq!(Format::wanted(&HeaderMap::new()), Format::Text);
        let draft = "application/openmetrics-text; version=0.0.1, text/plain;q=0.5";
        assert_eq!(wanted(draft), Format::OpenMetricsDraft);
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_answered(accept in "[ -~]{0,200}", other in "[ -~]{0,200}") {
            let mut headers = HeaderMap::new();
            headers.append(header::ACCEPT, accept.parse().unwrap());
            headers.append(header::ACCEPT, other.parse().unwrap());
            if !format!("{accept}{other}").to_lowercase().contains("openmetrics-text") {
                prop_assert_eq!(Format::wanted(&headers), Format::Text);
            }
        }
    }

    #[test]
    fn counters_are_declared_under_the_name_of_their_samples() {
        let metrics = Metrics::default();
        metrics.api_request("list_services", "200".to_owned(), std::time::Duration::ZERO);
        let registry = metrics.registry();
        let open_metrics = Format::OpenMetrics.encode(&registry, 0).unwrap();
        let page = Format::Text.encode(&registry, 0).unwrap();
        for size in 1..40 {
            let mut text = OlderText::default();
            for piece in open_metrics.as_bytes().chunks(size) {
                text.write_str(str::from_utf8(piece).unwrap()).unwrap();
            }
            assert_eq!(text.page, page, "in pieces of {size} bytes");
        }
        assert!(open_metrics.contains("# TYPE aiven_metrics_api_requests counter\n"));
        assert!(page.contains("# TYPE aiven_metrics_api_requests_total counter\n"));
        assert!(page.contains("# HELP aiven_metrics_api_requests_total Requests to"));
        assert!(page.contains("# TYPE aiven_metrics_api_request_duration_seconds histogram\n"));
        let samples = |page: &str| -> Vec<String> {
            let lines = page.lines().filter(|line| !line.starts_with('#'));
            lines.map(str::to_owned).collect()
        };
        assert_eq!(samples(&page), samples(&open_metrics));
        let kinds = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        for kind in kinds.filter_map(|line| line.split(' ').nth(1)) {
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{kind}");
        }
        assert!(!page.contains("# EOF"));
    }
}
