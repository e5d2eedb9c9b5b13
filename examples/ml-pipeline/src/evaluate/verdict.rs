//! Whether a model is worth having: what all of its figures say, beside those of the baseline. Decisions
//! alone.

use serde::{Deserialize, Serialize};

use super::{Figures, Score};
use crate::preprocess::listed;

/// Below how many rows no score proves anything.
pub const LEAST_ROWS: u64 = 10;

/// What the comparison with the baseline says.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The score is above the baseline, beyond chance, and no other figure is below.
    Better,
    /// The score is, but another figure is not.
    Mixed,
    /// The score is above the baseline, but the interval of chance contains the baseline.
    Uncertain,
    /// The score is not above the baseline.
    NoBetter,
    /// There are too few rows, or rows of one class alone.
    Untested,
}

/// The outcome, and the sentence that says why.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// For programs.
    pub outcome: Outcome,
    /// For people.
    pub because: String,
}

impl Outcome {
    /// One word, as `metrics.json` has it.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Better => "better",
            Outcome::Mixed => "mixed",
            Outcome::Uncertain => "uncertain",
            Outcome::NoBetter => "no-better",
            Outcome::Untested => "untested",
        }
    }
}

/// A figure of the model beside the baseline's.
struct Compared {
    name: &'static str,
    model: f64,
    baseline: f64,
    /// Whether less is better.
    is_loss: bool,
}

impl Compared {
    fn is_better(&self) -> bool {
        match self.is_loss {
            true => self.model < self.baseline,
            false => self.model > self.baseline,
        }
    }

    fn told(&self) -> String {
        let Compared {
            name,
            model,
            baseline,
            ..
        } = self;
        format!("{name} ({} against {})", shown(*model), shown(*baseline))
    }
}

/// The verdict on a score and the figures of the same rows, which may be `of_one_class`.
pub fn verdict(score: &Score, model: &Figures, baseline: &Figures, of_one_class: bool) -> Verdict {
    let Score {
        name,
        value,
        low,
        high,
        baseline: none,
        rows,
        ..
    } = score;
    if let Some(because) = untested(*rows, of_one_class) {
        return Verdict {
            outcome: Outcome::Untested,
            because: format!("nothing is proven: {because}"),
        };
    }
    if value <= none {
        return Verdict {
            outcome: Outcome::NoBetter,
            because: format!(
                "no better than the baseline, which learns nothing from the columns: {name} {} against {}",
                shown(*value),
                shown(*none)
            ),
        };
    }
    if low <= none {
        return Verdict {
            outcome: Outcome::Uncertain,
            because: format!(
                "not certainly better than the baseline: the 95 % interval of the {name}, {} to {}, contains {}; more \
                 rows or other columns may help",
                shown(*low),
                shown(*high),
                shown(*none)
            ),
        };
    }
    let is_log = name != "R2";
    let (good, bad): (Vec<_>, Vec<_>) = compared(model, baseline, is_log)
        .into_iter()
        .partition(Compared::is_better);
    let told = |some: &[Compared]| {
        let some: Vec<_> = some.iter().map(Compared::told).collect();
        listed(&some)
    };
    let (outcome, rest) = match bad.as_slice() {
        [] => (Outcome::Better, String::new()),
        bad => (Outcome::Mixed, format!(", but not in {}", told(bad))),
    };
    Verdict {
        outcome,
        because: format!("better than the baseline in {}{rest}", told(&good)),
    }
}

/// Why rows prove nothing, where they do not.
fn untested(rows: u64, of_one_class: bool) -> Option<String> {
    if rows < LEAST_ROWS {
        return Some(format!(
            "the score is of {}, and at least {LEAST_ROWS} are needed",
            crate::preprocess::counted(rows, "row")
        ));
    }
    of_one_class.then(|| "the score is of rows of one class alone".to_owned())
}

/// All figures of both; those of a regression may be on a log scale.
fn compared(model: &Figures, baseline: &Figures, is_log: bool) -> Vec<Compared> {
    let compared = |name, model, baseline, is_loss| Compared {
        name,
        model,
        baseline,
        is_loss,
    };
    match (model, baseline) {
        (
            Figures::Classification {
                accuracy,
                balanced_accuracy,
                log_loss,
                ..
            },
            Figures::Classification {
                accuracy: majority,
                balanced_accuracy: even,
                log_loss: prior,
                ..
            },
        ) => vec![
            compared("balanced accuracy", *balanced_accuracy, *even, false),
            compared("accuracy", *accuracy, *majority, false),
            compared("log loss", *log_loss, *prior, true),
        ],
        (Figures::Regression { r2, mae, .. }, Figures::Regression { mae: off, .. }) => {
            let (r2_name, mae_name) = match is_log {
                true => ("R2 on a log scale", "MAE on a log scale"),
                false => ("R2", "MAE"),
            };
            vec![
                compared(r2_name, *r2, 0.0, false),
                compared(mae_name, *mae, *off, true),
            ]
        }
        _ => Vec::new(),
    }
}

/// Four digits that say something, of large numbers the whole ones.
fn shown(number: f64) -> String {
    if number.abs() < 10.0 {
        format!("{number:.4}")
    } else {
        format!("{number:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(low: f64, value: f64, baseline: f64) -> Score {
        Score {
            name: "balanced accuracy".to_owned(),
            value,
            low,
            high: 1.0,
            baseline,
            by: super::super::Judge::Test,
            rows: 100,
        }
    }

    fn figures(accuracy: f64, balanced_accuracy: f64, log_loss: f64) -> Figures {
        Figures::Classification {
            accuracy,
            balanced_accuracy,
            macro_f1: 0.5,
            log_loss,
            auc: None,
        }
    }

    fn of(score: &Score, model: &Figures) -> (Outcome, String) {
        let it = verdict(score, model, &figures(0.9, 0.5, 0.33), false);
        (it.outcome, it.because)
    }

    #[test]
    fn each_figure_has_a_say() {
        let clear = score(0.6, 0.7, 0.5);
        assert_eq!(
            of(&clear, &figures(0.95, 0.7, 0.2)).1,
            "better than the baseline in balanced accuracy (0.7000 against 0.5000), accuracy (0.9500 against 0.9000) \
             and log loss (0.2000 against 0.3300)"
        );
        let (outcome, because) = of(&clear, &figures(0.8, 0.7, 0.5));
        assert_eq!(outcome, Outcome::Mixed);
        assert!(
            because.ends_with(
                "but not in accuracy (0.8000 against 0.9000) and log loss (0.5000 against 0.3300)"
            ),
            "{because}"
        );
        let good = figures(0.95, 0.7, 0.2);
        assert_eq!(of(&score(0.45, 0.7, 0.5), &good).0, Outcome::Uncertain);
        assert_eq!(of(&score(0.4, 0.5, 0.5), &good).0, Outcome::NoBetter);
    }

    #[test]
    fn few_rows_or_one_class_prove_nothing() {
        let model = figures(1.0, 1.0, 0.1);
        let few = Score {
            rows: 9,
            ..score(0.9, 1.0, 0.5)
        };
        assert!(of(&few, &model).1.contains("of 9 rows, and at least 10"));
        let one = verdict(&score(0.9, 1.0, 0.5), &model, &model, true);
        assert_eq!(
            one.because,
            "nothing is proven: the score is of rows of one class alone"
        );
    }
}
