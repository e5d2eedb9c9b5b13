//! What to do when no connection can be made, or when the account refuses the sign-in.

use std::{fs, path::Path};

use crate::{
    blob::ListPage,
    cli::report::{Step, storage_advice},
    config::SourceConfig,
    ports::{
        connect::ConnectError,
        error::{StorageError, StorageErrorKind},
    },
    text::{nearest::close, plain::Plain},
};

/// How many files are named.
const SHOWN: usize = 10;

/// The names of the files in a directory of credentials, as far as it can be read.
pub(super) fn files(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let names = entries.filter_map(|it| it.file_name().into_string().ok());
    // In a mounted Secret, `..data` is where the files are.
    let mut names: Vec<_> = names.filter(|it| !it.starts_with('.')).collect();
    names.sort_unstable();
    names
}

/// The steps when there is no connection. `credentials` are the files in the directory of credentials; `None` without one.
pub(super) fn steps(
    error: &ConnectError,
    config: &SourceConfig,
    credentials: Option<&[String]>,
) -> Vec<Step> {
    let advice = match error {
        ConnectError::Invalid(_) if config.credential.is_none() => {
            "write what the message says, or name a `credential`: without one this command signs in with a token, which it \
             sends over https to Azure's own endpoints and to those of --allow-endpoint"
                .to_owned()
        }
        ConnectError::NoCredential(_) => missing(config, credentials),
        // The message itself says what to do.
        ConnectError::Invalid(_) | ConnectError::Credential(_) | ConnectError::Machine(_) => {
            String::new()
        }
    };
    let mut steps = vec![Step::fail("connect", error.to_string(), advice)];
    let skipped = ["list", "state", "clock"];
    steps.extend(skipped.map(|it| Step::skip(it, "there is no connection")));
    steps
}

/// Whether anybody answers at the endpoint. `listed` is the first thing that was asked for.
pub(super) fn step(endpoint: &str, id: &str, listed: &Result<ListPage, StorageError>) -> Step {
    match listed {
        // The step of the listing says why, and what to do.
        Err(error) if error.service_time.is_none() => {
            Step::skip("connect", &format!("{endpoint}: no answer"))
        }
        _ => Step::ok("connect", format!("{endpoint} as source {id}")),
    }
}

/// What to do without the file that a configuration names.
fn missing(config: &SourceConfig, credentials: Option<&[String]>) -> String {
    let Some(files) = credentials else {
        return "put the connection string into a file, and give its directory with --credentials-dir; the file's name is the \
                value of `credential`"
            .to_owned();
    };
    let wanted = config.credential.as_deref().unwrap_or_default();
    let names: Vec<&str> = files.iter().map(String::as_str).collect();
    if let Some(meant) = close(wanted, &names) {
        return format!("did you mean `credential: {}`?", Plain(meant));
    }
    let shown = names
        .iter()
        .take(SHOWN)
        .map(|it| format!("`{}`", Plain(it)));
    let shown: Vec<_> = shown.collect();
    let there = match shown.is_empty() {
        true => "the directory of --credentials-dir has no file".to_owned(),
        false => format!("--credentials-dir has {}", shown.join(", ")),
    };
    format!(
        "{there}: write the name of one as `credential`, or put the connection string into a file of that name"
    )
}

/// What to do about an answer of the storage account.
pub(super) fn advice(
    kind: StorageErrorKind,
    config: &SourceConfig,
    role: &str,
    container: &str,
) -> String {
    match (kind, &config.credential) {
        (StorageErrorKind::Unauthenticated, None) => {
            "on a laptop sign in with `az login`, in the cluster set up workload identity; or name a `credential`, a file of \
             --credentials-dir; and check whether the clock is right"
                .to_owned()
        }
        _ => storage_advice(kind, role, container),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn told(error: &ConnectError, credential: Option<&str>, files: Option<&[&str]>) -> String {
        let config = SourceConfig {
            credential: credential.map(str::to_owned),
            ..testing::config()
        };
        let files = files.map(|it| it.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        let steps = steps(error, &config, files.as_deref());
        steps
            .iter()
            .map(|it| it.to_json()["advice"].to_string())
            .collect()
    }

    #[test]
    fn a_credential_that_is_not_there_is_told_with_those_that_are() {
        let missing = ConnectError::NoCredential("no file".to_owned());
        let told = |files| told(&missing, Some("azurit"), files);
        assert!(told(Some(&["azurite", "other"])).contains("did you mean `credential: azurite`?"));
        assert!(
            told(Some(&["storage", "x1"])).contains("--credentials-dir has `storage`, `x1`: write")
        );
        assert!(told(Some(&[])).contains("has no file"));
        assert!(told(None).contains("give its directory with --credentials-dir"));
    }

    #[test]
    fn only_who_signs_in_with_a_token_is_told_of_tokens() {
        let invalid = ConnectError::Invalid("write `account: a`".to_owned());
        assert!(!told(&invalid, Some("azurite"), None).contains("token"));
        assert!(told(&invalid, None, None).contains("--allow-endpoint"));
        let unsigned = |credential: Option<&str>| {
            let config = SourceConfig {
                credential: credential.map(str::to_owned),
                ..testing::config()
            };
            advice(
                StorageErrorKind::Unauthenticated,
                &config,
                "Reader",
                "container",
            )
        };
        assert!(unsigned(None).contains("`az login`"));
        assert!(unsigned(Some("a")).contains("key or SAS"));
    }
}
