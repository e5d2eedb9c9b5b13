//! A storm that calms down.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use crate::faults::{Fault, Faults, Op, Storm};

/// The storm's faults, for as long as it lasts.
pub struct Weather {
    /// What goes wrong.
    pub storm: Storm,
    /// Whether it rages.
    pub raging: Arc<AtomicBool>,
    /// How many faults were met.
    pub met: Arc<AtomicU64>,
    /// How many milliseconds each call to the state container takes once it is over.
    pub slow: Arc<AtomicU64>,
}

impl Faults for Weather {
    fn next(&mut self, op: Op) -> Fault {
        if !self.raging.load(SeqCst) {
            let slow = Duration::from_millis(self.slow.load(SeqCst));
            return match op {
                Op::ListPage { .. } => Fault::None,
                _ => Fault::Slow(slow),
            };
        }
        let fault = self.storm.next(op);
        if !matches!(fault, Fault::None) {
            self.met.fetch_add(1, SeqCst);
        }
        fault
    }
}
