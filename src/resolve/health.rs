//! What is remembered of a name server: whether it is worth asking first, and whether
//! it understands EDNS. Pure; the time is an argument.

use std::time::{Duration, Instant};

/// How long a server that failed while another answered is asked after the others;
/// twice as long each time that it fails again.
const DEMOTION: Duration = Duration::from_secs(30);

/// The most doublings of [`DEMOTION`]: eight minutes.
const MAX_DOUBLINGS: u32 = 4;

/// How long a server is asked without EDNS before it is tried with it again.
const WITHOUT_EDNS: Duration = Duration::from_secs(600);

/// How many questions with EDNS must go unanswered, while the same questions without
/// are answered, before EDNS is taken for the cause and not a lost packet.
const MAX_SILENCES: u32 = 2;

/// The same of a server that answered with EDNS before.
const MAX_SILENCES_AFTER_SUCCESS: u32 = 8;

/// What one name server has shown so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Health {
    demoted_until: Option<Instant>,
    /// Whether the one question that tries it after a demotion is under way.
    is_tried: bool,
    failures: u32,
    edns: Edns,
}

#[derive(Debug, Clone, Default)]
enum Edns {
    #[default]
    Untried,
    Works {
        silences: u32,
    },
    Suspected {
        silences: u32,
    },
    Refused {
        until: Instant,
    },
}

impl Health {
    /// It answered, with a question that had an OPT record (EDNS) or not.
    pub(super) fn answered(&mut self, with_edns: bool) {
        self.failures = 0;
        self.demoted_until = None;
        self.is_tried = false;
        if with_edns {
            self.edns = Edns::Works { silences: 0 };
        }
    }

    /// It failed, or was silent, and another server answered the same question. However many
    /// questions were under way when it began to fail: they are one failure.
    pub(super) fn failed_alone(&mut self, now: Instant) {
        let is_demoted = self.demoted_until.is_some_and(|until| now < until);
        if is_demoted && !std::mem::take(&mut self.is_tried) {
            return;
        }
        let doublings = self.failures.min(MAX_DOUBLINGS);
        self.failures = self.failures.saturating_add(1);
        self.demoted_until = now.checked_add(DEMOTION * 2_u32.pow(doublings));
    }

    /// It refused a question with EDNS, and answered it without (RFC 6891, 7).
    pub(super) fn refused_edns(&mut self, now: Instant) {
        if let Some(until) = now.checked_add(WITHOUT_EDNS) {
            self.edns = Edns::Refused { until };
        }
    }

    /// It did not answer a question with EDNS, and answered it without.
    pub(super) fn silent_about_edns(&mut self, now: Instant) {
        let (silences, limit) = match self.edns {
            Edns::Works { silences } => (silences, MAX_SILENCES_AFTER_SUCCESS),
            Edns::Suspected { silences } => (silences, MAX_SILENCES),
            Edns::Untried => (0, MAX_SILENCES),
            Edns::Refused { .. } => return self.refused_edns(now),
        };
        let silences = silences.saturating_add(1);
        match self.edns {
            _ if silences >= limit => self.refused_edns(now),
            Edns::Works { .. } => self.edns = Edns::Works { silences },
            _ => self.edns = Edns::Suspected { silences },
        }
    }

    /// Whether to ask with EDNS now. After a while one question tries whether a server
    /// without has learned it; the others go on without until it is answered.
    pub(super) fn use_edns(&mut self, now: Instant) -> bool {
        match self.edns {
            Edns::Refused { until } if now < until => false,
            Edns::Refused { .. } => {
                self.refused_edns(now);
                true
            }
            _ => true,
        }
    }

    /// Whether it is known to understand EDNS.
    pub(super) fn knows_edns(&self) -> bool {
        matches!(self.edns, Edns::Works { .. })
    }

    /// Its place among the servers: the lower, the earlier. When a demotion is over,
    /// one question tries the server in its old place; the others do so once that is
    /// answered.
    fn place(&mut self, now: Instant) -> Option<Instant> {
        let until = self.demoted_until?;
        if now >= until {
            self.demoted_until = now.checked_add(DEMOTION);
            self.is_tried = true;
            return None;
        }
        Some(until)
    }
}

/// The order in which to ask: first those in good health as they are configured, then
/// the others, the one first whose demotion ends first.
pub(super) fn order<'a>(servers: impl Iterator<Item = &'a mut Health>, now: Instant) -> Vec<usize> {
    let mut places: Vec<_> = servers.map(|one| one.place(now)).enumerate().collect();
    places.sort_by_key(|(index, place)| (*place, *index));
    places.into_iter().map(|(index, _)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order_of(servers: &mut [Health], now: Instant) -> Vec<usize> {
        order(servers.iter_mut(), now)
    }

    #[test]
    fn a_server_that_failed_alone_is_asked_last_and_tried_by_one_question_later() {
        let start = Instant::now();
        let mut servers = vec![Health::default(); 3];
        assert_eq!(order_of(&mut servers, start), [0, 1, 2]);
        servers[0].failed_alone(start);
        assert_eq!(order_of(&mut servers, start), [1, 2, 0]);
        let later = start + DEMOTION;
        assert_eq!(order_of(&mut servers, later), [0, 1, 2]);
        assert_eq!(order_of(&mut servers, later), [1, 2, 0]);
        servers[0].answered(true);
        assert_eq!(order_of(&mut servers, later), [0, 1, 2]);
    }

    #[test]
    fn a_server_that_fails_again_and_again_is_tried_more_seldom() {
        let mut now = Instant::now();
        let mut servers = vec![Health::default(); 2];
        for round in 0..20 {
            servers[0].failed_alone(now);
            let pause = DEMOTION * 2_u32.pow(round.min(MAX_DOUBLINGS));
            let nearly = now + pause - Duration::from_millis(1);
            assert_eq!(order_of(&mut servers, nearly), [1, 0], "{round}");
            now += pause;
            assert_eq!(order_of(&mut servers, now), [0, 1], "{round}");
        }
    }

    #[test]
    fn questions_that_were_under_way_together_are_one_failure() {
        let now = Instant::now();
        let mut servers = vec![Health::default(); 2];
        for _ in 0..64 {
            servers[0].failed_alone(now);
        }
        assert_eq!(order_of(&mut servers, now + DEMOTION), [0, 1]);
    }

    #[test]
    fn a_lost_packet_does_not_end_edns() {
        let now = Instant::now();
        let mut server = Health::default();
        server.answered(true);
        for _ in 1..MAX_SILENCES_AFTER_SUCCESS {
            server.silent_about_edns(now);
        }
        assert!(server.use_edns(now));
        server.answered(true);
        server.silent_about_edns(now);
        assert!(server.use_edns(now));
    }

    #[test]
    fn a_server_that_drops_edns_is_asked_without_and_tried_again_by_one_question() {
        let now = Instant::now();
        let mut server = Health::default();
        assert!(server.use_edns(now));
        server.silent_about_edns(now);
        server.answered(false);
        assert!(server.use_edns(now));
        server.silent_about_edns(now);
        assert!(!server.use_edns(now));
        let later = now + WITHOUT_EDNS;
        assert!(server.use_edns(later));
        assert!(!server.use_edns(later));
        server.answered(true);
        assert!(server.use_edns(later) && server.knows_edns());
    }
}
