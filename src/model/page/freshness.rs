//! How fresh each stage's work is, project by project.

use jiff::Timestamp;

use super::Room;
use crate::model::situation::Situation;
use crate::model::stage::Stage;

/// How fresh everything is.
#[derive(Debug)]
pub struct Freshness {
    /// The projects for which there is room.
    pub projects: Vec<ProjectRow>,
    /// How many more there are.
    pub more: usize,
    /// Reading Cloud Foundry, if it is configured.
    pub cloud_foundry: Option<Cell>,
    /// When Prometheus last asked the scrape proxy, if it is on.
    pub prometheus: Option<Cell>,
}

/// One project.
#[derive(Debug)]
pub struct ProjectRow {
    /// Its name.
    pub name: String,
    /// Known services.
    pub services: usize,
    /// Published targets.
    pub targets: usize,
    /// Listing, integrating, resolving, publishing.
    pub stages: [Cell; 4],
}

/// How one stage is doing.
#[derive(Debug)]
pub struct Cell {
    /// Whether it fails.
    pub fails: bool,
    /// Since when it fails, or when it last succeeded.
    pub at: Option<Timestamp>,
}

impl Cell {
    fn of(stage: &Stage) -> Cell {
        match &stage.failing {
            Some(failing) => Cell {
                fails: true,
                at: Some(failing.since),
            },
            None => Cell {
                fails: false,
                at: stage.last_success,
            },
        }
    }
}

/// How fresh everything is.
pub fn freshness(situation: Situation<'_>) -> Freshness {
    let mut room = Room::PROJECTS;
    let projects = situation.snapshot.projects.iter();
    let rows = projects.map(|project| ProjectRow {
        name: project.name.to_string(),
        services: project.plan.services.len(),
        targets: project
            .plan
            .services
            .iter()
            .map(|one| one.targets().count())
            .sum(),
        stages: project.stages.named().map(|(_, stage)| Cell::of(stage)),
    });
    let projects: Vec<_> = rows.take_while(|row| room.fits([&*row.name])).collect();
    let prometheus = situation.snapshot.through_proxy.then_some(Cell {
        fails: false,
        at: situation.scrapes.last_request,
    });
    Freshness {
        more: situation
            .snapshot
            .projects
            .len()
            .saturating_sub(projects.len()),
        projects,
        cloud_foundry: situation.snapshot.cloud_foundry.as_ref().map(Cell::of),
        prometheus,
    }
}
