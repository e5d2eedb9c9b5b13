//! What is said of sources, and the list to choose from.

use super::{Asked, Known};
use crate::text::plain::Plain;

/// How many sources a message lists.
pub(super) const SHOWN: usize = 10;

const NEW: &str = "A new source has run once its EventSource has connected to the server.";

impl Asked<'_> {
    /// That the source has no ledger, and which ones have.
    pub(in crate::cli) fn never_ran(&self, id: Option<&str>, known: &[Known]) -> String {
        let (own, others): (Vec<_>, Vec<_>) = known
            .iter()
            .partition(|it| self.is_here(it) && Self::is_own(it));
        let who = match id {
            Some(id) => format!("the source `{}` has never run", Plain(id)),
            None if known.is_empty() => {
                return "no source has ever run with this state container".to_owned();
            }
            None => format!("no source of {} has ever run", Plain(self.container)),
        };
        let others: Vec<_> = others.iter().take(SHOWN).collect();
        let ids: Vec<_> = others.iter().map(|it| Plain(&it.id).to_string()).collect();
        match (own.first(), ids.as_slice()) {
            (Some(own), _) => format!(
                "{who} with this state container; only `watch --connect` has: connect the EventSource, or choose the source \
                 that watched with `--name {}`",
                Plain(&self.typed(own))
            ),
            (None, []) => format!("{who} with this state container, and no other source has"),
            (None, ids) => format!(
                "{who} with this state container, but {} did, for another container",
                ids.join(", ")
            ),
        }
    }

    pub(super) fn other_prefixes(&self, there: &[&Known]) -> String {
        format!(
            "no source with {} has run with the state container `{}`, but others of the same container have: correct \
             `prefix` in the configuration, or choose one with --name:\n{}\n{NEW}",
            prefix(self.prefix),
            self.state,
            self.list(there)
        )
    }

    pub(super) fn several(&self, fitting: &[&Known]) -> String {
        format!(
            "{} sources of this container have run with the state container `{}`: choose one with --name:\n{}",
            fitting.len(),
            self.state,
            self.list(fitting)
        )
    }

    pub(super) fn has_moved(&self, name: &str, before: &Known) -> String {
        let id = Plain(&before.id);
        format!(
            "the source of the event `{}` has run with {}, and the configuration has {}: without `id`, the prefix is a part of the \
             source's name. Write `id: {id}` into the configuration to keep its ledger, or ask about the source as it was \
             with `--name {id}`",
            Plain(name),
            prefix(before.prefix.as_deref().unwrap_or_default()),
            prefix(self.prefix),
        )
    }

    pub(super) fn no_such_name(&self, name: &str, meant: Option<&str>, there: &[&Known]) -> String {
        let meant = meant.map(|meant| format!("--name {}", Plain(meant)));
        format!(
            "no source of the event `{}` has run for {} with the state container `{}`{} These have run for this \
             container:\n{}\n{NEW}",
            Plain(name),
            Plain(self.container),
            self.state,
            did_you_mean(meant),
            self.list(there)
        )
    }

    pub(super) fn no_such_id(&self, id: &str, meant: Option<&str>, ids: &[&str]) -> String {
        let meant = meant.map(|meant| format!("id: {}", Plain(meant)));
        let list: Vec<_> = ids.iter().map(|id| format!("  {}", Plain(id))).collect();
        format!(
            "no source with `id: {}` has run with the state container `{}`{} These have run for this container:\n{}\n{NEW}",
            Plain(id),
            self.state,
            did_you_mean(meant),
            bounded(list)
        )
    }

    fn list(&self, known: &[&Known]) -> String {
        let lines = known.iter().map(|it| {
            let typed = self.typed(it);
            let prefix = it.prefix.as_deref().map(prefix).unwrap_or_default();
            format!("  --name {}    {prefix}", Plain(&typed))
                .trim_end()
                .to_owned()
        });
        bounded(lines.collect())
    }
}

fn did_you_mean(meant: Option<String>) -> String {
    match meant {
        Some(meant) => format!("; did you mean `{meant}`?"),
        None => ".".to_owned(),
    }
}

fn prefix(prefix: &str) -> String {
    match prefix {
        "" => "no prefix".to_owned(),
        prefix => format!("the prefix `{}`", Plain(prefix)),
    }
}

fn bounded(mut lines: Vec<String>) -> String {
    let others = lines.len().saturating_sub(SHOWN);
    if others > 0 {
        lines.truncate(SHOWN);
        lines.push(format!("  … and {others} more"));
    }
    lines.join("\n")
}
