//! How long a network learns, in which steps, and how fast in each. Pure arithmetic.

use std::f64::consts::PI;

/// Between how many and how many steps data is learned in; in between one for each so many rows.
const STEPS: (usize, usize) = (250, 6000);
const ROWS: usize = 5;

/// Between how many and how many epochs that may be.
const EPOCHS: (usize, usize) = (25, 120);

/// The part of the steps in which the rate rises.
const WARM: f64 = 0.1;

/// The least part of the full rate.
const LEAST: f64 = 0.005;

/// The course of learning from a number of rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Schedule {
    /// How many rows a step learns from.
    pub batch: usize,
    /// In how many steps all rows were learned from once.
    pub steps: usize,
    /// How often all rows are learned from.
    pub epochs: usize,
    /// After how many epochs without anything better it ends before.
    pub patience: usize,
}

impl Schedule {
    /// For so many rows: batches few enough that small data gives some steps in an epoch, and large
    /// enough to be fast.
    pub fn new(rows: usize) -> Self {
        let batch = (rows / 8).next_power_of_two().clamp(32, 256);
        let steps = rows.div_ceil(batch).max(1);
        let wanted = (rows / ROWS).clamp(STEPS.0, STEPS.1);
        let epochs = (wanted / steps).clamp(EPOCHS.0, EPOCHS.1);
        Schedule {
            batch,
            steps,
            epochs,
            patience: epochs / 3,
        }
    }

    /// The part of the full rate in a step, counted from 0: up in a line, down in half a cosine
    /// (Smith and Topin, "Super-Convergence", 2018).
    pub fn rate(&self, step: usize) -> f64 {
        let part = (step as f64 / (self.steps * self.epochs) as f64).min(1.0);
        let rate = if part < WARM {
            (part + WARM / 10.0) / (WARM * 1.1)
        } else {
            (1.0 + (PI * (part - WARM) / (1.0 - WARM)).cos()) / 2.0
        };
        rate.max(LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_data_is_learned_from_more_often_and_large_data_in_larger_steps() {
        assert_eq!(
            Schedule::new(96),
            Schedule {
                batch: 32,
                steps: 3,
                epochs: 83,
                patience: 27
            }
        );
        assert_eq!(
            Schedule::new(72_000),
            Schedule {
                batch: 256,
                steps: 282,
                epochs: 25,
                patience: 8
            }
        );
        assert_eq!(Schedule::new(1).steps, 1);
    }

    #[test]
    fn the_rate_rises_and_falls_and_never_ends() {
        let schedule = Schedule::new(1000);
        let last = schedule.steps * schedule.epochs;
        let rates: Vec<_> = (0..=last).map(|step| schedule.rate(step)).collect();
        let top = rates.iter().copied().fold(0.0, f64::max);
        assert!((top - 1.0).abs() < 0.02, "{top}");
        assert!(rates[0] < 0.2 && rates[last] == LEAST);
        assert!(rates.iter().all(|rate| (LEAST..=1.0).contains(rate)));
    }
}
