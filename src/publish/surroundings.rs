//! The board of the daemon's surroundings: whoever asks Aiven, name servers or the disk notes
//! on it what that showed, and [`crate::model::surroundings`] judges. `/status`, the page and
//! `/metrics` read it.

use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;

use crate::model::surroundings::{
    Certificates, Clock, KnownClock, LostLines, NameServers, OwnCertificate, Sighting, Surroundings,
};

/// What is known of the surroundings; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct SurroundingsBoard(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    clock: Clock,
    log: Option<LostLines>,
    name_servers: NameServers,
    certificates: Certificates,
}

impl SurroundingsBoard {
    /// Notes an answer of Aiven's API, which has the time in it.
    pub fn saw_clock(&self, seen: Sighting) {
        self.0.lock().clock.saw(seen);
    }

    /// What is known of this machine's clock.
    pub fn known_clock(&self) -> KnownClock {
        self.0.lock().clock.known()
    }

    /// By how many seconds this machine's clock was ahead of Aiven's at the last answer.
    pub fn clock_offset(&self) -> Option<f64> {
        let ahead = self.0.lock().clock.difference();
        ahead.map(|ahead| ahead.as_secs_f64())
    }

    /// Notes what is lost of the log now, if anything is.
    pub fn note_log(&self, lost: Option<LostLines>) {
        self.0.lock().log = lost;
    }

    /// Notes which name servers are asked from now on.
    pub fn name_servers_are(&self, servers: &[SocketAddr]) {
        self.0.lock().name_servers.are(servers);
    }

    /// Notes that a name server failed at a question that another one answered.
    pub fn name_server_failed(&self, server: SocketAddr, cause: &str) {
        let now = Timestamp::now();
        self.0.lock().name_servers.failed_alone(server, cause, now);
    }

    /// Notes that a name server answered.
    pub fn name_server_answered(&self, server: SocketAddr) {
        self.0.lock().name_servers.answered(server);
    }

    /// Every name server, and whether it fails while others answer.
    pub fn name_servers(&self) -> Vec<(SocketAddr, bool)> {
        self.0.lock().name_servers.all().collect()
    }

    /// Notes the certificates of the configuration.
    pub fn note_configured(&self, certificates: Vec<OwnCertificate>) {
        self.0.lock().certificates.configured(certificates);
    }

    /// Notes the certificates of a project's CA.
    pub fn note_project_ca(&self, project: &Arc<str>, certificates: Vec<OwnCertificate>) {
        let mut noted = self.0.lock();
        noted.certificates.of_project(project, certificates);
    }

    /// What is wrong at `now` by this machine's clock.
    pub fn load(&self, now: Timestamp) -> Surroundings {
        let noted = self.0.lock();
        let found = Surroundings {
            clock: noted.clock.wrong(),
            log: noted.log.clone(),
            name_servers: noted.name_servers.failing(),
            certificates: Vec::new(),
        };
        let true_time = found.true_time(now);
        Surroundings {
            certificates: noted.certificates.ending(true_time),
            ..found
        }
    }
}
