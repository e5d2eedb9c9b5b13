//! The numbers of the process as a whole.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::gauge::ConstGauge,
};
use tokio::runtime::Handle;

/// How many tasks are alive: a number that grows for ever shows something that is never ended.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let Ok(runtime) = Handle::try_current() else {
            return Ok(());
        };
        let tasks = ConstGauge::new(runtime.metrics().num_alive_tasks() as u64);
        let help = "Tasks of this process that have not ended";
        let metric = encoder.encode_descriptor("tasks", help, None, tasks.metric_type())?;
        tasks.encode(metric)
    }
}
