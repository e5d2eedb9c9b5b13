//! What to type instead of what the command line does not know. Pure, but for [`variable`].

use std::env;

use clap::{
    Arg, Command, CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::args::Args;

/// Options for addresses that other servers have, and this one has not.
const ADDRESSES: [&str; 10] = [
    "--port",
    "-p",
    "--host",
    "--address",
    "--addr",
    "--bind",
    "--grpc-port",
    "--admin-port",
    "--metrics-port",
    "--http-port",
];
/// Options that other programs have for a configuration.
const FILES: [&str; 6] = ["-f", "--file", "--filename", "--values", "--conf", "--cfg"];
/// What other programs have for their version.
const VERSIONS: [&str; 4] = ["-v", "version", "--Version", "-version"];
/// What this program calls its configuration.
const CONFIGS: [&str; 2] = ["-c", "--config"];

/// What to type instead of `typed`, the arguments without the program's name, of which clap says `error`.
pub fn tip(error: &clap::Error, typed: &[String]) -> Option<String> {
    let program = Args::command();
    let command = typed.iter().find_map(|it| program.find_subcommand(it));
    let word = |kind| match error.get(kind)? {
        ContextValue::String(found) => Some(found.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::UnknownArgument => unknown(command, word(ContextKind::InvalidArg)?, typed),
        ErrorKind::InvalidSubcommand => {
            is_version(word(ContextKind::InvalidSubcommand)?).then(version)
        }
        ErrorKind::ArgumentConflict => {
            is_twice(word(ContextKind::InvalidArg)?, word(ContextKind::PriorArg)?).then(|| {
                "--blob is for one blob: use --prefix for several, or run the command once for each"
                    .to_owned()
            })
        }
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => {
            let option = word(ContextKind::InvalidArg)?;
            let value = word(ContextKind::InvalidValue).unwrap_or_default();
            let arguments = command.into_iter().chain([&program]);
            let mut arguments = arguments.flat_map(Command::get_arguments);
            let long = long_name(option)?;
            let argument = arguments.find(|it| it.get_long() == Some(long))?;
            from_variable(argument, value, typed)
        }
        _ => None,
    }
}

fn unknown(command: Option<&Command>, found: &str, typed: &[String]) -> Option<String> {
    let takes_config = command.is_some_and(|it| has_option(it, "config", typed));
    let name = command.map_or("", Command::get_name);
    if ADDRESSES.contains(&found) {
        return Some(
            "`serve` takes addresses: --listen 0.0.0.0:50051 for gRPC, --admin-listen 0.0.0.0:9090 for the status page and \
             metrics; `watch` takes a URL: --connect http://localhost:50051"
                .to_owned(),
        );
    }
    if is_version(found) {
        return Some(version());
    }
    if name == "serve" && (CONFIGS.contains(&found) || FILES.contains(&found)) {
        return Some(
            "the server takes no configuration: each stream brings its own, from the EventSource. \
             `check --config FILE` tries one, `watch --config FILE` shows its events"
                .to_owned(),
        );
    }
    if takes_config && FILES.contains(&found) {
        return Some("--config FILE names the configuration".to_owned());
    }
    if found.starts_with('-') {
        return None;
    }
    if takes_config && !typed.iter().any(|it| is_config(it)) {
        // `explain FILE BLOB` has room for one of them, so the second is what clap complains about.
        let file = typed.iter().find(|it| is_file(it));
        return Some(format!("--config {}", file.map_or(found, String::as_str)));
    }
    (name == "replay").then(|| format!("for one blob: --blob {found}"))
}

// Also of `dead-letters list`, which is a command of a command.
fn has_option(command: &Command, long: &str, typed: &[String]) -> bool {
    let has = |command: &Command| {
        command
            .get_arguments()
            .any(|it| it.get_long() == Some(long))
    };
    let mut inner = command.get_subcommands();
    has(command) || inner.any(|it| typed.iter().any(|word| word == it.get_name()) && has(it))
}

fn is_config(word: &str) -> bool {
    CONFIGS.contains(&word) || word.starts_with("--config=")
}

fn is_file(word: &str) -> bool {
    !word.starts_with('-') && (word.ends_with(".yaml") || word.ends_with(".yml"))
}

fn is_version(word: &str) -> bool {
    VERSIONS.contains(&word)
}

fn version() -> String {
    "azure-blob-eventsource --version".to_owned()
}

fn is_twice(found: &str, prior: &str) -> bool {
    found == prior && found.starts_with("--blob")
}

fn long_name(option: &str) -> Option<&str> {
    option.split([' ', '=']).next()?.strip_prefix("--")
}

// clap names the option, also when nobody typed it.
fn from_variable(argument: &Arg, value: &str, typed: &[String]) -> Option<String> {
    let long = argument.get_long()?;
    let is_typed = |word: &String| {
        let rest = word
            .strip_prefix("--")
            .and_then(|word| word.strip_prefix(long));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    };
    if typed.iter().any(is_typed) {
        return None;
    }
    let name = argument.get_env()?.to_string_lossy().into_owned();
    variable(&name).then(|| match value {
        "" => format!("the environment variable {name} is empty: remove it, or give it a value"),
        _ => format!("the value is that of the environment variable {name}"),
    })
}

fn variable(name: &str) -> bool {
    env::var_os(name).is_some()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use clap::Parser;

    use super::*;

    fn told(line: &str) -> Option<String> {
        let typed: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        let program = std::iter::once("x".to_owned());
        let error = Args::try_parse_from(program.chain(typed.clone())).unwrap_err();
        tip(&error, &typed)
    }

    #[test]
    fn what_people_type_elsewhere_is_known() {
        for (line, words) in [
            ("serve --port 1", "--listen 0.0.0.0:50051"),
            ("watch -c - -p 1", "--connect http://localhost:50051"),
            ("check source.yaml", "--config source.yaml"),
            ("explain source.yaml raw/a.csv", "--config source.yaml"),
            ("dead-letters list source.yaml", "--config source.yaml"),
            ("check -f source.yaml", "--config FILE names"),
            ("watch --file source.yaml", "--config FILE names"),
            ("serve --config x", "the server takes no configuration"),
            ("serve -f x", "the server takes no configuration"),
            ("replay -c - raw/a.csv", "for one blob: --blob raw/a.csv"),
            ("replay -c - --blob a --blob b", "--blob is for one blob"),
            ("version", "--version"),
            ("-v", "--version"),
            ("check -v", "--version"),
        ] {
            let told = told(line).unwrap_or_else(|| panic!("{line}"));
            assert!(told.contains(words), "{line}: {told}");
        }
    }

    #[test]
    fn what_nobody_can_guess_has_no_tip() {
        for line in [
            "check --no-such",
            "check -c a.yaml b.yaml",
            "chekc",
            "serve x",
            "replay -c - --prefix a --blob b",
            "serve --listen x",
        ] {
            assert_eq!(told(line), None, "{line}");
        }
    }
}
