//! `migrate`, as people type it: what is printed can be applied, and what the documentation shows is what is printed.

use std::{fs, path::Path};

use crate::process::{Finished, run};

const WATCHER: &str = include_str!("../../examples/azureblobwatcher.yaml");

/// `migrate` of a file with this text.
async fn migrate(text: &str, rest: &[&str]) -> Finished {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("watcher.yaml");
    fs::write(&file, text).unwrap();
    run(&[&["migrate", file.to_str().unwrap()], rest].concat()).await
}

#[tokio::test]
async fn what_the_documentation_shows_is_what_is_printed() {
    let finished = migrate(WATCHER, &[]).await;
    assert_eq!(finished.code(), 0, "{finished:?}");
    assert_eq!(finished.stderr, "");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/coming-from-the-operator.md");
    let page = fs::read_to_string(page).unwrap();
    for (what, text) in [
        ("the watcher", WATCHER),
        ("what is printed", &finished.stdout),
    ] {
        assert!(
            page.contains(text.trim_end()),
            "docs/coming-from-the-operator.md does not show {what}:\n{text}"
        );
    }
}

#[tokio::test]
async fn the_exit_status_says_whether_it_can_be_applied() {
    let open = migrate(&WATCHER.replace(r".*\.csv$", "^[0-9]+$"), &[]).await;
    assert_eq!(open.code(), 1, "{open:?}");
    assert!(
        open.stderr.starts_with(
            "before you apply it: AzureBlobWatcher ml-dataset-watcher: spec.blobPattern ^[0-9]+$: "
        ),
        "{}",
        open.stderr
    );
    assert!(
        open.stdout.contains("# Before you apply it:"),
        "{}",
        open.stdout
    );

    let other = migrate("kind: Secret\n", &[]).await;
    assert_eq!((other.code(), other.stdout.as_str()), (2, ""));
    assert!(
        other
            .stderr
            .starts_with("error: found Secret without a name; give an AzureBlobWatcher"),
        "{}",
        other.stderr
    );

    let moment = migrate(WATCHER, &["--since", "yesterday"]).await;
    assert_eq!(moment.code(), 2, "{moment:?}");
    assert!(
        moment
            .stderr
            .contains("--since: found `yesterday`; allowed is a moment"),
        "{}",
        moment.stderr
    );

    let missing = run(&["migrate", "no/such.yaml"]).await;
    assert_eq!(missing.code(), 2);
    assert!(
        missing.stderr.contains("cannot read no/such.yaml"),
        "{}",
        missing.stderr
    );
}
