//! What is wrong around the daemon, on its own machine and on the way to others: the clock,
//! the log, a name server of several, certificates of ours that end. Each is judged here from
//! what the shell has seen, and each has its words here, once, for `status`, the page, the
//! log and the history.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

mod certificates;
mod clock;
mod log_loss;
mod name_servers;

pub use certificates::{Certificates, ENDS_SOON, Holder, OwnCertificate, WORTH_A_LOOK};
pub use clock::{Clock, KnownClock, SET_THE_CLOCK, Sighting, WrongClock};
pub use log_loss::{LogLoss, LostLines};
pub use name_servers::{FailingServer, MEND_THE_SERVER, NameServers};

/// What is wrong around the daemon now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// This machine's clock, if it is known to be wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<WrongClock>,
    /// The log, while lines of it are lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LostLines>,
    /// The name servers that fail while others answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub name_servers: Vec<FailingServer>,
    /// Certificates of the configuration, and projects' CAs, that end within 30 days or have
    /// ended, the first first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<OwnCertificate>,
}

/// What a trouble of the surroundings is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// This machine's clock.
    Clock,
    /// The log.
    Log,
    /// One name server.
    NameServer,
    /// A certificate that ends within days.
    CertificateEnds,
    /// A certificate that has ended.
    CertificateEnded,
}

/// One trouble, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What it is about.
    pub about: About,
    /// The same for as long as it is the same trouble: `clock`, `name server 10.0.0.2:53`.
    pub subject: String,
    /// What is wrong, in a few words.
    pub what: String,
    /// Why, or what shows it.
    pub cause: String,
    /// What to do.
    pub remedy: String,
    /// Since when; none of a certificate, whose cause has its end.
    pub since: Option<Timestamp>,
}

/// A trouble that began, or ended, between two looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// It is there now, and was not.
    Begins(Trouble),
    /// It was there, and is not any more.
    Ends(Trouble),
}

impl Surroundings {
    /// Whether nothing is wrong, nor about to be.
    pub fn is_well(&self) -> bool {
        *self == Surroundings::default()
    }

    /// The time by which ends are judged when this machine's clock shows `now`: that of Aiven's
    /// API where this one is known to be wrong.
    pub fn true_time(&self, now: Timestamp) -> Timestamp {
        let clock = self.clock.as_ref();
        clock.map_or(now, |clock| clock.corrected(now))
    }

    /// Each trouble in words, at `now` by this machine's clock.
    pub fn troubles(&self, now: Timestamp) -> Vec<Trouble> {
        let true_time = self.true_time(now);
        let clock = self.clock.as_ref().map(WrongClock::trouble);
        let log = self.log.as_ref().map(LostLines::trouble);
        let servers = self.name_servers.iter().map(FailingServer::trouble);
        let certificates = self.certificates.iter();
        let certificates = certificates.filter_map(|one| one.trouble(true_time));
        let all = clock.into_iter().chain(log).chain(servers);
        all.chain(certificates).collect()
    }

    /// What began and what ended from `before`, which was seen at `then`, to `self` at `now`.
    pub fn turns(&self, now: Timestamp, before: &Surroundings, then: Timestamp) -> Vec<Turn> {
        let (before, after) = (before.troubles(then), self.troubles(now));
        let lacks = |troubles: &[Trouble], one: &Trouble| {
            troubles.iter().all(|other| other.subject != one.subject)
        };
        let ended = before.iter().filter(|one| lacks(&after, one));
        let began = after.iter().filter(|one| lacks(&before, one));
        let ended = ended.cloned().map(Turn::Ends);
        ended.chain(began.cloned().map(Turn::Begins)).collect()
    }
}

#[cfg(test)]
mod tests;
