//! What a person who watches the tests is told, each line with the time since the case began, and what the case
//! measured.

use std::{
    fmt::Display,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use azure_blob_eventsource::text::plain::Lines;
use serde_json::Value;

use crate::results::Figures;

/// Tells the story of one case.
#[derive(Debug, Clone)]
pub(crate) struct Say(Arc<Story>);

#[derive(Debug)]
struct Story {
    start: Instant,
    figures: Mutex<Figures>,
}

impl Say {
    /// The clock starts now.
    pub(crate) fn start() -> Self {
        Self(Arc::new(Story {
            start: Instant::now(),
            figures: Mutex::default(),
        }))
    }

    /// One line.
    pub(crate) fn line(&self, text: impl Display) {
        let text = text.to_string();
        println!("  {:6.1} s  {}", self.elapsed().as_secs_f64(), Lines(&text));
    }

    /// Since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.start.elapsed()
    }

    /// Notes something that was measured, with its unit in the name.
    pub(crate) fn figure(&self, name: &str, value: impl Into<Value>) {
        self.lock().insert(name.to_owned(), value.into());
    }

    /// Notes how long something took, to a hundredth of a second.
    pub(crate) fn seconds(&self, name: &str, took: Duration) {
        self.figure(name, (took.as_secs_f64() * 100.0).round() / 100.0);
    }

    /// Notes that something happened `more` times.
    pub(crate) fn count(&self, name: &str, more: usize) {
        let mut figures = self.lock();
        let before = figures.get(name).and_then(Value::as_u64).unwrap_or(0);
        figures.insert(name.to_owned(), (before + more as u64).into());
    }

    /// What was noted so far.
    pub(crate) fn figures(&self) -> Figures {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Figures> {
        self.0
            .figures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_again_is_counted() {
        let say = Say::start();
        say.count("pods killed", 2);
        say.count("pods killed", 3);
        say.seconds("seconds of outage", Duration::from_millis(1234));
        let figures = say.figures();
        assert_eq!(figures["pods killed"], 5);
        assert_eq!(figures["seconds of outage"], 1.23);
    }
}
