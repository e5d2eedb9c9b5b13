//! How the source stands: whether it ever ran, what it has done, and what is wrong with it.

use std::time::Duration;

use tokio::time::timeout;

use crate::{
    cli::{counts::counted, ledgers::which, report::Step, source::OpenedSource, which::Which},
    config::{SourceConfig, source_id::source_id},
    event::rfc3339,
    ports::{connect::Opened, error::StorageError},
    state::stall::Stalled,
};

/// How long it may take to find the source.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which source the configuration is of.
pub(super) enum Found {
    /// By the state container, or by what was typed.
    Known(Which),
    /// What was typed names none, and others have run.
    Mistaken(String),
}

impl Found {
    /// The source's name. One that nobody has named is called after this command.
    pub(super) fn id(&self, config: &SourceConfig, name: Option<&str>, endpoint: &str) -> String {
        let known = match self {
            Self::Known(which) => which.id(),
            Self::Mistaken(_) => None,
        };
        let derived = || source_id(config, name.unwrap_or("check"), endpoint);
        known.map_or_else(derived, str::to_owned)
    }
}

/// Looks into the state container. One that does not answer is a step of its own.
pub(super) async fn find(opened: &Opened, config: &SourceConfig, name: Option<&str>) -> Found {
    let named = name.map(|name| source_id(config, name, &opened.endpoint));
    let as_typed = Which::NeverRan(named.or_else(|| config.id.clone()));
    let Some(state) = &opened.state else {
        return Found::Known(as_typed);
    };
    let which = timeout(PATIENCE, which(config, opened, state, name)).await;
    match which {
        Ok(Ok(Ok(which))) => Found::Known(which),
        Ok(Ok(Err(told))) => Found::Mistaken(told),
        Ok(Err(_)) | Err(_) => Found::Known(as_typed),
    }
}

/// What the source's folder tells.
pub(super) async fn steps(opened: &Opened, config: &SourceConfig, found: &Found) -> Vec<Step> {
    let which = match found {
        Found::Known(which) => which,
        Found::Mistaken(told) => {
            let mut lines = told.lines().map(str::trim);
            let first = lines.next().unwrap_or_default().to_owned();
            let rest: Vec<_> = lines.collect();
            return vec![Step::warn("source", first, rest.join("; "))];
        }
    };
    let Some(source) = OpenedSource::of(config.clone(), opened.clone(), which) else {
        return Vec::new();
    };
    let source = &source;
    let mut steps = Vec::new();
    match source.known().await {
        Ok(known) => {
            let done = known.contents.done.len();
            let text = format!("{} has run, and {done} blobs are done", source.id());
            steps.push(Step::ok("source", text));
        }
        Err(error) => {
            steps.push(Step::skip("source", &format!("{error:#}")));
            return steps;
        }
    }
    if let Ok(Some(stalled)) = source.stalled().await {
        steps.push(stall_step(&stalled));
    }
    if let Ok(letters @ 1..) = letters(source).await {
        let text = counted(letters as u64, "dead letter");
        let advice =
            "`dead-letters list` has the reason of each; fix it, then `dead-letters retry`";
        steps.push(Step::warn("letters", text, advice));
    }
    steps
}

fn stall_step(stalled: &Stalled) -> Step {
    let since = rfc3339(stalled.since);
    let text = format!(
        "stalled since {since}: nothing is confirmed, {} events wait",
        stalled.waiting
    );
    Step::warn("stall", text, stalled.reason.clone())
}

async fn letters(source: &OpenedSource) -> Result<usize, StorageError> {
    let names = source.store().list(&source.folder.dead_letters()).await?;
    let ids = names
        .iter()
        .filter_map(|it| source.folder.dead_letter_id(it));
    Ok(ids.count())
}
