//! What people are told of unfinished Workflows: who takes the places of a limit, which of them nobody
//! works on, and what to do about it. Pure.

use std::fmt::{self, Display, Formatter};

use super::unfinished::{Group, Holder, Workflows};
use crate::text::age::Age;

impl Display for Holder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let age = Age(self.age_seconds);
        match (self.deleted_seconds, &self.phase) {
            (Some(deleted), _) => write!(f, "{} (deleted {} ago)", self.name, Age(deleted)),
            (None, Some(phase)) => write!(f, "{} ({phase}, {age} old)", self.name),
            (None, None) => write!(f, "{} (no phase for {age})", self.name),
        }
    }
}

impl Holder {
    /// Why nobody works on it; `None` when somebody does, or may yet.
    pub fn trouble(&self) -> Option<String> {
        let trouble = match self.deleted_seconds {
            Some(deleted) => format!(
                "was deleted {} ago and is still there: a finalizer keeps it",
                Age(deleted)
            ),
            None => format!(
                "has had no phase for {}: Argo's controller has not picked it up",
                Age(self.age_seconds)
            ),
        };
        self.is_stuck().then_some(trouble)
    }

    /// What to do about that.
    pub fn cure(&self, namespace: &str) -> String {
        match self.deleted_seconds {
            Some(_) => finalizer_cure(&self.name, namespace),
            None => phase_cure(&self.name, namespace),
        }
    }
}

// The controller looks again every 20 minutes (`workflowResyncPeriod`). What there was to delete was
// confirmed, and so is done: docs/delivery.md.
fn phase_cure(name: &str, namespace: &str) -> String {
    format!(
        "`kubectl describe workflow {name} -n {namespace}` shows it, and the log of Argo's workflow-controller \
         says why. once the cause is fixed, the controller picks it up by itself within 20 minutes. \
         `kubectl delete workflow {name} -n {namespace}` frees its place now: its event is done and does not \
         come again, and `replay --blob` runs the dataset again"
    )
}

// As `argo delete --force` does it.
fn finalizer_cure(name: &str, namespace: &str) -> String {
    format!(
        "`kubectl get workflow {name} -n {namespace} -o jsonpath='{{.metadata.finalizers}}'` says which one. \
         if nothing will ever remove the finalizer, remove it yourself: \
         `kubectl patch workflow {name} -n {namespace} --type=merge -p '{{\"metadata\":{{\"finalizers\":null}}}}'`"
    )
}

impl Workflows {
    /// Who takes the places of `limits.activeWorkflows`, which allows `most`: these, and `coming` events
    /// that are sent and not confirmed.
    pub fn places(&self, most: usize, coming: usize) -> String {
        let Self { namespace, survey } = self;
        let workflows = match survey.count {
            1 => "is 1 unfinished Workflow".to_owned(),
            count => format!("are {count} unfinished Workflows"),
        };
        let coming = match coming {
            0 => String::new(),
            1 => " and 1 event on its way".to_owned(),
            many => format!(" and {many} events on their way"),
        };
        let oldest = survey.oldest.as_ref();
        let oldest = oldest.map(|oldest| format!("; the oldest is {oldest}"));
        format!(
            "`limits.activeWorkflows` allows {most}: there {workflows} in namespace {namespace} \
             (those of all sources count together){coming}{}",
            oldest.unwrap_or_default()
        )
    }

    /// Which of them nobody works on, and what to do; `None` when there are none.
    pub fn complaint(&self) -> Option<String> {
        let Self { namespace, survey } = self;
        let phase = phase_cure("NAME", namespace);
        let finalizer = finalizer_cure("NAME", namespace);
        let parts = [
            told(
                "Argo's controller has not picked up",
                &survey.without_phase,
                "Workflow",
                &phase,
            ),
            told(
                "a finalizer keeps",
                &survey.deleted,
                "deleted Workflow",
                &finalizer,
            ),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

fn told(what: &str, group: &Group, noun: &str, cure: &str) -> Option<String> {
    let plural = if group.count == 1 { "" } else { "s" };
    let count = group.count;
    (count > 0).then(|| format!("{what} {count} {noun}{plural}: {group}. {cure}"))
}

/// The names, and how many more there are.
impl Display for Group {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.oldest.iter().map(Holder::to_string).collect();
        f.write_str(&names.join(", "))?;
        match self.count.saturating_sub(names.len()) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::confirm::unfinished::Survey;

    fn in_ml(survey: Survey) -> Workflows {
        Workflows {
            namespace: "ml".to_owned(),
            survey,
        }
    }

    fn holder(name: &str, age_seconds: u64, phase: Option<&str>, deleted: Option<u64>) -> Holder {
        Holder {
            name: name.to_owned(),
            age_seconds,
            phase: phase.map(str::to_owned),
            deleted_seconds: deleted,
        }
    }

    #[test]
    fn the_places_of_the_limit_are_told_with_the_oldest() {
        let eighteen = in_ml(Survey {
            count: 18,
            oldest: Some(holder("w-a", 10_920, Some("Running"), None)),
            ..Survey::default()
        });
        assert_eq!(
            eighteen.places(20, 2),
            "`limits.activeWorkflows` allows 20: there are 18 unfinished Workflows in namespace ml \
             (those of all sources count together) and 2 events on their way; \
             the oldest is w-a (Running, 3 h 2 min old)"
        );
        let one = in_ml(Survey {
            count: 1,
            ..Survey::default()
        });
        let words = one.places(2, 1);
        assert!(
            words.contains("there is 1 unfinished Workflow in")
                && words.ends_with("and 1 event on its way"),
            "{words}"
        );
        assert_eq!(one.complaint(), None);
    }

    #[test]
    fn what_is_stuck_is_told_by_name_with_its_cure() {
        let stuck = in_ml(Survey {
            count: 9,
            oldest: None,
            without_phase: Group {
                count: 3,
                oldest: vec![
                    holder("w-a", 192, None, None),
                    holder("w-b", 190, None, None),
                ],
            },
            deleted: Group {
                count: 1,
                oldest: vec![holder("w-c", 900, Some("Running"), Some(301))],
            },
        });
        let words = stuck.complaint().unwrap();
        for part in [
            "has not picked up 3 Workflows: w-a (no phase for 3 min 12 s), w-b (no phase for 3 min 10 s) and 1 more.",
            "`kubectl delete workflow NAME -n ml` frees its place",
            "a finalizer keeps 1 deleted Workflow: w-c (deleted 5 min 1 s ago).",
        ] {
            assert!(words.contains(part), "{words}");
        }
    }

    #[test]
    fn one_workflow_is_told_with_what_to_type() {
        let stuck = holder("w-a", 192, None, None);
        assert_eq!(
            stuck.trouble().unwrap(),
            "has had no phase for 3 min 12 s: Argo's controller has not picked it up"
        );
        let cure = stuck.cure("ml");
        for part in [
            "`kubectl describe workflow w-a -n ml`",
            "`kubectl delete workflow w-a -n ml`",
            "its event is done and does not come again, and `replay --blob` runs the dataset again",
        ] {
            assert!(cure.contains(part), "{cure}");
        }
        let kept = holder("w-c", 900, None, Some(301));
        assert!(kept.trouble().unwrap().contains("deleted 5 min 1 s ago"));
        assert!(
            kept.cure("ml")
                .contains(r#"-p '{"metadata":{"finalizers":null}}'`"#)
        );
        assert_eq!(holder("w-d", 9000, Some("Running"), None).trouble(), None);
    }
}
