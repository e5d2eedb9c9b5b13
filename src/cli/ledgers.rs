//! The ledgers in a state container, as far as somebody needs to know them who chooses one.

use std::{collections::BTreeSet, sync::Arc};

use futures::{StreamExt, TryStreamExt, stream};

use super::which::{Asked, Known, Unclear, Which};
use crate::{
    config::{SourceConfig, source_id::source_id},
    journal::{
        peek::facts_of,
        source_store::{Rollover, SourceStore},
    },
    ports::{connect::Opened, error::StorageError, state::StateStore},
};

/// How many are read at once.
const AT_ONCE: usize = 8;
/// How many are looked at. Nobody chooses from a longer list.
const MANY: usize = 200;

/// Which source of those in the state container a configuration is of.
///
/// # Errors
/// The state container cannot be read. Within: a sentence about what was typed.
pub(super) async fn which(
    config: &SourceConfig,
    opened: &Opened,
    state: &Arc<dyn StateStore>,
    name: Option<&str>,
) -> Result<Result<Which, String>, StorageError> {
    let found = find(config, opened, state, name).await?;
    Ok(found.map_err(|unclear| unclear.told))
}

/// As [`which`], for somebody who may name a source that has not run yet.
///
/// # Errors
/// As [`which`].
pub(super) async fn which_or_new(
    config: &SourceConfig,
    opened: &Opened,
    state: &Arc<dyn StateStore>,
    name: Option<&str>,
) -> Result<Result<Which, String>, StorageError> {
    let found = find(config, opened, state, name).await?;
    Ok(found.or_else(Unclear::or_new))
}

async fn find(
    config: &SourceConfig,
    opened: &Opened,
    state: &Arc<dyn StateStore>,
    name: Option<&str>,
) -> Result<Result<Which, Unclear>, StorageError> {
    let id_of = |name: &str| source_id(config, name, &opened.endpoint);
    let asked = Asked {
        container: &format!("{}/{}", opened.endpoint, config.container),
        prefix: &config.filter.spec().prefix,
        id: config.id.as_deref(),
        name,
        id_of: &id_of,
        state: config.state.as_deref().unwrap_or_default(),
    };
    // What is named and there needs no list of all others.
    if let Some(id) = asked.named() {
        let journals = store_of(state, &id).journals();
        if !state.list(&journals).await?.is_empty() {
            return Ok(Ok(Which::Named(id)));
        }
    }
    Ok(asked.choose(&ledgers(state).await?))
}

/// A source's folder, for who only reads.
pub(super) fn store_of(store: &Arc<dyn StateStore>, id: &str) -> SourceStore {
    SourceStore {
        store: Arc::clone(store),
        source_id: id.to_owned(),
        // Commands write no journal.
        writer: 0,
        rollover: Rollover::default(),
        stats: Arc::default(),
    }
}

/// All sources that have a ledger there, in the order of their names.
///
/// # Errors
/// The state container cannot be read.
pub(super) async fn ledgers(store: &Arc<dyn StateStore>) -> Result<Vec<Known>, StorageError> {
    let names = store.list("").await?;
    let folders = names
        .iter()
        .filter_map(|name| name.split_once("/journal-"))
        .map(|(folder, _)| folder.to_owned());
    let folders: BTreeSet<_> = folders.collect();
    let known = folders.into_iter().take(MANY).map(|id| async {
        let facts = facts_of(&store_of(store, &id)).await?;
        let used = facts.as_ref().and_then(|facts| {
            let used = facts.pending.as_ref().or(facts.baseline.as_ref());
            used.map(|used| used.filter.prefix.clone())
        });
        Ok(Known {
            id,
            container: facts.map(|facts| facts.container),
            prefix: used,
        })
    });
    stream::iter(known).buffered(AT_ONCE).try_collect().await
}
