//! What the bounds of batches come to. Pure.

use std::time::Duration;

use super::batch_reach::problem;
use crate::{
    batch::rules::{BatchRules, By},
    cli::report::Step,
    config::SourceConfig,
};

/// When a batch closes, and whether that makes sense; `None` without batches.
pub(super) fn step(config: &SourceConfig) -> Option<Step> {
    let rules = config.batch.as_ref()?;
    let text = described(rules);
    let cut = rules
        .quiet
        .filter(|quiet| config.listing && *quiet <= config.interval);
    Some(match cut {
        // With a queue, sweeps only find what no notification told of.
        Some(quiet) if config.queue.is_none() => Step::warn(
            "batch",
            text,
            format!(
                "sweeps are {:?} apart, so after {quiet:?} no sweep has looked for new blobs yet: set `quiet` to \
                 more than twice `source.listing.interval`, or find blobs by a queue",
                config.interval
            ),
        ),
        _ => match problem(rules, config.filter.spec()) {
            Some(problem) => Step::warn("batch", text, problem),
            None => Step::ok("batch", text),
        },
    })
}

fn described(rules: &BatchRules) -> String {
    let by = match rules.by {
        By::All => "all blobs are one group".to_owned(),
        By::Folder => "each folder is a group".to_owned(),
        By::Depth(depth) => format!("blobs with the same first {depth} folders are a group"),
    };
    let after = |bound: Option<Duration>, what: &str| bound.map(|it| format!("{it:?} {what}"));
    let bounds = [
        Some(format!("{} blobs", rules.max_blobs)),
        rules.max_bytes.map(|it| format!("{it} bytes")),
        after(rules.max_wait, "after its first blob"),
        after(rules.quiet, "without a new one"),
    ];
    let bounds: Vec<_> = bounds.into_iter().flatten().collect();
    format!("{by}; a batch closes at {}", bounds.join(", or "))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::testing;

    fn told(rules: BatchRules) -> String {
        let config = SourceConfig {
            batch: Some(rules),
            ..testing::config()
        };
        step(&config).unwrap().to_json().to_string()
    }

    #[test]
    fn the_bounds_are_told_and_a_quiet_that_no_sweep_can_see_is_warned_of() {
        let rules = BatchRules {
            by: By::Folder,
            max_blobs: 1000,
            max_bytes: None,
            max_wait: None,
            quiet: Some(Duration::from_secs(300)),
            keep: Duration::ZERO,
        };
        let good = told(rules.clone());
        let words =
            "each folder is a group; a batch closes at 1000 blobs, or 300s without a new one";
        assert!(good.contains(words), "{good}");
        assert!(!good.contains("sweeps are"), "{good}");
        let cut = told(BatchRules {
            quiet: Some(Duration::from_secs(10)),
            ..rules
        });
        assert!(cut.contains("sweeps are 30s apart"), "{cut}");
        assert!(step(&testing::config()).is_none());
    }
}
