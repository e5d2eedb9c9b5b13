//! How values are spread: histograms of times and of sizes.

use std::time::Duration;

use prometheus_client::metrics::histogram::Histogram;

/// From hardly noticed to a day, in seconds: a listing takes its interval to find a blob, a backlog takes hours.
const LATENESS: [f64; 13] = [
    0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0,
];
/// As far as `batch.maxBlobs` goes.
const BLOBS: [f64; 9] = [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0];

/// How late something was.
#[derive(Debug)]
pub struct Lateness(Histogram);

impl Lateness {
    /// Once more, so late.
    pub fn note(&self, late: Duration) {
        self.0.observe(late.as_secs_f64());
    }

    /// All that were noted, in seconds.
    pub fn histogram(&self) -> &Histogram {
        &self.0
    }
}

impl Default for Lateness {
    fn default() -> Self {
        Self(Histogram::new(LATENESS))
    }
}

/// How large something was.
#[derive(Debug)]
pub struct Sizes(Histogram);

impl Sizes {
    /// One more, of so many blobs.
    pub fn note(&self, blobs: u64) {
        self.0.observe(blobs as f64);
    }

    /// All that were noted, in blobs.
    pub fn histogram(&self) -> &Histogram {
        &self.0
    }
}

impl Default for Sizes {
    fn default() -> Self {
        Self(Histogram::new(BLOBS))
    }
}
