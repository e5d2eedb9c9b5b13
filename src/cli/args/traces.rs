//! Arguments of `serve` about traces.

use clap::Args;
use http::Uri;

use crate::{event::trace_context::Sampling, traces::export::Collector};

/// Where traces go, and of which events.
#[derive(Debug, Clone, Args)]
pub struct TraceArgs {
    /// Send a trace of each event to this OpenTelemetry collector, in OTLP over HTTP (http://collector:4318); each
    /// event then has a `traceparent`
    #[arg(long, value_name = "URL", value_parser = collector_url, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    otlp_endpoint: Option<String>,
    /// The share of events that get a trace: 1 is every event, 0.01 is one of 100
    #[arg(
        long,
        value_name = "RATIO",
        default_value = "1",
        value_parser = ratio,
        env = "OTEL_TRACES_SAMPLER_ARG"
    )]
    trace_ratio: f64,
}

impl TraceArgs {
    /// What they say; `None` when traces are off.
    pub fn collector(self) -> Option<Collector> {
        // OpenTelemetry takes an empty variable for one that is not set.
        let endpoint = self.otlp_endpoint.filter(|it| !it.is_empty())?;
        Some(Collector {
            endpoint,
            sampling: Sampling::of(self.trace_ratio),
        })
    }
}

fn collector_url(given: &str) -> Result<String, String> {
    let uri = given.parse::<Uri>().ok();
    let fits = uri.is_some_and(|uri| {
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        is_web && uri.authority().is_some() && uri.query().is_none()
    });
    match fits || given.is_empty() {
        true => Ok(given.to_owned()),
        false => Err(
            "write `http://` or `https://`, the collector's host and its port for OTLP over HTTP, such as \
             http://collector:4318"
                .to_owned(),
        ),
    }
}

fn ratio(given: &str) -> Result<f64, String> {
    let number = given.parse().ok();
    number
        .filter(|it| (0.0..=1.0).contains(it))
        .ok_or_else(|| "write a number from 0 to 1, such as 0.1 for one event of ten".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_has_an_address_of_the_web() {
        for good in ["http://collector:4318", "https://otel.example.com/otlp", ""] {
            assert_eq!(collector_url(good).unwrap(), good);
        }
        for bad in ["collector:4318", "grpc://collector:4317", "4318", "http://"] {
            assert!(collector_url(bad).unwrap_err().contains("4318"), "{bad}");
        }
    }

    #[test]
    fn a_ratio_is_between_none_and_all() {
        assert_eq!(ratio("0.25").unwrap(), 0.25);
        for bad in ["2", "-1", "10%", "NaN", ""] {
            assert!(ratio(bad).unwrap_err().contains("0 to 1"), "{bad}");
        }
    }
}
