//! What can be loaded from the file, and what cannot.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::model::hosts::{HostSource, ScrapeHost};
use crate::model::service::{Power, ServiceIntegration};

fn service() -> Service {
    Service {
        name: "a".into(),
        service_type: "pg".into(),
        plan: "business-4".into(),
        cloud: "aws-eu-west-2".into(),
        node_count: Some(2),
        power: Power::On,
        hosts: Box::new([ScrapeHost {
            name: "a.example".into(),
            port: 9273,
            source: HostSource::Derived,
        }]),
        integrations: Box::new([ServiceIntegration {
            id: "i".into(),
            endpoint_id: "e".into(),
            enabled: true,
            active: false,
            failure: Some("no".into()),
        }]),
        tags: Box::new([("env".into(), "prod".into())]),
        served_before: true,
        parse_problem: None,
    }
}

fn save_one(file: &StateFile) -> (Missing, Resolution) {
    let missing = Missing {
        since: Timestamp::from_second(100).unwrap(),
        confirmed: Timestamp::from_second(200).ok(),
    };
    let inventory = Inventory::restore([(Arc::new(service()), Some(Box::new(missing)))]);
    let supported: SupportedTypes = ["pg".into()].into();
    let saved = Saved {
        inventory,
        supported: Some(supported),
        endpoint_id: Some("e".into()),
    };
    let project = Project::new("proj".into(), saved, None);
    let resolution = Resolution {
        addresses: ["192.0.2.1".parse().unwrap()].into(),
        failing: Some(Box::new(Failing {
            since: Timestamp::from_second(50).unwrap(),
            cause: "SERVFAIL".into(),
        })),
    };
    let addresses: Addresses = [("a.example".into(), resolution.clone())]
        .into_iter()
        .collect();
    let now = Timestamp::from_second(300).unwrap();
    file.save(now, [&project].into_iter(), &addresses, ["env"].into_iter())
        .unwrap();
    (missing, resolution)
}

#[test]
fn what_was_saved_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = StateFile::new(folder.path());
    let (missing, resolution) = save_one(&file);
    let state = file.load().unwrap().unwrap();
    assert_eq!(state.saved_at, Timestamp::from_second(300).ok());
    assert!(state.tag_keys.contains("env"));
    assert_eq!(state.addresses.get("a.example"), Some(&resolution));
    let project = &state.projects["proj"];
    assert_eq!(project.endpoint_id.as_deref(), Some("e"));
    assert!(project.supported.as_ref().unwrap().contains("pg"));
    let known = project.inventory.get("a").unwrap();
    assert_eq!(
        (&*known.service, known.missing.as_deref()),
        (&service(), Some(&missing))
    );
}

#[test]
fn only_the_owner_can_read_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = StateFile::new(folder.path());
    save_one(&file);
    let mode = fs::metadata(folder.path().join("state.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_missing_file_is_not_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(StateFile::new(folder.path()).load().unwrap().is_none());
}

#[test]
fn damaged_files_and_other_versions_are_distinguished_and_can_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let file = StateFile::new(folder.path());
    save_one(&file);
    let complete = fs::read_to_string(&path).unwrap();
    for damaged in ["", "{}", "[]", "not json", &complete[..complete.len() / 2]] {
        fs::write(&path, damaged).unwrap();
        assert!(
            matches!(file.load(), Err(Unusable::Damaged { .. })),
            "{damaged}"
        );
    }
    fs::write(&path, complete.replace("\"version\":1", "\"version\":2")).unwrap();
    assert!(matches!(
        file.load(),
        Err(Unusable::OtherVersion { found: 2, .. })
    ));
    let kept = file.keep_unusable().unwrap();
    assert!(kept.exists() && !path.exists());
}
