//! What a person who watches the tests is told, each line with the time since the case began.

use std::{
    fmt::Display,
    time::{Duration, Instant},
};

use azure_blob_eventsource::text::plain::Lines;

/// Tells the story of one case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Say(Instant);

impl Say {
    /// The clock starts now.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// One line.
    pub(crate) fn line(&self, text: impl Display) {
        let text = text.to_string();
        println!("  {:6.1} s  {}", self.elapsed().as_secs_f64(), Lines(&text));
    }

    /// Since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
