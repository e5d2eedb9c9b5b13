//! The numbers of the ports.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};

use crate::{metrics::PortStats, registry::Registry};

/// Both ports' numbers, each with its port as label.
#[derive(Debug)]
pub(super) struct Ports(pub(super) Arc<Registry>);

type Read = fn(&PortStats) -> &AtomicU64;

const COUNTERS: &[(&str, &str, Read)] = &[
    (
        "connections_closed_for_others",
        "Connections without a live stream that were closed to free places for others",
        |s| &s.closed_for_others,
    ),
    (
        "connections_closed_late",
        "Connections that were closed because they sent no request, or did not finish one",
        |s| &s.closed_late,
    ),
    (
        "requests_refused",
        "Requests that were refused: without the right token, or too many of one kind",
        |s| &s.refused,
    ),
    (
        "accept_errors",
        "Connections that the operating system failed to accept",
        |s| &s.accept_errors,
    ),
];

impl Collector for Ports {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let ports = self.0.ports();
        for (name, help, read) in COUNTERS {
            let value = |stats: &PortStats| ConstCounter::new(read(stats).load(Relaxed));
            family(&mut encoder, name, help, &ports, value)?;
        }
        let value = |stats: &PortStats| ConstGauge::new(stats.connections.load(Relaxed));
        family(&mut encoder, "connections", "Connections", &ports, value)
    }
}

fn family<M: EncodeMetric>(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    ports: &[(&'static str, Arc<PortStats>)],
    value: impl Fn(&PortStats) -> M,
) -> Result<(), fmt::Error> {
    let Some((_, first)) = ports.first() else {
        return Ok(());
    };
    let kind = value(first).metric_type();
    let mut family = encoder.encode_descriptor(name, help, None, kind)?;
    for (port, stats) in ports {
        value(stats).encode(family.encode_family(&[("port", *port)])?)?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::admin::prometheus::Renderer;

    #[test]
    fn each_port_has_its_numbers() {
        let registry = Arc::new(Registry::default());
        registry.port("grpc").refused.fetch_add(3, Relaxed);
        registry.port("admin").connections.fetch_add(2, Relaxed);
        let text = Renderer::new(registry).text().unwrap();
        for line in [
            "azure_blob_eventsource_requests_refused_total{port=\"grpc\"} 3",
            "azure_blob_eventsource_requests_refused_total{port=\"admin\"} 0",
            "azure_blob_eventsource_connections{port=\"admin\"} 2",
            "# TYPE azure_blob_eventsource_connections gauge",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
