//! Tries the candidates in the folds: the quick ones in all, a slow one for as long as it may win.

use std::ops::Range;

use anyhow::Result;
use rayon::prelude::*;

use super::{
    budget::Budget,
    candidate::{ALL, Candidate},
    fit::Record,
    folds::Cuts,
    sample::Sample,
    select::{self, Compared, Trial},
};
use crate::table::Truth;

/// How many folds a slow candidate is tried in before it is looked at again.
const LOOKED_AT: usize = 2;

/// From how many rows a slow candidate is tried in large steps first.
const MANY_ROWS: usize = 1_000;

/// By how much of the score a slow candidate may be behind in large steps. On 22 real datasets of 1,000 to 8,000 rows
/// small steps gained 0.003 to 0.017 where trees came near the best, and no trees were taken that had been behind at all.
const GAINED: f64 = 0.005;

/// Tries all candidates as long as there is time, and tells of each.
///
/// # Errors
///
/// If a thread ends early.
pub fn compare(
    sample: &Sample,
    (truth, together): (&Truth, Option<&[u64]>),
    budget: &Budget,
    tell: impl Fn(&Trial),
) -> Result<Vec<Compared>> {
    let race = Race {
        sample,
        truth,
        cuts: Cuts::new(truth, sample.len(), together),
        budget,
    };
    let (quick, slow): (Vec<_>, Vec<_>) = ALL
        .iter()
        .filter(|candidate| candidate.suits(sample))
        .partition(|candidate| !candidate.is_slow());
    let mut compared = race.quick(&quick)?;
    for candidate in slow {
        let best = compared
            .iter()
            .max_by(|a, b| a.trial.score.total_cmp(&b.trial.score));
        if let Some(it) = race.slow(candidate, best)? {
            compared.push(it);
        }
    }
    compared.iter().for_each(|it| tell(&it.trial));
    Ok(compared)
}

struct Race<'a> {
    sample: &'a Sample,
    truth: &'a Truth,
    cuts: Cuts,
    budget: &'a Budget,
}

impl Race<'_> {
    /// Tries quick candidates in all folds.
    fn quick(&self, candidates: &[&'static Candidate]) -> Result<Vec<Compared>> {
        let folds = self.cuts.folds.len();
        // All at once, unless the time may not do for all.
        let size = if self.budget.is_bounded() {
            1
        } else {
            candidates.len()
        };
        let mut compared = Vec::new();
        for some in candidates.chunks(size.max(1)) {
            // One is always needed.
            if !compared.is_empty() && !self.budget.has_to_compare() {
                break;
            }
            let jobs: Vec<_> = some
                .iter()
                .flat_map(|&&candidate| (0..folds).map(move |fold| (candidate, fold)))
                .collect();
            let mut records = self.run(&jobs)?.into_iter();
            for candidate in some {
                compared.push(self.compared(candidate, records.by_ref().take(folds).collect()));
            }
        }
        Ok(compared)
    }

    /// Tries a slow candidate until it is behind the best quick one, if there was time for it at all.
    fn slow(
        &self,
        candidate: &'static Candidate,
        best: Option<&Compared>,
    ) -> Result<Option<Compared>> {
        let (scores, losses) = best.map_or((&[][..], &[][..]), |it| (&it.scores, &it.losses));
        if self.sample.len() >= MANY_ROWS && self.budget.has_to_compare() {
            let hasty = self.some(candidate.in_large_steps(), 0..LOOKED_AT)?;
            let hasty = self.compared(candidate, hasty);
            if falls_short(&hasty.scores, scores) {
                return Ok(Some(hasty));
            }
        }
        let mut records = Vec::new();
        while records.len() < self.cuts.folds.len()
            && !is_behind(&records, losses)
            && self.budget.has_to_compare()
        {
            // First a few folds, then whole cuts.
            let all = (records.len() / self.cuts.count + 1) * self.cuts.count;
            let end = if records.is_empty() { LOOKED_AT } else { all };
            records.extend(self.some(*candidate, records.len()..end)?);
        }
        Ok((!records.is_empty()).then(|| self.compared(candidate, records)))
    }

    /// Tries one candidate in some folds.
    fn some(&self, candidate: Candidate, folds: Range<usize>) -> Result<Vec<Record>> {
        self.run(&folds.map(|fold| (candidate, fold)).collect::<Vec<_>>())
    }

    fn run(&self, jobs: &[(Candidate, usize)]) -> Result<Vec<Record>> {
        let jobs = jobs.par_iter().with_max_len(1);
        let records = jobs.map(|&(candidate, fold)| {
            let fold = &self.cuts.folds[fold];
            let rows = (fold.learn.as_slice(), fold.watch.as_slice());
            let fitted =
                candidate.fit(self.sample, rows, None, |_, _| self.budget.has_to_compare())?;
            // What was learned is dropped: the forests of all folds would be more than the data.
            Ok(fitted.record)
        });
        records.collect()
    }

    fn compared(&self, candidate: &'static Candidate, records: Vec<Record>) -> Compared {
        Compared::new(candidate, records, &self.cuts, (self.sample, self.truth))
    }
}

/// Whether a slow candidate is given up after a trial in large steps: its score in these folds is so far behind that
/// small steps will not make up for it.
fn falls_short(own: &[f64], best: &[f64]) -> bool {
    let behind = own.iter().zip(best).map(|(own, best)| best - own);
    behind.sum::<f64>() > GAINED * own.len() as f64
}

/// Whether a slow candidate is given up: its loss in the folds so far is greater than that of the best quick one.
fn is_behind(own: &[Record], best: &[f32]) -> bool {
    let losses = select::losses(own);
    let both = losses.iter().zip(best);
    both.map(|(own, best)| own - best).sum::<f32>() > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_far_behind_in_large_steps_is_given_up_and_what_is_near_is_tried_in_small_ones() {
        let best = [0.95, 0.96, 0.10];
        assert!(falls_short(&[0.90, 0.92], &best));
        assert!(!falls_short(&[0.945, 0.958], &best));
        assert!(!falls_short(&[0.92, 0.985], &best), "the mean counts");
        assert!(!falls_short(&[0.10, 0.10], &[]), "there is nothing to beat");
    }
}
