//! How the source stands: whether it ever ran, what it has done, and what is wrong with it.

use crate::{
    cli::{counts::counted, report::Step, source::OpenedSource},
    event::rfc3339,
    ports::error::StorageError,
    state::stall::Stalled,
};

/// What the source's folder tells. A state container that does not answer is a step of its own.
pub(super) async fn steps(source: &OpenedSource) -> Vec<Step> {
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
        let were = if letters == 1 { "was" } else { "were" };
        let text = format!("{} {were} given up", counted(letters as u64, "event"));
        let advice =
            "`dead-letters list` has the reason of each; correct it, then `dead-letters retry`";
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
