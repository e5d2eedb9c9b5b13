//! Exit statuses: the same mistakes give the same status in each command, as docs/commands.md has them.

use std::collections::BTreeSet;

use azure_blob_eventsource::cli::args::Args;
use clap::CommandFactory;

use crate::{
    process::{Finished, run},
    storage::Place,
};

/// What each command needs before it looks at anything else.
const COMMANDS: [(&str, &[&str]); 10] = [
    ("serve", &["serve"]),
    ("check", &["check", "--config", CONFIG]),
    ("watch", &["watch", "--config", CONFIG, "--once"]),
    ("explain", &["explain", "--config", CONFIG, "raw/a.csv"]),
    ("replay", &["replay", "--config", CONFIG, "--all"]),
    (
        "dead-letters",
        &["dead-letters", "list", "--config", CONFIG],
    ),
    (
        "dead-letters",
        &["dead-letters", "drop", "--all", "--config", CONFIG],
    ),
    (
        "fetch",
        &[
            "fetch",
            "--endpoint",
            ENDPOINT,
            "--container",
            "c",
            "--out",
            "o",
            "a.csv",
        ],
    ),
    ("migrate", &["migrate", "no/such.yaml"]),
    ("completions", &["completions", "bash"]),
];
/// Stands for the file of the configuration.
const CONFIG: &str = "CONFIG";
const ENDPOINT: &str = "http://127.0.0.1:1/account";

/// Runs a command with this file as its configuration.
async fn with_config(command: &[&str], file: &str, more: &[&str]) -> Finished {
    let words = command.iter().chain(more);
    let words: Vec<_> = words
        .map(|it| if *it == CONFIG { file } else { it })
        .collect();
    run(&words).await
}

#[track_caller]
fn assert_told(finished: &Finished, code: i32, what: &str) {
    assert_eq!(finished.code(), code, "{what}: {finished:?}");
    assert!(
        finished.stderr.starts_with("error: "),
        "{what}: {finished:?}"
    );
}

#[tokio::test]
async fn each_command_is_tried_here_and_its_statuses_are_documented() {
    let command = Args::command();
    let commands = command.get_subcommands().filter(|it| !it.is_hide_set());
    let commands: BTreeSet<_> = commands.map(clap::Command::get_name).collect();
    let tried: BTreeSet<_> = COMMANDS.iter().map(|(name, _)| *name).collect();
    assert_eq!(tried, commands);
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/commands.md");
    let page = std::fs::read_to_string(page).unwrap();
    let table = page.split("## Exit status").nth(1).unwrap();
    let table = table.split("\n## ").next().unwrap();
    for name in commands {
        assert!(table.contains(&format!("| `{name}` |")), "{name}");
        assert!(page.contains(&format!("\n## {name}\n")), "{name}");
    }
}

#[tokio::test]
async fn help_is_status_0_and_an_unknown_option_status_2() {
    let version = run(&["--version"]).await;
    assert_eq!(version.code(), 0, "{version:?}");
    assert!(
        version.stdout.starts_with("azure-blob-eventsource 0."),
        "{version:?}"
    );
    for (name, command) in COMMANDS {
        let help = run(&[name, "--help"]).await;
        assert_eq!(help.code(), 0, "{help:?}");
        let unknown = run(&[command, &["--no-such-option"]].concat()).await;
        assert_told(&unknown, 2, name);
    }
}

#[tokio::test]
async fn a_wrong_configuration_is_status_2_in_each_command() {
    let place = Place::azurite().await;
    let storage = place.storage_args();
    let more = [storage[0].as_str(), &storage[1]];
    let wrong = place.config_file("acount: a\ncontainer: datasets\n");
    let takes_one = |command: &&(&str, &[&str])| command.1.contains(&CONFIG);
    for (name, command) in COMMANDS.iter().filter(takes_one) {
        for file in ["no/such.yaml", &wrong] {
            let finished = with_config(command, file, &more).await;
            assert_told(&finished, 2, name);
            assert_eq!(finished.stdout, "", "{name}");
        }
    }
    // The others have no configuration, and mistakes of their own.
    for mistake in [
        &["serve", "--listen", "nonsense"][..],
        &[
            "fetch",
            "--endpoint",
            "nonsense",
            "--container",
            "c",
            "--out",
            "o",
            "a.csv",
        ],
        &[
            "fetch",
            "--endpoint",
            ENDPOINT,
            "--key-file",
            "no/such",
            "--container",
            "c",
            "--out",
            "o",
            "a",
        ],
        &["completions", "nonsense"],
        &["completions", "bash", "--log", "nonsense"],
        &[
            "fetch",
            "--endpoint",
            "127.0.0.1:10000/devstoreaccount1",
            "--container",
            "datasets",
            "--out",
            "o",
            "a.csv",
        ],
        &[
            "fetch",
            "--endpoint",
            ENDPOINT,
            "--container",
            "Datasets",
            "--out",
            "o",
            "a.csv",
        ],
        &[
            "fetch",
            "--endpoint",
            ENDPOINT,
            "--container",
            "datasets",
            "--out",
            "no/such/directory/o",
            "a.csv",
        ],
        &[
            "migrate",
            "examples/azureblobwatcher.yaml",
            "--since",
            "2999-01-01",
        ],
        &["migrate", "no/such.yaml"],
    ] {
        assert_told(&run(mistake).await, 2, mistake[0]);
    }
}

#[tokio::test]
async fn data_is_printed_as_json_and_yaml_by_each_command_that_has_some() {
    let place = Place::azurite().await;
    place.put("raw/a.csv").await;
    let file = place.config_file(&place.config());
    let storage = place.storage_args();
    for (command, key) in [
        (&["check"][..], "steps"),
        (&["explain", "raw/a.csv"], "verdict"),
        (&["watch", "--once"], "blobname"),
    ] {
        let printed = async |output: &str| {
            let more = ["-c", &file, "-o", output, &storage[0], &storage[1]];
            let finished = run(&[command, &more].concat()).await;
            assert_ne!(finished.code(), 2, "{finished:?}");
            finished.stdout
        };
        let json: serde_json::Value = serde_json::from_str(&printed("json").await).unwrap();
        assert!(json.get(key).is_some(), "{command:?} {json}");
        let yaml = printed("yaml").await;
        let yaml: serde_json::Value = serde_saphyr::from_str(&yaml).unwrap();
        assert!(yaml.get(key).is_some(), "{command:?} {yaml}");
        let table = printed("table").await;
        assert!(
            serde_json::from_str::<serde_json::Value>(&table).is_err(),
            "{table}"
        );
    }
}
