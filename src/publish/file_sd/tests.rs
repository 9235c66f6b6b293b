//! When the file is written, and what can be recovered from it.

use std::fs;
use std::sync::Arc;

use super::*;
use crate::model::cloud_foundry::Ownership;
use crate::model::plan::{PlannedService, ProjectPlan, PublishedHost};
use crate::model::snapshot::{Origin, ProjectSnapshot, Stages};
use crate::model::verdict::Verdict;

fn snapshot(origin: Origin, addresses: &[&str]) -> Snapshot {
    let host = ScrapeHost {
        name: "a-proj.example".into(),
        port: 9273,
        source: HostSource::Component,
    };
    let mut service = recovered_service("a", &BTreeMap::new());
    service.service_type = "pg".into();
    service.hosts = DetailList::whole([host.clone()]);
    let planned = PlannedService {
        service: Arc::new(service),
        verdict: Verdict::Published,
        cause: None,
        remedy: None,
        stuck: false,
        hosts: Box::new([PublishedHost {
            host,
            addresses: addresses.iter().map(|ip| ip.parse().unwrap()).collect(),
        }]),
        failing: Box::default(),
        missing: None,
        ownership: None,
    };
    let plan = ProjectPlan {
        services: vec![planned],
        ..ProjectPlan::default()
    };
    Snapshot {
        projects: vec![ProjectSnapshot {
            name: "proj".into(),
            origin,
            plan: Arc::new(plan),
            endpoint: Default::default(),
            stages: Stages::default(),
            odd_rows: Default::default(),
            distrusted: None,
        }],
        ..Snapshot::default()
    }
}

fn open() -> (tempfile::TempDir, PathBuf, TargetsFile) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("targets/targets.json");
    let file = TargetsFile::open(path.clone());
    (folder, path, file)
}

#[test]
fn the_file_is_written_only_if_its_content_changes() {
    let (_folder, path, mut file) = open();
    assert!(file.update(&snapshot(Origin::Api, &["192.0.2.1"])).unwrap());
    assert!(!file.update(&snapshot(Origin::Api, &["192.0.2.1"])).unwrap());
    assert!(file.update(&snapshot(Origin::Api, &["192.0.2.2"])).unwrap());
    let mut restarted = TargetsFile::open(path);
    assert!(
        !restarted
            .update(&snapshot(Origin::Api, &["192.0.2.2"]))
            .unwrap()
    );
}

#[test]
fn whose_a_service_is_is_recovered_with_it() {
    let (_folder, _path, mut file) = open();
    let mut snapshot = snapshot(Origin::Api, &["192.0.2.1"]);
    let labels = BTreeMap::from([
        ("organization_name", "acme"),
        (
            "service_instance_guid",
            "11111111-1111-4111-8111-111111111111",
        ),
        ("service_instance_name", "db"),
        ("space_guid", "22222222-2222-4222-8222-222222222222"),
    ]);
    let identity = Identity::of_labels(|key: &str| labels.get(key).map(ToString::to_string));
    let identity = identity.unwrap();
    let mut plan = ProjectPlan::clone(&snapshot.projects[0].plan);
    plan.services[0].ownership = Some(Box::new(Ownership {
        identity: Arc::new(identity.clone()),
        disagreements: Box::default(),
        shared_with: Arc::default(),
    }));
    snapshot.projects[0].plan = Arc::new(plan);
    file.update(&snapshot).unwrap();
    let recovered = file.recover().unwrap();
    assert_eq!(recovered[0].identity.as_ref(), Some(&identity));
}

#[test]
fn a_deleted_file_is_written_again() {
    let (_folder, path, mut file) = open();
    file.update(&snapshot(Origin::Api, &["192.0.2.1"])).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(file.update(&snapshot(Origin::Api, &["192.0.2.1"])).unwrap());
    assert!(path.exists());
}

#[test]
fn a_file_that_somebody_touched_is_written_again() {
    let (_folder, path, mut file) = open();
    let snapshot = snapshot(Origin::Api, &["192.0.2.1"]);
    file.update(&snapshot).unwrap();
    let whole = fs::read_to_string(&path).unwrap();
    type Touch = (&'static str, fn(&std::path::Path));
    let touches: [Touch; 4] = [
        ("other content", |path| fs::write(path, "[]").unwrap()),
        ("cut", |path| fs::write(path, "").unwrap()),
        ("a folder in its place", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
        ("its folder removed", |path| {
            fs::remove_dir_all(path.parent().unwrap()).unwrap();
        }),
    ];
    for (what, touch) in touches {
        touch(&path);
        assert!(file.update(&snapshot).unwrap(), "{what}");
        assert_eq!(fs::read_to_string(&path).unwrap(), whole, "{what}");
        assert!(!file.update(&snapshot).unwrap(), "{what}");
    }
}

#[test]
fn a_snapshot_without_known_projects_leaves_the_file_alone() {
    let (_folder, path, mut file) = open();
    assert!(!file.update(&snapshot(Origin::Nothing, &[])).unwrap());
    assert!(!path.exists());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "what was there").unwrap();
    assert!(!file.update(&snapshot(Origin::Nothing, &[])).unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "what was there");
}

#[test]
fn services_are_recovered_with_hosts_and_addresses() {
    let (_folder, _path, mut file) = open();
    let before = snapshot(Origin::Api, &["192.0.2.1", "2001:db8::1"]);
    file.update(&before).unwrap();
    let recovered = file.recover().unwrap();
    assert_eq!(recovered.len(), 1);
    assert_eq!(recovered[0].project, "proj");
    assert_eq!(
        recovered[0].service,
        *before.projects[0].plan.services[0].service
    );
    assert!(recovered[0].service.serves_metrics());
    let addresses = &recovered[0].addresses["a-proj.example"];
    assert_eq!(addresses.len(), 2);
}

#[test]
fn a_missing_file_recovers_nothing_and_a_broken_one_is_an_error() {
    let (_folder, path, file) = open();
    assert_eq!(file.recover().unwrap(), []);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(
        &path,
        r#"[{"targets":["192.0.2.1:9273"],"labels":{"mine":"no"}}]"#,
    )
    .unwrap();
    assert_eq!(file.recover().unwrap(), []);
    let labels =
        r#"{"aiven_project":"p","aiven_service_name":"NAME","aiven_hostname":"NAME.example"}"#;
    let group = |name: &str, target: &str| {
        let labels = labels.replace("NAME", name);
        format!(r#"{{"targets":["{target}"],"labels":{labels}}}"#)
    };
    let groups = [
        group("spoilt", "192.0.2.x:9273"),
        "7".to_owned(),
        group("whole", "192.0.2.2:9273"),
    ];
    fs::write(&path, format!("[{}]", groups.join(","))).unwrap();
    let recovered = file.recover().unwrap();
    let names: Vec<_> = recovered.iter().map(|one| &*one.service.name).collect();
    assert_eq!(names, ["whole"]);
    fs::write(&path, r#"[{"targets":"#).unwrap();
    assert!(file.recover().is_err());
}

#[test]
fn a_list_that_is_cut_or_changed_at_any_byte_never_makes_recovery_panic() {
    let (_folder, path, mut file) = open();
    let before = snapshot(Origin::Api, &["192.0.2.1", "2001:db8::1"]);
    file.update(&before).unwrap();
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        fs::write(&path, &whole[..at]).unwrap();
        // Without its line's end alone it is whole.
        assert_eq!(file.recover().is_ok(), at + 1 == whole.len(), "cut at {at}");
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            fs::write(&path, changed).unwrap();
            let _ = file.recover();
        }
    }
}
