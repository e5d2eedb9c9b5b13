//! Workflows that have not finished, and which of them nobody works on. Pure.
//!
//! Facts: Argo Workflows 4.0.5, `workflow/controller`. The controller sets the label
//! `workflows.argoproj.io/phase` when it takes a Workflow up, `Pending` when its own limits make the
//! Workflow wait, and `workflows.argoproj.io/completed` never before that (`markWorkflowPhase` in
//! `operator.go`). There are Workflows that it cannot take up and writes nothing on: `setExecWorkflow`
//! returns an error of its templating without a phase. It looks at each of them again every 20 minutes.
//! That a Workflow is suspended is not in its metadata: its phase is `Running`.

use std::{collections::HashMap, time::Duration};

use serde::Serialize;

/// A Workflow that has had no phase for longer than this is one that Argo's controller does not take
/// up; one that was deleted so long ago is kept by a finalizer. The controller needs seconds, and its
/// own `healthz.go` calls 5 minutes without a phase unhealthy.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// How many are told by name, at most.
pub const NAMED: usize = 20;

/// What is known of a Workflow that has not finished. Moments are seconds since 1970, by the API
/// server's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// When it was made.
    pub created: i64,
    /// Its phase, as Argo has it; `None` as long as the controller has not taken it up.
    pub phase: Option<String>,
    /// When it was deleted, if it was and a finalizer keeps it.
    pub deleted: Option<i64>,
}

impl Unfinished {
    /// Since when it has had no phase. One that was deleted will never have any.
    fn without_phase(&self) -> Option<i64> {
        let waits = self.phase.is_none() && self.deleted.is_none();
        waits.then_some(self.created)
    }
}

/// All that have not finished, as of a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Survey {
    /// How many they are.
    pub count: usize,
    /// The one that was made first.
    pub oldest: Option<Holder>,
    /// Those without a phase for longer than [`PATIENCE`].
    pub without_phase: Group,
    /// Those that were deleted longer ago than [`PATIENCE`] and are still there.
    pub deleted: Group,
}

/// The unfinished Workflows of a namespace, as of a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Workflows {
    /// Where they are.
    pub namespace: String,
    /// What is known of them.
    #[serde(flatten)]
    pub survey: Survey,
}

impl Survey {
    /// Those that are named of the stuck ones.
    pub fn stuck(&self) -> impl Iterator<Item = &Holder> {
        self.without_phase.oldest.iter().chain(&self.deleted.oldest)
    }
}

/// Those of all that have one thing in common.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// How many they are.
    pub count: usize,
    /// The oldest of them, at most [`NAMED`].
    pub oldest: Vec<Holder>,
}

/// A Workflow that has not finished, as of a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// Its name.
    pub name: String,
    /// How many seconds ago it was made.
    pub age_seconds: u64,
    /// Its phase, if it has one.
    pub phase: Option<String>,
    /// How many seconds ago it was deleted, if it was.
    pub deleted_seconds: Option<u64>,
}

impl Holder {
    /// What is known of `name` at `now`, in seconds since 1970.
    pub fn of(name: &str, unfinished: &Unfinished, now: i64) -> Self {
        Self {
            name: name.to_owned(),
            age_seconds: since(unfinished.created, now),
            phase: unfinished.phase.clone(),
            deleted_seconds: unfinished.deleted.map(|deleted| since(deleted, now)),
        }
    }

    /// Whether nobody will finish it without somebody's doing.
    pub fn is_stuck(&self) -> bool {
        let long = |seconds: u64| seconds > PATIENCE.as_secs();
        match self.deleted_seconds {
            Some(deleted) => long(deleted),
            None => self.phase.is_none() && long(self.age_seconds),
        }
    }
}

// A moment that is yet to come, by a clock that is behind, counts as now.
fn since(moment: i64, now: i64) -> u64 {
    u64::try_from(now.saturating_sub(moment)).unwrap_or(0)
}

/// Looks at all of them at `now`, in seconds since 1970.
pub(super) fn survey(all: &HashMap<String, Unfinished>, now: i64) -> Survey {
    let oldest = all.iter().min_by_key(|(name, it)| (it.created, *name));
    Survey {
        count: all.len(),
        oldest: oldest.map(|(name, it)| Holder::of(name, it, now)),
        without_phase: group(all, Unfinished::without_phase, now),
        deleted: group(all, |it| it.deleted, now),
    }
}

fn group(
    all: &HashMap<String, Unfinished>,
    from: fn(&Unfinished) -> Option<i64>,
    now: i64,
) -> Group {
    let waits = |it: &Unfinished| from(it).filter(|from| since(*from, now) > PATIENCE.as_secs());
    let mut found: Vec<_> = all
        .iter()
        .filter_map(|(name, it)| Some((waits(it)?, name, it)))
        .collect();
    found.sort_unstable_by_key(|(from, name, _)| (*from, *name));
    let oldest = found.iter().take(NAMED);
    Group {
        count: found.len(),
        oldest: oldest
            .map(|(_, name, it)| Holder::of(name, it, now))
            .collect(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000;

    fn made(seconds_ago: i64, phase: Option<&str>) -> Unfinished {
        Unfinished {
            created: NOW - seconds_ago,
            phase: phase.map(str::to_owned),
            deleted: None,
        }
    }

    fn deleted(seconds_ago: i64, phase: Option<&str>) -> Unfinished {
        Unfinished {
            deleted: Some(NOW - seconds_ago),
            ..made(9000, phase)
        }
    }

    fn look(all: impl IntoIterator<Item = (&'static str, Unfinished)>) -> Survey {
        let all = all.into_iter().map(|(name, it)| (name.to_owned(), it));
        survey(&all.collect(), NOW)
    }

    fn names(group: &Group) -> Vec<&str> {
        group.oldest.iter().map(|it| it.name.as_str()).collect()
    }

    #[test]
    fn a_workflow_without_a_phase_is_told_after_three_minutes_and_the_oldest_first() {
        let seen = look([
            ("young", made(180, None)),
            ("b", made(181, None)),
            ("a", made(181, None)),
            ("oldest", made(4000, None)),
            ("pending", made(90_000, Some("Pending"))),
            ("running", made(99_000, Some("Running"))),
        ]);
        assert_eq!((seen.count, seen.without_phase.count), (6, 3));
        assert_eq!(names(&seen.without_phase), ["oldest", "a", "b"]);
        assert_eq!(seen.without_phase.oldest[0].age_seconds, 4000);
        assert_eq!(seen.oldest.unwrap().name, "running");
    }

    #[test]
    fn a_deleted_workflow_that_a_finalizer_keeps_is_told_as_such_and_not_for_its_phase() {
        let seen = look([
            ("going", deleted(180, None)),
            ("kept", deleted(181, None)),
            ("kept-too", deleted(200, Some("Running"))),
        ]);
        assert_eq!(names(&seen.deleted), ["kept-too", "kept"]);
        assert_eq!(seen.deleted.oldest[1].deleted_seconds, Some(181));
        assert_eq!(seen.without_phase, Group::default());
    }

    #[test]
    fn however_many_there_are_only_some_are_named() {
        let many = (0..500).map(|n| (format!("w-{n:03}"), made(1000 - n, None)));
        let seen = survey(&many.collect(), NOW);
        assert_eq!(seen.without_phase.count, 500);
        assert_eq!(seen.without_phase.oldest.len(), NAMED);
        assert_eq!(names(&seen.without_phase)[0], "w-000");
    }

    #[test]
    fn what_was_made_in_the_future_has_no_age() {
        let seen = look([("a", made(-50, None)), ("b", made(i64::MIN / 2, None))]);
        assert_eq!(seen.without_phase.count, 0);
        assert_eq!(seen.oldest.unwrap().age_seconds, 0);
    }

    #[test]
    fn a_single_workflow_is_judged_as_all_are() {
        let stuck = |it: &Unfinished| Holder::of("a", it, NOW).is_stuck();
        assert!(stuck(&made(181, None)) && !stuck(&made(180, None)));
        assert!(!stuck(&made(9000, Some("Running"))));
        assert!(stuck(&deleted(181, Some("Running"))) && !stuck(&deleted(180, None)));
    }
}
