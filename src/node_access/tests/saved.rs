//! What the last run saved.

use std::fs;

use super::rig::{config, ours, quick, simulator};
use crate::model::outside_text::Secrets;
use crate::node_access;

#[tokio::test]
async fn no_password_that_an_earlier_run_saved_is_ever_shown() {
    let sim = simulator().await;
    let folder = tempfile::tempdir().unwrap();
    let of = |word: &str| format!(r#"{{"username": "scraper", "password": "{word}"}}"#);
    let here = format!(
        r#"{{"e1": {{"applied": {}, "at_aiven": {}, "previous": [{}, {}]}}}}"#,
        of("written-word"),
        of("remote-word"),
        of("former-word"),
        of("older-word"),
    );
    // Of a project that is configured no more.
    let gone = format!(r#"{{"e2": {{"at_aiven": {}}}}}"#, of("forsaken-word"));
    let text = format!(
        r#"{{"version": 1, "projects": {{"{}": {here}, "gone": {gone}}}}}"#,
        super::rig::PROJECT
    );
    fs::write(folder.path().join("secrets.json"), text).unwrap();
    let secrets = Secrets::default();
    let config = config(&sim, folder.path(), ours("configured"));
    let _opened = node_access::open(&config, quick(), &secrets);
    for kind in ["written", "remote", "former", "older", "forsaken"] {
        let said = format!("refused: {kind}-word");
        assert_eq!(secrets.take_out(&said), "refused: <secret>", "{kind}");
    }
}
