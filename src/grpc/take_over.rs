//! Whether there is a source to take over. A name that was mistyped would be a new source, with a ledger of its own.

use std::{collections::BTreeSet, sync::Arc};

use tracing::debug;

use super::status::End;
use crate::{
    config::source_id::event_of, ports::state::StateStore, registry::Registry,
    text::nearest::nearest,
};

/// Refuses a client that wants to take over the source `id`, of the event `event`, which has never run, while others
/// have. `may_know`: whether the client may know that a source of this name exists.
///
/// # Errors
/// [`End::NothingToTakeOver`], with the event whose name is nearest.
pub(super) async fn needs_a_source(
    (id, event): (&str, &str),
    registry: &Registry,
    state: Option<&Arc<dyn StateStore>>,
    may_know: impl Fn(&str) -> bool,
) -> Result<(), End> {
    let mut known: BTreeSet<_> = registry.all().iter().map(|it| it.id.clone()).collect();
    if let Some(state) = state {
        // Without an answer nothing is refused: the stream itself says what is wrong with the state container.
        match state.list("").await {
            Ok(all) => known.extend(
                all.iter()
                    .filter_map(|it| Some(it.split_once("/journal-")?.0.to_owned())),
            ),
            Err(error) => debug!(%error, "the sources that have run cannot be listed"),
        }
    }
    if known.is_empty() || known.contains(id) {
        return Ok(());
    }
    let shown = known.iter().filter(|it| may_know(it));
    let events: Vec<_> = shown.map(|it| event_of(it).unwrap_or(it)).collect();
    let meant = nearest(event, &events);
    Err(End::NothingToTakeOver {
        event: event.to_owned(),
        meant: meant.map(str::to_owned),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    async fn asked(known: &[&str], id: &str, event: &str, names: bool) -> Option<String> {
        let registry = Registry::default();
        known.iter().for_each(|id| drop(registry.source(id)));
        let needs = needs_a_source((id, event), &registry, None, |_| names).await;
        needs.err().map(|end| end.to_string())
    }

    #[tokio::test]
    async fn a_source_that_never_ran_is_not_taken_over() {
        const TRAINING: &str = "training-0123456789abcdef";
        let known = [TRAINING, "raw"];
        assert_eq!(asked(&known, TRAINING, "training", true).await, None);
        let told = asked(&known, "trainin-0123456789abcdef", "trainin", true).await;
        let told = told.unwrap();
        assert!(
            told.contains("no source of the event `trainin` has run"),
            "{told}"
        );
        assert!(told.contains("did you mean `training`?"), "{told}");
        let told = asked(&known, "trainin-0123456789abcdef", "trainin", false).await;
        assert!(
            !told.unwrap().contains("training"),
            "a name that it may not know"
        );
        let told = asked(&known, "images-0123456789abcdef", "images", true).await;
        assert!(!told.unwrap().contains("did you mean"));
        // Where nothing has ever run, nothing can be mistaken for it.
        assert_eq!(asked(&[], "x-0123456789abcdef", "x", true).await, None);
    }
}
