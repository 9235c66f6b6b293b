//! Whatever Cloud Controller and UAA do, targets and labels stay as they were, `status` names
//! the cause, and once it is over labels follow again.

use std::time::Duration;

use aiven_sim::{
    ApiFault, ClientSpec, Fault, OddInstance, Operation, Server, ServerFault, Simulator,
};
use futures_util::future::join_all;
use serde_json::Value;
use testkit::{Config, Daemon, PROJECT, aiven_with_cloud_foundry};

use crate::binary::{ask, problems};
use crate::tenants::{Tenant, labelled, labelling, lists};

mod faults;

/// Something that goes wrong.
struct Case {
    /// For the failure of the test.
    name: &'static str,
    breaks: fn(&Simulator),
    /// The words of `status` that lead to the mend; empty: nothing fails.
    says: &'static str,
}

/// A labelled service beside another one.
struct Rig {
    sim: Simulator,
    config: Config,
    daemon: Daemon,
    tenant: Tenant,
    /// Id and secret of the daemon's client.
    client: (String, String),
    renames: usize,
}

impl Rig {
    async fn start() -> Rig {
        let sim = aiven_with_cloud_foundry().await;
        let tenant = Tenant::new(&sim, "retail", "production", "search");
        let other = Tenant::new(&sim, "wholesale", "staging", "orders");
        let config = labelling(&sim).with("log.level", "debug");
        let daemon = labelled(&config, &[&tenant, &other]).await;
        let client = sim.cf_client();
        Rig {
            sim,
            config,
            daemon,
            tenant,
            client,
            renames: 0,
        }
    }

    async fn survives(&mut self, case: &Case) {
        let name = case.name;
        let targets = self.config.targets_text();
        let passes = self.failed_passes();
        (case.breaks)(&self.sim);
        match case.says {
            "" => lists(&self.sim, 3).await,
            _ => {
                self.fails_twice(name, passes).await;
                self.says(case).await;
            }
        }
        assert_eq!(self.config.targets_text(), targets, "{name}");
        if case.says.is_empty() {
            self.follows_renames(name).await;
        }
        self.sim.clear_faults();
        let (id, secret) = self.client.clone();
        let whole = ClientSpec::new(id, secret).authorities(["cloud_controller.global_auditor"]);
        self.sim.add_client(whole);
        self.follows_renames(name).await;
        let what = format!("{name}: the stage recovers");
        self.daemon
            .until(&what, async || self.failing().await.is_null().then_some(()))
            .await;
    }

    /// Two passes fail; what no reading of a list shows, but its meaning, is not logged.
    async fn fails_twice(&self, name: &str, before: usize) {
        let lists = self.sim.count(Operation::ListServiceInstances);
        let what = format!("{name}: two passes are over");
        self.daemon
            .until(&what, async || {
                let listed = self.sim.count(Operation::ListServiceInstances) - lists;
                // Three attempts make a pass.
                (self.failed_passes() >= before + 2 || listed > 6).then_some(())
            })
            .await;
    }

    fn failed_passes(&self) -> usize {
        let log = self.daemon.log.text();
        log.matches("reading Cloud Foundry failed").count()
            + log.matches("reading Cloud Foundry still fails").count()
    }

    async fn failing(&self) -> Value {
        self.daemon.status().await["cloud_foundry"]["failing"].take()
    }

    async fn says(&self, Case { name, says, .. }: &Case) {
        let what = format!("{name}: the cause says \"{says}\"");
        self.daemon
            .until(&what, async || {
                let failing = self.failing().await;
                let mut told = ["cause", "remedy"].iter();
                told.any(|key| failing[key].as_str().is_some_and(|it| it.contains(says)))
                    .then_some(())
            })
            .await;
        let status = ask(&self.daemon, "status", &[]).await;
        assert_eq!(status.code, Some(1), "{name}: {}", status.stdout);
        let mut told = problems(&status).into_iter();
        let is_said = told.any(|one| one.contains("(cloud_foundry) fails") && one.contains(says));
        assert!(is_said, "{name}: {}", status.stdout);
    }

    async fn follows_renames(&mut self, name: &str) {
        self.renames += 1;
        let new = format!("search {} after: {name}", self.renames);
        self.sim.rename(&self.tenant.instance, &new);
        let tenant = &self.tenant;
        tenant
            .has(&self.config, &self.daemon, "service_instance_name", new)
            .await;
    }

    /// While an answer never comes, Aiven's news come with the labels that are known.
    async fn survives_silence(&mut self, name: &str, asked: Operation) {
        let before = self.sim.count(asked);
        self.sim.inject(Fault::new(asked), ApiFault::Hang);
        let is_asked = |sim: &Simulator| sim.count(asked) > before;
        self.sim.wait_until("it is asked", is_asked).await;
        let labels = self.tenant.labels(&self.config);
        self.sim.fail_over(PROJECT, &self.tenant.service);
        let addresses = self.sim.serving_addresses(PROJECT);
        self.daemon.publishes(addresses).await;
        assert_eq!(self.tenant.labels(&self.config), labels, "{name}");
        assert_eq!(
            self.sim.count(asked),
            before + 1,
            "{name}: it hung all the time"
        );
        self.sim.clear_faults();
        self.follows_renames(name).await;
    }
}

/// Some at the same time, since most of it is waiting.
async fn all_survive(cases: Vec<Case>, silent: Operation) {
    const DAEMONS: usize = 5;
    let some = (0..DAEMONS).map(async |first| {
        let mut rig = Rig::start().await;
        for case in cases.iter().skip(first).step_by(DAEMONS) {
            rig.survives(case).await;
        }
    });
    let silence = async {
        let mut rig = Rig::start().await;
        if silent == Operation::IssueToken {
            faults::forget_token(&rig.sim);
        }
        rig.survives_silence("an answer that never comes", silent)
            .await;
    };
    futures_util::join!(join_all(some), silence);
}

#[tokio::test]
async fn labels_survive_every_fault_of_cloud_controller() {
    all_survive(
        faults::of_cloud_controller(),
        Operation::ListServiceInstances,
    )
    .await;
}

#[tokio::test]
async fn labels_survive_every_fault_of_uaa() {
    all_survive(faults::of_uaa(), Operation::IssueToken).await;
}

#[tokio::test]
async fn what_is_odd_about_an_answer_fails_nothing() {
    let mut rig = Rig::start().await;
    for case in faults::odd_answers() {
        rig.survives(&case).await;
    }
}
