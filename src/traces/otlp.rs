//! The way to a collector of OpenTelemetry: OTLP over HTTP, in protobuf.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{Resource, trace::SpanExporter as _};
use thiserror::Error;

/// How long one call may take, all its repeats with it.
const CALL: Duration = Duration::from_secs(10);

/// Why there is no way to the collector.
#[derive(Debug, Error)]
#[error("traces cannot be sent to {endpoint} (--otlp-endpoint): {problem}")]
pub struct NoCollector {
    endpoint: String,
    problem: String,
}

/// What sends spans to the collector at `endpoint`, a URL without a path of its own, such as
/// `http://collector:4318`. `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` have
/// their usual meaning.
///
/// # Errors
/// The endpoint or a variable cannot be read, or no certificate authority is trusted.
pub(super) fn exporter(endpoint: &str, pod: Option<&str>) -> Result<SpanExporter, NoCollector> {
    let failed = |problem: String| NoCollector {
        endpoint: endpoint.to_owned(),
        problem,
    };
    let client = reqwest::Client::builder()
        .build()
        .map_err(|error| failed(error.to_string()))?;
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(CALL)
        .build()
        .map_err(|error| failed(error.to_string()))?;
    exporter.set_resource(&resource(pod));
    Ok(exporter)
}

fn resource(pod: Option<&str>) -> Resource {
    let pod = pod.map(|pod| KeyValue::new("k8s.pod.name", pod.to_owned()));
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let name =
        std::env::var("OTEL_SERVICE_NAME").unwrap_or_else(|_| env!("CARGO_PKG_NAME").to_owned());
    Resource::builder()
        .with_attributes(pod.into_iter().chain([version]))
        .with_service_name(name)
        .build()
}
