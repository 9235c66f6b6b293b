//! The metrics page of a node: Telegraf-like text whose values move.
//!
//! A page is laid out once and filled at most once a second, plain and
//! compressed, so that serving it costs what sending it costs. Two scrapes
//! within one second therefore see equal values, but for the counter of
//! scrapes that a test may ask for.

mod families;

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::body::Body;
use crate::node::lock;
use families::{Kind, Series};

/// What the page is about.
#[derive(Clone, Debug)]
pub(crate) struct PageSpec {
    pub(crate) service_type: String,
    pub(crate) node: String,
    /// Exact number of series; unset: what the type naturally has.
    pub(crate) series: Option<usize>,
    /// Size of a streamed page that replaces the metrics.
    pub(crate) bytes: Option<u64>,
    /// Whether [`SCRAPES_SERVED`] ends the page.
    pub(crate) counts_scrapes: bool,
}

/// A counter of the node's scrapes. No two scrapes of a node see the same value, so scrapers
/// never hold equal samples of it. Real nodes have nothing like it.
pub const SCRAPES_SERVED: &str = "sim_scrapes_served";

pub(crate) struct MetricsPage {
    spec: PageSpec,
    started: Instant,
    layout: OnceLock<Vec<Series>>,
    filled: Mutex<Option<Filled>>,
    scrapes: AtomicU64,
}

/// The page as it is in one second.
struct Filled {
    second: u64,
    plain: Bytes,
    gzip: Option<Bytes>,
}

impl MetricsPage {
    pub(crate) fn new(spec: PageSpec) -> Self {
        Self {
            spec,
            started: Instant::now(),
            layout: OnceLock::new(),
            filled: Mutex::default(),
            scrapes: AtomicU64::new(0),
        }
    }

    /// A body, and whether it is gzip.
    pub(crate) fn body(&self, gzip: bool) -> (Body, bool) {
        if let Some(bytes) = self.spec.bytes {
            return (Body::chunked(Box::new(giant(bytes))), false);
        }
        if self.spec.counts_scrapes {
            let page = self.with_counter();
            let page = if gzip { compress(&page) } else { page.into() };
            return (Body::whole(page), gzip);
        }
        (Body::whole(self.current(gzip)), gzip)
    }

    /// The page of this second.
    fn current(&self, gzip: bool) -> Bytes {
        let second = self.started.elapsed().as_secs();
        let mut filled = lock(&self.filled);
        let page = match &mut *filled {
            Some(page) if page.second == second => page,
            filled => filled.insert(Filled {
                second,
                plain: self.fill(second),
                gzip: None,
            }),
        };
        if gzip {
            let compressed = page.gzip.get_or_insert_with(|| compress(&page.plain));
            return compressed.clone();
        }
        page.plain.clone()
    }

    fn with_counter(&self) -> Vec<u8> {
        let number = 1 + self.scrapes.fetch_add(1, Ordering::Relaxed);
        let counter = format!(
            "# HELP {SCRAPES_SERVED} Scrapes of this simulated node\n\
             # TYPE {SCRAPES_SERVED} counter\n\
             {SCRAPES_SERVED}{{host=\"{}\"}} {number}\n",
            self.spec.node
        );
        [&self.current(false), counter.as_bytes()].concat()
    }

    fn fill(&self, second: u64) -> Bytes {
        let layout = self.layout.get_or_init(|| families::layout(&self.spec));
        let mut page = String::with_capacity(layout.len() * 96);
        let mut family = "";
        for series in layout {
            if series.family != family {
                family = &series.family;
                let kind = if series.kind == Kind::Counter {
                    "counter"
                } else {
                    "gauge"
                };
                // Writing to a String cannot fail.
                let _ = writeln!(
                    page,
                    "# HELP {family} Telegraf collected metric\n# TYPE {family} {kind}"
                );
            }
            let _ = writeln!(
                page,
                "{family}{{{}}} {}",
                series.labels,
                series.value(second)
            );
        }
        page.into()
    }
}

fn compress(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 8), Compression::fast());
    // Writing to a Vec cannot fail.
    let _ = encoder.write_all(plain);
    encoder.finish().unwrap_or_default().into()
}

/// At least `bytes` of valid text, a piece at a time.
fn giant(bytes: u64) -> impl Iterator<Item = Bytes> + Send {
    const LINES: u64 = 1000;
    let mut sent = 0;
    let mut number = 0;
    std::iter::from_fn(move || {
        if sent >= bytes {
            return None;
        }
        let mut piece = String::with_capacity(64 << 10);
        if number == 0 {
            piece.push_str("# TYPE sim_giant gauge\n");
        }
        for line in number..number + LINES {
            let _ = writeln!(
                piece,
                "sim_giant{{line=\"{line:012}\",filler=\"0123456789abcdef\"}} {line}"
            );
        }
        number += LINES;
        sent += piece.len() as u64;
        Some(Bytes::from(piece))
    })
}
