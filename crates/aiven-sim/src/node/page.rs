//! The metrics page of a node: Telegraf's text, filled anew each second.
//!
//! A page is laid out once for each change of its service's life and filled at most once a
//! second, plain and compressed, so that serving it costs what sending it costs. Two scrapes
//! within one second therefore see equal values, but for the counter of scrapes that a test
//! may ask for.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::body::Body;
use crate::clock;
use crate::conditions::{Life, LifeSoFar};
use crate::families::Kind;
use crate::node::lock;
use crate::page::{Labels, Layout, Line, Shown};

/// What the page is about.
#[derive(Clone, Debug)]
pub(crate) struct PageSpec {
    pub(crate) life: Arc<LifeSoFar>,
    /// That of the node's host name.
    pub(crate) number: usize,
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

/// What fills a page up to a wanted number of series. Real nodes have nothing like it.
const FILLER: &str = "sim_shard_docs_count";

pub(crate) struct MetricsPage {
    spec: PageSpec,
    served: Mutex<Served>,
    scrapes: AtomicU64,
}

/// What was served last.
#[derive(Default)]
struct Served {
    laid_out: Option<LaidOut>,
    filled: Option<Filled>,
}

/// The page's series, as long as nothing changes but their numbers.
struct LaidOut {
    life: Arc<Life>,
    layout: Layout,
}

/// The page as it is in one second.
struct Filled {
    second: f64,
    life: Arc<Life>,
    plain: Bytes,
    gzip: Option<Bytes>,
}

impl MetricsPage {
    pub(crate) fn new(spec: PageSpec) -> Self {
        Self {
            spec,
            served: Mutex::default(),
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
        let (life, second) = (self.spec.life.now(), clock::now());
        let mut served = lock(&self.served);
        let is_current = |page: &&mut Filled| {
            page.second.total_cmp(&second).is_eq() && Arc::ptr_eq(&page.life, &life)
        };
        if served.filled.as_mut().filter(is_current).is_none() {
            let plain = self.fill(&mut served.laid_out, &life, second);
            served.filled = Some(Filled {
                second,
                life,
                plain,
                gzip: None,
            });
        }
        let Some(page) = &mut served.filled else {
            return Bytes::new();
        };
        if gzip {
            let compressed = page.gzip.get_or_insert_with(|| compress(&page.plain));
            return compressed.clone();
        }
        page.plain.clone()
    }

    fn with_counter(&self) -> Vec<u8> {
        let number = 1 + self.scrapes.fetch_add(1, Ordering::Relaxed);
        let host = self.spec.life.now().host(self.spec.number);
        let counter = format!(
            "# HELP {SCRAPES_SERVED} Scrapes of this simulated node\n\
             # TYPE {SCRAPES_SERVED} counter\n\
             {SCRAPES_SERVED}{{host=\"{host}\"}} {number}\n"
        );
        [&self.current(false), counter.as_bytes()].concat()
    }

    fn fill(&self, laid_out: &mut Option<LaidOut>, life: &Arc<Life>, second: f64) -> Bytes {
        let holds = |page: &&LaidOut| Arc::ptr_eq(&page.life, life) && second < page.layout.until;
        if laid_out.as_ref().filter(holds).is_none() {
            let life = Arc::clone(life);
            let layout = self.lay_out(&life, second);
            *laid_out = Some(LaidOut { life, layout });
        }
        let page = laid_out.as_ref().map(|page| page.layout.text(second));
        page.unwrap_or_default().into()
    }

    fn lay_out(&self, life: &Life, at: f64) -> Layout {
        let number = self.spec.number;
        let node = life.node(number);
        let mut layout = node.map_or_else(Layout::default, |node| Layout::of(life, node, at));
        if let Some(wanted) = self.spec.series {
            layout.lines.truncate(wanted);
            let family: Arc<str> = FILLER.into();
            for shard in 0..wanted.saturating_sub(layout.lines.len()) {
                let labels = [("host", life.host(number)), ("shard", shard.to_string())];
                let labels = labels.map(|(name, value)| (name.to_owned(), value));
                let word = format!("shard {shard}");
                layout.lines.push(Line {
                    family: Arc::clone(&family),
                    kind: Kind::Untyped,
                    labels: Arc::new(Labels::new(labels.into())),
                    value: Shown::Level(life.swinging(number, &word, 900.0, 0.3)),
                });
            }
        }
        layout
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
