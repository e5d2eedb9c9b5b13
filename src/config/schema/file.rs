//! The file `schema/source.schema.json` is what the code says, and every example is valid.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{agreement::accepted, refused, schema};
use crate::config::SourceConfig;

#[path = "../../../tests/binary/bad_config/table.rs"]
mod table;

const FILE: &str = "schema/source.schema.json";
const LINE: &str = "# yaml-language-server: $schema=";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_file_is_what_the_code_says() {
    let file = root().join(FILE);
    let text = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
    if env::var_os("WRITE_SCHEMA").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &text).unwrap();
    }
    let there = fs::read_to_string(&file).unwrap_or_default();
    assert!(there == text, "{FILE} is behind; `make schema` writes it");
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|it| it == ending) {
            found.push(path);
        }
    }
}

/// The configurations of the EventSources in a text of several documents.
fn of_event_sources(text: &str) -> Vec<String> {
    let documents = text.split("\n---\n");
    let documents = documents.filter(|it| it.lines().any(|line| line == "kind: EventSource"));
    let mut configs = Vec::new();
    for document in documents {
        let document: Value = serde_saphyr::from_str(document).unwrap();
        let events = document["spec"]["generic"].as_object().unwrap().values();
        configs.extend(events.filter_map(|event| event["config"].as_str().map(str::to_owned)));
    }
    configs
}

#[test]
fn every_example_is_valid() {
    let mut all = Vec::new();
    for folder in ["examples", "manifests"] {
        files(&root().join(folder), "yaml", &mut all);
    }
    let mut count = 0;
    for file in all {
        let text = fs::read_to_string(&file).unwrap();
        for config in of_event_sources(&text) {
            accepted(&config);
            count += 1;
        }
        // A configuration that stands alone says where its schema is, so that editors find it.
        if SourceConfig::parse(text.as_bytes()).is_ok() {
            accepted(&text);
            let line = text.lines().find_map(|line| line.strip_prefix(LINE));
            let line = line.unwrap_or_else(|| panic!("{} has no `{LINE}…`", file.display()));
            let named = file.parent().unwrap().join(line).canonicalize().unwrap();
            assert_eq!(named, root().join(FILE).canonicalize().unwrap());
            count += 1;
        }
    }
    assert!(count >= 13, "only {count} configurations were found");
}

/// The blocks of YAML in a page.
fn blocks(page: &str) -> Vec<String> {
    let parts = page.split("```yaml\n").skip(1);
    parts
        .map(|part| part.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_configuration_in_the_documentation_is_valid() {
    let mut pages = Vec::new();
    files(&root().join("docs"), "md", &mut pages);
    pages.push(root().join("README.md"));
    let mut count = 0;
    for page in pages {
        for block in blocks(&fs::read_to_string(page).unwrap()) {
            let mut configs = of_event_sources(&block);
            // A part of a configuration, with what it leaves out.
            let whole = [
                ("account", "account: abc"),
                ("container", "container: abc"),
                ("state", "state: {container: def}"),
            ];
            let missing = whole.iter().filter(|(key, _)| {
                !block
                    .lines()
                    .any(|line| line.starts_with(&format!("{key}:")))
            });
            let missing: String = missing.map(|(_, line)| format!("{line}\n")).collect();
            configs.push(format!("{block}\n{missing}"));
            for config in configs
                .iter()
                .filter(|it| SourceConfig::parse(it.as_bytes()).is_ok())
            {
                accepted(config);
                count += 1;
            }
        }
    }
    assert!(count >= 8, "only {count} configurations were found");
}

#[test]
fn every_refused_document_is_refused() {
    for (config, message) in table::table() {
        match SourceConfig::parse(config.as_bytes()) {
            Ok(_) => refused(&config, [message.split_once(": ").unwrap().1]),
            Err(error) => refused(&config, error.mistakes.iter().map(|it| it.problem.as_str())),
        }
    }
}
