//! A collector of OpenTelemetry on loopback that keeps the spans that come in OTLP over HTTP.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use azure_blob_eventsource::shared::Shared;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span,
};
use prost::Message;
use tokio::net::TcpListener;

/// A collector that listens until it is dropped with the runtime.
#[derive(Debug, Clone)]
pub struct Collector {
    /// Its URL, as `--otlp-endpoint` takes it.
    pub url: String,
    seen: Arc<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    spans: Shared<Vec<Span>>,
    resources: Shared<Vec<(String, String)>>,
    refuses: AtomicBool,
}

impl Collector {
    /// Listens on a free port.
    ///
    /// # Errors
    /// There is none.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let seen = Arc::<Seen>::default();
        let routes = Router::new()
            .route("/v1/traces", post(take))
            .with_state(Arc::clone(&seen));
        // It ends with the runtime, and nothing is left to do then.
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { url, seen })
    }

    /// From now on it takes nothing, or everything again.
    pub fn refuse(&self, refuses: bool) {
        self.seen.refuses.store(refuses, Relaxed);
    }

    /// All spans that came.
    pub fn spans(&self) -> Vec<Span> {
        self.seen.spans.lock().clone()
    }

    /// What the last call says of who sends.
    pub fn resource(&self) -> Vec<(String, String)> {
        self.seen.resources.lock().clone()
    }
}

async fn take(State(seen): State<Arc<Seen>>, body: Bytes) -> StatusCode {
    if seen.refuses.load(Relaxed) {
        return StatusCode::FORBIDDEN;
    }
    let Ok(request) = ExportTraceServiceRequest::decode(body) else {
        return StatusCode::BAD_REQUEST;
    };
    for part in request.resource_spans {
        let attributes = part.resource.unwrap_or_default().attributes;
        let pair = |it: opentelemetry_proto::tonic::common::v1::KeyValue| {
            (it.key, text(it.value.unwrap_or_default()))
        };
        *seen.resources.lock() = attributes.into_iter().map(pair).collect();
        let spans = part.scope_spans.into_iter().flat_map(|it| it.spans);
        seen.spans.lock().extend(spans);
    }
    StatusCode::OK
}

/// A value of an attribute that is a text.
pub fn text(value: opentelemetry_proto::tonic::common::v1::AnyValue) -> String {
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    match value.value {
        Some(Value::StringValue(text)) => text,
        other => format!("{other:?}"),
    }
}
