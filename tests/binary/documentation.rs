//! What the documentation shows: each block of YAML can be read, each configuration in it is one, docs/configuration.md
//! has every key, and each command of the product is one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use azure_blob_eventsource::{cli::args::Args, config::SourceConfig};
use clap::{CommandFactory, Parser};
use serde_json::Value;

/// A key that no section has: the message about it lists those that a section has.
const UNKNOWN: &str = "zzzz";
const EACH_SECTION: &str = "\
zzzz: 1
source: {zzzz: 1, listing: {zzzz: 1}, queue: {zzzz: 1}}
state: {zzzz: 1}
confirm: [{workflows: {zzzz: 1}}, {zzzz: 1}]
batch: {zzzz: 1}
redelivery: {zzzz: 1}
limits: {zzzz: 1}
";

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The README, and the pages of `docs` itself.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_dir(root.join("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    let docs = docs.filter(|page| page.extension().is_some_and(|it| it == "md"));
    docs.chain([root.join("README.md")]).collect()
}

/// The blocks of YAML in a page, each with the number of its first line.
fn blocks(page: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(indent) = line.strip_suffix("```yaml") else {
            continue;
        };
        let block = lines.by_ref().map(|(_, line)| line);
        let block = block.take_while(|line| line.trim() != "```");
        let block = block.map(|line| line.strip_prefix(indent).unwrap_or(line));
        found.push((number + 1, block.collect::<Vec<_>>().join("\n")));
    }
    found
}

/// The configurations in a block: that of each event of an EventSource, or the block itself, with what a part of a
/// configuration leaves out.
fn configs(block: &str, value: &Value, keys: &[String]) -> Vec<String> {
    if value["kind"] == "EventSource" {
        let events = value["spec"]["generic"].as_object().unwrap();
        let configs = events.values().map(|event| event["config"].as_str());
        return configs.map(|it| it.unwrap().to_owned()).collect();
    }
    let Some(mapping) = value.as_object() else {
        return Vec::new();
    };
    if !mapping.keys().all(|key| keys.contains(key)) {
        return Vec::new();
    }
    let mut config = format!("{block}\n");
    let has = |key: &str| mapping.contains_key(key);
    for (is_there, line) in [
        (has("account") || has("endpoint"), "account: abc\n"),
        (has("container"), "container: abc\n"),
        (has("state"), "state: {container: def}\n"),
    ] {
        if !is_there {
            config.push_str(line);
        }
    }
    vec![config]
}

/// The keys of each section, by the path of the section: what the messages about an unknown key say.
fn keys() -> Vec<(String, Vec<String>)> {
    let error = SourceConfig::parse(EACH_SECTION.as_bytes()).unwrap_err();
    let error = error.to_string();
    let unknown = format!("unknown key `{UNKNOWN}`; allowed: ");
    let sections = error.lines().filter_map(|line| {
        let (path, allowed) = line.split_once(&unknown)?;
        // The entries of a list have the same keys as one entry that stands alone.
        let path = path
            .trim_end_matches(": ")
            .replace("[0]", "")
            .replace("[1]", "");
        let keys = allowed.split('`').skip(1).step_by(2);
        let keys: Vec<String> = keys.map(str::to_owned).collect();
        Some((path, keys))
    });
    sections.collect()
}

/// The product's own commands in a page, each as its words.
fn commands(page: &str) -> Vec<Vec<String>> {
    let joined = page.replace("\\\n", " ");
    let lines = joined
        .lines()
        .map(|line| line.trim().trim_start_matches("$ "));
    let typed = lines.filter(|line| line.starts_with("azure-blob-eventsource "));
    let commands = typed.map(|line| {
        let words = line.split_whitespace();
        // What the shell takes is not the command's.
        let words = words.take_while(|word| !word.starts_with(['|', '<', '>', '#']));
        words.map(str::to_owned).collect()
    });
    commands.collect()
}

#[test]
fn each_block_of_yaml_can_be_read_and_each_configuration_is_one() {
    let sections = keys();
    let (_, root) = sections.iter().find(|(path, _)| path.is_empty()).unwrap();
    let mut count = 0;
    for page in pages() {
        for (line, block) in blocks(&fs::read_to_string(&page).unwrap()) {
            let place = format!("{}:{line}", page.display());
            let value: Value =
                serde_saphyr::from_str(&block).unwrap_or_else(|error| panic!("{place}: {error}"));
            for config in configs(&block, &value, root) {
                let parsed = SourceConfig::parse(config.as_bytes());
                assert!(parsed.is_ok(), "{place}: {}", parsed.unwrap_err());
                count += 1;
            }
        }
    }
    assert!(count >= 8, "only {count} configurations were found");
}

#[test]
fn each_key_is_documented() {
    let page = read("docs/configuration.md");
    let sections = keys();
    assert_eq!(sections.len(), 10, "{sections:?}");
    for (path, keys) in sections {
        for key in keys {
            let key = match path.is_empty() {
                true => key,
                false => format!("{path}.{key}"),
            };
            let shown = page.contains(&format!("`{key}`")) || page.contains(&format!("`{key}."));
            assert!(shown, "docs/configuration.md has no `{key}`");
        }
    }
}

#[test]
fn each_command_is_one() {
    let mut count = 0;
    for page in pages() {
        for command in commands(&fs::read_to_string(&page).unwrap()) {
            let parsed = Args::try_parse_from(&command);
            let place = format!("{}: {}", page.display(), command.join(" "));
            assert!(parsed.is_ok(), "{place}: {}", parsed.unwrap_err());
            count += 1;
        }
    }
    assert!(count >= 12, "only {count} commands were found");
}

#[test]
fn each_command_of_the_help_is_one() {
    let command = Args::command();
    let all = [&command].into_iter().chain(command.get_subcommands());
    let texts = all.filter_map(|it| it.get_after_help());
    let texts: Vec<_> = texts.map(ToString::to_string).collect();
    let examples = commands(&texts.join("\n"));
    assert!(examples.len() >= 19, "only {examples:?} were found");
    for example in examples {
        let parsed = Args::try_parse_from(&example);
        assert!(parsed.is_ok(), "{example:?}: {}", parsed.unwrap_err());
    }
}
