//! What can be loaded from the file, and what cannot.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::model::detail::DetailList;
use crate::model::hosts::{HostSource, ScrapeHost};
use crate::model::service::{Power, ServiceIntegration};

fn now() -> Timestamp {
    Timestamp::from_second(1000).unwrap()
}

fn service() -> Service {
    Service {
        name: "a".into(),
        service_type: "pg".into(),
        plan: "business-4".into(),
        cloud: "aws-eu-west-2".into(),
        node_count: Some(2),
        power: Power::On.into(),
        hosts: DetailList::whole([ScrapeHost {
            name: "a.example".into(),
            port: 9273,
            source: HostSource::Derived,
        }]),
        integrations: DetailList::whole([ServiceIntegration {
            id: "i".into(),
            endpoint_id: "e".into(),
            enabled: true,
            active: false,
            failure: Some("no".into()),
        }]),
        tags: DetailList::whole([("env".into(), "prod".into())]),
        served_before: true,
        claim: Default::default(),
    }
}

fn identity() -> Identity {
    let labels = BTreeMap::from([
        (
            "service_instance_guid",
            "11111111-1111-4111-8111-111111111111",
        ),
        ("service_instance_name", "a \"name\""),
        ("space_guid", "22222222-2222-4222-8222-222222222222"),
    ]);
    let identity = Identity::of_labels(|key: &str| labels.get(key).map(ToString::to_string));
    identity.expect("an identity")
}

fn save_one(file: &mut StateFile) -> (Missing, Resolution) {
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
        identities: [("a".into(), Arc::new(identity()))].into(),
    };
    let project = Project::new("proj".into(), saved, None);
    let resolution = Resolution {
        is_answered: false,
        addresses: [[192, 0, 2, 1].into()].into(),
        failing: Some(Box::new(Failing {
            since: Timestamp::from_second(50).unwrap(),
            cause: "SERVFAIL".into(),
            remedy: None,
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
    let mut file = StateFile::new(folder.path());
    let (missing, resolution) = save_one(&mut file);
    let state = file.load(now()).unwrap().unwrap();
    assert_eq!(state.saved_at, Timestamp::from_second(300).ok());
    assert!(state.tag_keys.contains("env"));
    assert_eq!(state.addresses.get("a.example"), Some(&resolution));
    let project = &state.projects["proj"];
    assert_eq!(project.endpoint_id.as_deref(), Some("e"));
    assert!(project.supported.as_ref().unwrap().contains("pg"));
    assert_eq!(*project.identities["a"], identity());
    let known = project.inventory.get("a").unwrap();
    assert_eq!(
        (&*known.service, known.missing.as_deref()),
        (&service(), Some(&missing))
    );
}

#[test]
fn only_the_owner_can_read_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = StateFile::new(folder.path());
    save_one(&mut file);
    let mode = fs::metadata(folder.path().join("state.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_missing_file_is_not_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(StateFile::new(folder.path()).load(now()).unwrap().is_none());
}

#[test]
fn damaged_files_and_other_versions_are_refused_and_can_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let mut file = StateFile::new(folder.path());
    save_one(&mut file);
    for damaged in ["", "{}", "[]", "not json", r#"{"version":1}"#] {
        fs::write(&path, damaged).unwrap();
        assert!(file.load(now()).is_err(), "{damaged}");
    }
    fs::write(&path, r#"{"version":2,"else":"new"}"#).unwrap();
    let unusable = file.load(now()).unwrap_err().to_string();
    assert!(unusable.contains("format 2"), "{unusable}");
    assert!(unusable.contains(path.to_str().unwrap()), "{unusable}");
    let kept = file.keep_unusable().unwrap();
    assert!(kept.exists() && !path.exists());
}

fn saved() -> Vec<u8> {
    static SAVED: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        save_one(&mut StateFile::new(folder.path()));
        fs::read(folder.path().join("state.json")).unwrap()
    });
    SAVED.clone()
}

/// In a form that can be compared.
fn shown(state: &State) -> String {
    format!("{state:?}")
}

#[test]
fn a_state_that_is_cut_or_changed_at_any_byte_is_refused_or_means_the_same() {
    let whole = saved();
    let meaning = shown(&from_bytes(&whole, now()).unwrap());
    for at in 0..whole.len() {
        assert!(from_bytes(&whole[..at], now()).is_err(), "cut at {at}");
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            if let Ok(state) = from_bytes(&changed, now()) {
                let text = String::from_utf8_lossy(&changed);
                assert_eq!(shown(&state), meaning, "bit {bit} of byte {at}: {text}");
            }
        }
    }
}

#[test]
fn a_state_that_an_earlier_version_wrote_without_a_seal_is_read() {
    let whole = String::from_utf8(saved()).unwrap();
    let (unsealed, _) = whole.split_once(",\"digest\"").unwrap();
    let state = from_bytes(format!("{unsealed}}}").as_bytes(), now()).unwrap();
    let meaning = from_bytes(whole.as_bytes(), now()).unwrap();
    assert_eq!(shown(&state), shown(&meaning));
}

#[test]
fn a_moment_ahead_of_the_clock_is_taken_for_now() {
    let whole = saved();
    let early = Timestamp::from_second(40).unwrap();
    let state = from_bytes(&whole, early).unwrap();
    assert_eq!(state.saved_at, Some(early));
    let known = state.projects["proj"].inventory.get("a").unwrap();
    let missing = known.missing.as_deref().unwrap();
    assert_eq!((missing.since, missing.confirmed), (early, Some(early)));
    let resolution = state.addresses.get("a.example").unwrap();
    assert_eq!(resolution.failing.as_deref().unwrap().since, early);
}

#[test]
fn it_is_known_when_somebody_touches_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let mut file = StateFile::new(folder.path());
    assert!(!file.was_touched());
    save_one(&mut file);
    assert!(!file.was_touched());
    fs::remove_file(&path).unwrap();
    assert!(file.was_touched());
    save_one(&mut file);
    fs::write(&path, "other").unwrap();
    assert!(file.was_touched());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_bytes_make_reading_a_state_panic(
        start in 0_usize..600,
        length in 0_usize..40,
        bytes in prop::collection::vec(any::<u8>(), 0..40),
        is_sealed in any::<bool>(),
    ) {
        let mut text = saved();
        if !is_sealed {
            let sealed = text.len() - 45;
            text.truncate(sealed);
            text.push(b'}');
        }
        let start = start.min(text.len());
        let end = (start + length).min(text.len());
        text.splice(start..end, bytes);
        let _ = from_bytes(&text, now());
    }
}
