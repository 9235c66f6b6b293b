//! Help, completions and the manual: made from the commands' definitions, and whole.

use std::path::Path;

use testkit::{Finished, Program, files_below};

use crate::binary::{PATH, run};

/// Every command that an operator types. What BOSH and builds run is hidden.
const COMMANDS: [&str; 11] = [
    "run",
    "check-config",
    "plan",
    "status",
    "explain",
    "targets",
    "capture",
    "events",
    "doctor",
    "smoke-test",
    "manual",
];

#[track_caller]
fn is_fine(ended: &Finished) {
    assert_eq!(ended.code, Some(0), "{}", ended.output());
}

#[tokio::test]
async fn every_command_has_help_with_an_example_and_is_in_the_programs_help() {
    let all = run(&["--help"]).await;
    is_fine(&all);
    assert!(
        all.stdout.contains("Exit codes: 0 fine, 1"),
        "{}",
        all.stdout
    );
    for command in COMMANDS {
        let line = format!("\n  {command} ");
        assert!(all.stdout.contains(&line), "{command}: {}", all.stdout);
        let help = run(&[command, "--help"]).await;
        is_fine(&help);
        let examples = help.stdout.split("Examples:\n").nth(1);
        let examples = examples.unwrap_or_else(|| panic!("{command}: {}", help.stdout));
        assert!(examples.contains(command), "{command}: {examples}");
    }
}

#[tokio::test]
async fn wrong_usage_is_two_and_nothing_else_is() {
    let usages: [&[&str]; 6] = [
        &[],
        &["no-such-command"],
        &["explain"],
        &["status", "--wait-ready", "soon"],
        &["plan", "--json", "more"],
        &["completions", "no-such-shell"],
    ];
    for usage in usages {
        assert_eq!(run(usage).await.code, Some(2), "{usage:?}");
    }
    let missing = run(&["plan", "--config", "/no/such/file"]).await;
    assert_eq!(missing.code, Some(1), "{}", missing.output());
}

#[tokio::test]
async fn bash_takes_the_completions_and_completes_commands_and_options() {
    let complete = r#"
        source <("$1" completions bash)
        complete -p aiven-metrics
        COMP_WORDS=(aiven-metrics "$2"); COMP_CWORD=1
        _aiven__metrics aiven-metrics "$2" aiven-metrics
        printf '%s\n' "${COMPREPLY[@]}"
        COMP_WORDS=(aiven-metrics explain --a); COMP_CWORD=2
        _aiven__metrics aiven-metrics --a explain
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let bash = Program::new("bash").args(["-euc", complete, "bash", PATH, "exp"]);
    let ended = bash.run().await.unwrap();
    is_fine(&ended);
    assert!(ended.stdout.contains("\nexplain\n"), "{}", ended.output());
    assert!(ended.stdout.contains("\n--address\n"), "{}", ended.output());
    for shell in ["zsh", "fish"] {
        let script = run(&["completions", shell]).await;
        is_fine(&script);
        assert!(script.stdout.contains("check-config"), "{}", script.stdout);
    }
}

#[tokio::test]
async fn the_manual_has_a_page_for_each_command() {
    let folder = tempfile::tempdir().unwrap();
    let man1 = folder.path().join("man1");
    is_fine(&run(&["manual", "--to", man1.to_str().unwrap()]).await);
    for command in COMMANDS {
        let page = man1.join(format!("aiven-metrics-{command}.1"));
        let page =
            std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{command}: {error}"));
        assert!(page.contains(".TH"), "{command}: {page}");
    }
    let pages = files_below(&man1);
    let is_known = |page: &Path| {
        let name = page.file_stem().unwrap().to_string_lossy().into_owned();
        let command = name.strip_prefix("aiven-metrics").unwrap();
        command.is_empty() || COMMANDS.contains(&command.trim_start_matches('-'))
    };
    assert!(pages.iter().all(|page| is_known(page)), "{pages:?}");
    let main = run(&["manual"]).await;
    is_fine(&main);
    assert!(main.stdout.contains("explain"), "{}", main.stdout);
}
