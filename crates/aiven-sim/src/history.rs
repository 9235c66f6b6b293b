//! The past of the scenario `states`, as Prometheus would have stored it.
//!
//! For `promtool tsdb create-blocks-from openmetrics`. Series have the target labels that the
//! daemon publishes and the names that they have after the ops file's relabelling; `up` and
//! its like are there as Prometheus writes them. A node that stops answering simply ends:
//! a file cannot say that a series is stale, so Prometheus shows its last values for five
//! minutes more.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};

use crate::conditions::{Life, NodeLife, State};
use crate::page::{Layout, Shown, Spell, label_text};
use crate::scenario::{SPACES, Seeded, services};
use crate::truth::Truth;

/// Which past.
#[derive(Clone, Debug)]
pub struct History {
    /// What happens.
    pub state: State,
    /// To which service; to all that can be in the state, if unset.
    pub service: Option<String>,
    /// The moment of the first sample.
    pub start: f64,
    /// The moment of the last sample, in seconds since 1970.
    pub end: f64,
    /// Seconds between samples.
    pub step: f64,
    /// The moment at which the state is entered.
    pub entered: f64,
    /// Kafka's names have colons, as Telegraf 1.37 writes them; else they are as after the ops
    /// file's relabelling.
    pub colons: bool,
    /// Names that are kept, and the names of Prometheus' own series; all, if unset.
    pub only: Option<HashSet<String>>,
    /// Whether services to which nothing happens are left out.
    pub alone: bool,
}

impl State {
    /// How long before the end of a past the state is entered, unless somebody says otherwise:
    /// what fills slowly was there all the time.
    pub fn usual_age(self) -> f64 {
        match self {
            Self::DiskFilling => 86_400.0,
            _ => 5400.0,
        }
    }
}

/// A service and the labels of its targets.
struct Target {
    life: Life,
    labels: BTreeMap<String, String>,
    /// The network that its nodes are in.
    network: usize,
}

impl History {
    /// Writes the samples, and returns what each signal must be at the end.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, out: &mut impl Write) -> io::Result<serde_json::Value> {
        let targets = self.targets();
        for target in &targets {
            for node in &target.life.nodes {
                self.write_node(target, node, out)?;
            }
        }
        writeln!(out, "# EOF")?;
        let lives = targets.iter().map(|target| &target.life);
        Ok(serde_json::json!(Truth::of(lives, self.start, self.end)))
    }

    /// What each node reports at the end, and its page, as JSON: a line a node.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write_pages(&self, out: &mut impl Write) -> io::Result<()> {
        for Target { life, .. } in self.targets() {
            for node in life.moment(self.end).answering() {
                let line = serde_json::json!({
                    "host": life.host(node.number),
                    "service_type": life.service_type,
                    "points": Spell::of(&life, node, self.end).json(self.end).collect::<Vec<_>>(),
                    "page": Layout::of(&life, node, self.end).text(self.end),
                });
                writeln!(out, "{line}")?;
            }
        }
        Ok(())
    }

    fn targets(&self) -> Vec<Target> {
        let seeded = services().into_iter().enumerate();
        let targets = seeded.map(|(number, seeded)| {
            let mut life = life(&seeded, self.start.min(self.entered));
            life.naming.colons = self.colons;
            let named = self.service.as_deref();
            if named.is_none_or(|name| name == seeded.spec.name) {
                life.plays(self.state, self.entered);
            }
            Target {
                labels: labels(&seeded),
                life,
                network: number + 1,
            }
        });
        let is_there =
            |target: &Target| !self.alone || target.life.moment(self.entered).state == self.state;
        targets.filter(is_there).collect()
    }

    /// The moments of samples in a part of the past; its end is outside.
    fn moments(&self, from: f64, until: f64) -> impl Iterator<Item = f64> {
        let first = ((from.max(self.start) - self.start) / self.step).ceil();
        let last = until.min(self.end + self.step / 2.0);
        let moments = std::iter::successors(Some(self.start + first * self.step), |at| {
            Some(at + self.step)
        });
        moments.take_while(move |at| *at < last)
    }

    fn write_node(&self, target: &Target, node: &NodeLife, out: &mut impl Write) -> io::Result<()> {
        let life = &target.life;
        let mut from = node.born.max(self.start);
        let gone = node.gone.unwrap_or(f64::INFINITY);
        let instance = format!("10.{}.0.{}:9273", target.network, node.number);
        let mut labels = target.labels.clone();
        labels.insert("instance".into(), instance);
        while from < gone && from <= self.end {
            let layout = Layout::of(life, node, from);
            let until = layout.until.min(gone);
            let answers = life.moment(from).answers(node);
            let times: Vec<f64> = self.moments(from, until).collect();
            self.write_scrapes(&labels, &layout, answers, &times, out)?;
            for line in layout.lines.iter().filter(|_| answers) {
                if self.keeps(&line.family) {
                    let labels = of_target(&line.labels.pairs, &labels);
                    write_series(out, &line.family, &labels, line.value, &times)?;
                }
            }
            from = until;
        }
        Ok(())
    }

    fn keeps(&self, family: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(family))
    }

    /// What Prometheus notes about each scrape.
    fn write_scrapes(
        &self,
        labels: &BTreeMap<String, String>,
        layout: &Layout,
        answers: bool,
        times: &[f64],
        out: &mut impl Write,
    ) -> io::Result<()> {
        let up = if answers { 1.0 } else { 0.0 };
        let samples = u32::try_from(layout.lines.len()).map_or(0.0, f64::from) * up;
        for (name, value) in [
            ("up", up),
            ("scrape_duration_seconds", 0.02),
            ("scrape_samples_scraped", samples),
            ("scrape_samples_post_metric_relabeling", samples),
            ("scrape_series_added", 0.0),
        ] {
            let value = Shown::fixed(value);
            write_series(out, name, labels, value, times)?;
        }
        Ok(())
    }
}

/// The seeded service, healthy, with nodes that are old at `start`.
fn life(seeded: &Seeded, start: f64) -> Life {
    let spec = &seeded.spec;
    let mut life = Life::of(seeded.project, spec);
    let numbers: Vec<usize> = (1..=spec.nodes).collect();
    life.has_nodes(&numbers, start);
    life
}

/// The labels of its targets, as the daemon publishes them.
fn labels(seeded: &Seeded) -> BTreeMap<String, String> {
    let (spec, project) = (&seeded.spec, seeded.project);
    let own = [
        ("aiven_cloud", spec.cloud.clone()),
        (
            "aiven_hostname",
            format!("{}-{project}.a.aivencloud.test", spec.name),
        ),
        ("aiven_node_count", spec.nodes.to_string()),
        ("aiven_plan", spec.plan.clone()),
        ("aiven_project", project.to_owned()),
        ("aiven_service_name", spec.name.clone()),
        ("aiven_service_type", spec.service_type.clone()),
        ("job", "aiven".to_owned()),
    ];
    let instance = seeded.instance.as_ref();
    let owner = instance.map(|instance| {
        let space = &SPACES[instance.space];
        [
            ("organization_guid", space.organization_guid.to_owned()),
            ("organization_name", space.organization.to_owned()),
            ("service_instance_guid", instance.guid.clone()),
            ("service_instance_name", instance.name.to_owned()),
            ("space_guid", space.guid.to_owned()),
            ("space_name", space.name.to_owned()),
        ]
    });
    let all = own.into_iter().chain(owner.into_iter().flatten());
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A scraped series' labels: the target's win, and empty ones are not there.
fn of_target(
    scraped: &BTreeMap<String, String>,
    target: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut labels = target.clone();
    for (name, value) in scraped.iter().filter(|(_, value)| !value.is_empty()) {
        let taken = target.contains_key(name);
        let name = if taken {
            format!("exported_{name}")
        } else {
            name.clone()
        };
        labels.insert(name, value.clone());
    }
    labels
}

fn write_series(
    out: &mut impl Write,
    name: &str,
    labels: &BTreeMap<String, String>,
    value: Shown,
    times: &[f64],
) -> io::Result<()> {
    let labels = label_text(labels);
    for &at in times {
        writeln!(out, "{name}{{{labels}}} {} {at}", value.at(at))?;
    }
    Ok(())
}
