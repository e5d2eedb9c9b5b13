//! How well candidates fit the data, on rows that they did not learn from, and which one is taken.

use serde::{Deserialize, Serialize};

use super::{
    candidate::Candidate,
    fit::{Losses, Record},
    folds::Cuts,
    held_out::{self, HeldOut},
    sample::{Sample, Scale},
};
use crate::table::Truth;

/// How one candidate did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trial {
    /// What it is called.
    pub name: String,
    /// Its mean score in the folds: the balanced accuracy, or R².
    pub score: f64,
    /// By how much that score may be chance: the standard error over the folds.
    pub error: f64,
    /// Into how many folds the rows were cut.
    pub folds: usize,
    /// How often they were cut again.
    pub repeats: usize,
    /// In how many of all these folds it was tried: fewer, if it fell behind.
    pub tried: usize,
    /// Its mean loss in the folds.
    pub loss: f64,
    /// After how many epochs, rounds or steps it did best, on average.
    pub epochs: usize,
    /// The same in words.
    pub course: String,
    /// The mean loss in each epoch.
    pub curve: Vec<Losses>,
}

/// A trial, with all that came out.
pub struct Compared {
    /// What was tried.
    pub candidate: &'static Candidate,
    /// The figures.
    pub trial: Trial,
    /// The score in each fold, in the same order for all candidates.
    pub scores: Vec<f64>,
    /// The loss in each fold.
    pub losses: Vec<f32>,
    /// What came out for the rows of each fold, from what learned without them.
    pub held_out: Vec<HeldOut>,
}

impl Compared {
    /// Of what a candidate did in the first folds, or in all.
    pub fn new(
        candidate: &'static Candidate,
        mut records: Vec<Record>,
        cuts: &Cuts,
        (sample, truth): (&Sample, &Truth),
    ) -> Self {
        let count = records.len() as f64;
        let longest = records.iter().map(|it| it.curve.len()).max();
        let curve = (0..longest.unwrap_or_default())
            .map(|epoch| mean_losses(records.iter().filter_map(|it| it.curve.get(epoch))))
            .collect();
        let epochs = epochs(&records);
        let losses = losses(&records);
        end_after(epochs, &mut records);
        let loss = losses.iter().map(|&loss| f64::from(loss)).sum::<f64>() / count;
        let held_out: Vec<_> = cuts
            .folds
            .iter()
            .zip(records)
            .map(|(fold, it)| HeldOut {
                rows: fold.watch.clone(),
                outputs: it.outputs,
            })
            .collect();
        let scores = scores(sample, truth, &held_out, cuts.count);
        let trial = Trial {
            name: candidate.name().to_owned(),
            score: mean(&scores),
            error: error(&scores, cuts.count),
            folds: cuts.count,
            repeats: cuts.repeats,
            tried: scores.len(),
            loss,
            epochs,
            course: candidate.course(epochs),
            curve,
        };
        Compared {
            candidate,
            trial,
            scores,
            losses,
            held_out,
        }
    }
}

/// For how many epochs the model learns from all rows: the mean of the folds' best ones.
fn epochs(records: &[Record]) -> usize {
    (records.iter().map(|it| it.epoch).sum::<usize>() / records.len().max(1)).max(1)
}

/// The loss of each fold after as many epochs as the model learns for. If each fold ended in its own best epoch, its score
/// would be too good by chance. It does where a fold did not keep all epochs.
pub fn losses(records: &[Record]) -> Vec<f32> {
    if !kept_all(records) {
        return records.iter().map(Record::loss).collect();
    }
    let epochs = epochs(records);
    let each = records.iter();
    each.map(|it| it.states[place(it, epochs)].loss).collect()
}

/// Lets all folds end after `epochs`, if all kept them.
fn end_after(epochs: usize, records: &mut [Record]) {
    if !kept_all(records) {
        return;
    }
    for record in records {
        let at = place(record, epochs);
        record.outputs = record.states.swap_remove(at).outputs;
    }
}

fn kept_all(records: &[Record]) -> bool {
    records.iter().all(|it| !it.states.is_empty())
}

// A fold that ended before stays as it was.
fn place(record: &Record, epochs: usize) -> usize {
    epochs.min(record.states.len()) - 1
}

impl Trial {
    /// Whether it was given up before all folds were tried.
    pub fn given_up(&self) -> bool {
        self.tried < self.folds * self.repeats
    }

    /// How it was tried, in words.
    pub fn way(&self) -> String {
        let Trial {
            folds,
            repeats,
            tried,
            ..
        } = self;
        if self.given_up() {
            format!("the first {tried} of {} folds", folds * repeats)
        } else if *repeats > 1 {
            format!("{repeats} x {folds} folds")
        } else {
            format!("{folds} folds")
        }
    }
}

/// The score of each fold. Classes are said as the model would say them, with a calibration that the
/// fold did not teach. The squared errors of a fold are set against the variance of all rows, as few rows may
/// have hardly any of their own.
fn scores(sample: &Sample, truth: &Truth, held_out: &[HeldOut], folds: usize) -> Vec<f64> {
    match truth {
        Truth::Classes(_) => {
            let said =
                held_out::predictions(held_out, folds, truth, sample.outputs, Scale::of(truth));
            let both = held_out.iter().zip(said);
            both.map(|(it, said)| said.score(&truth.pick(&it.rows), sample.outputs))
                .collect()
        }
        Truth::Numbers(_) => {
            let of_fold = |it: &HeldOut| {
                // What is wanted is scaled to a variance of 1.
                let off = |(&row, output): (&usize, &f32)| {
                    (f64::from(sample.wanted[row]) - f64::from(*output)).powi(2)
                };
                let squares: f64 = it.rows.iter().zip(&it.outputs).map(off).sum();
                1.0 - squares / it.rows.len().max(1) as f64
            };
            held_out.iter().map(of_fold).collect()
        }
    }
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len().max(1) as f64
}

/// The standard error of a mean over folds. Cutting the same rows again makes each fold's figure no more
/// certain to be that of other rows: only the folds of one cut count.
fn error(numbers: &[f64], folds: usize) -> f64 {
    let mean = mean(numbers);
    let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
    (squares / (numbers.len().max(2) - 1) as f64 / folds as f64).sqrt()
}

fn mean_losses<'a>(losses: impl Iterator<Item = &'a Losses>) -> Losses {
    let all: Vec<_> = losses.collect();
    let count = all.len() as f32;
    Losses {
        train: all.iter().map(|it| it.train).sum::<f32>() / count,
        watched: Some(all.iter().filter_map(|it| it.watched).sum::<f32>() / count),
    }
}

/// By how much the best score is ahead at most for the loss to say nothing: rows that are told apart well anyway can be
/// told apart more surely, which no simple model has to be given up for.
const LITTLE: f64 = 0.01;

/// Which candidate to take: the simplest that the best one is not ahead of by more than one standard
/// error (Breiman et al., "Classification and Regression Trees", 1984, section 3.4.3). That is the error
/// of the difference in the same folds: what makes a fold hard is hard for both. Where a class is rare, its few rows
/// make the score of a fold a matter of chance. So a score that is ahead by more than [`LITTLE`] counts as well if the
/// loss is.
pub fn best(compared: &[Compared]) -> usize {
    let tried = || compared.iter().filter(|it| !it.trial.given_up());
    let Some(greatest) = tried().max_by(|a, b| a.trial.score.total_cmp(&b.trial.score)) else {
        return 0;
    };
    let is_as_good = |it: &Compared| {
        let is_chance = |ahead: &[f64]| mean(ahead) <= error(ahead, it.trial.folds);
        let scores = greatest.scores.iter().zip(&it.scores);
        let scores: Vec<_> = scores.map(|(best, own)| best - own).collect();
        let losses = greatest.losses.iter().zip(&it.losses);
        let losses: Vec<_> = losses.map(|(best, own)| f64::from(own - best)).collect();
        let is_sure = mean(&scores) > LITTLE && !is_chance(&losses);
        !it.trial.given_up() && is_chance(&scores) && !is_sure
    };
    compared.iter().position(is_as_good).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::candidate::ALL;

    fn compared(scores: &[f64]) -> Compared {
        Compared {
            candidate: &ALL[0],
            trial: Trial {
                name: String::new(),
                score: mean(scores),
                error: error(scores, 5),
                folds: 5,
                repeats: 1,
                tried: scores.len(),
                loss: 0.0,
                epochs: 1,
                course: String::new(),
                curve: Vec::new(),
            },
            scores: scores.to_vec(),
            losses: vec![0.5; scores.len()],
            held_out: Vec::new(),
        }
    }

    #[test]
    fn all_folds_end_after_the_same_epoch() {
        let record = |losses: &[f32], best| {
            let mut record = Record::default();
            for (epoch, &loss) in (1..).zip(losses) {
                let losses = Losses {
                    train: 0.0,
                    watched: Some(loss),
                };
                record.curve.push(losses);
                record.keep(epoch, losses, &[epoch as f32]);
            }
            record.epoch = best;
            record
        };
        let mut records = [record(&[0.9, 0.5, 0.2], 3), record(&[0.8, 0.4], 3)];
        assert_eq!(losses(&records), [0.2, 0.4]);
        end_after(epochs(&records), &mut records);
        assert_eq!(records[1].outputs, [2.0], "it ended before");
        let mut records = [record(&[0.9, 0.5, 0.2], 3), record(&[0.1, 0.4, 0.9], 1)];
        assert_eq!((epochs(&records), losses(&records)), (2, vec![0.5, 0.4]));
        end_after(2, &mut records);
        assert_eq!(
            (&*records[0].outputs, &*records[1].outputs),
            (&[2.0][..], &[2.0][..])
        );
        let mut records = [record(&[0.9, 0.5], 2), Record::default()];
        assert_eq!(losses(&records), [0.5, f32::INFINITY], "one kept nothing");
        end_after(1, &mut records);
        assert!(records.iter().all(|it| it.outputs.is_empty()));
    }

    #[test]
    fn the_simplest_is_taken_unless_another_is_ahead_in_score_or_loss_in_the_same_folds() {
        let simple = compared(&[0.50, 0.60, 0.70, 0.80, 0.90]);
        let always_ahead = compared(&[0.53, 0.63, 0.72, 0.83, 0.92]);
        let by_chance = compared(&[0.70, 0.50, 0.75, 0.75, 0.85]);
        assert_eq!(best(&[simple, always_ahead]), 1);
        let simple = compared(&[0.50, 0.60, 0.70, 0.80, 0.90]);
        assert_eq!(best(&[simple, by_chance]), 0);
        let simple = compared(&[0.50, 0.60, 0.70, 0.80, 0.90]);
        let given_up = compared(&[0.60, 0.70]);
        assert_eq!(best(&[simple, given_up]), 0);
        let simple = compared(&[0.50, 0.60, 0.70, 0.80, 0.90]);
        let losses = vec![0.40, 0.42, 0.41, 0.40, 0.44];
        let mut surer = compared(&[0.70, 0.50, 0.75, 0.80, 0.85]);
        surer.losses.clone_from(&losses);
        assert_eq!(best(&[simple, surer]), 1, "its loss is always less");
        let simple = compared(&[0.98, 0.99, 1.00, 1.00, 1.00]);
        let mut surer = compared(&[1.00, 0.99, 1.00, 1.00, 1.00]);
        surer.losses = losses;
        assert_eq!(best(&[simple, surer]), 0, "there is little to win");
        assert_eq!(best(&[]), 0);
    }
}
