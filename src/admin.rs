//! The admin port: status page, metrics, probes. It shows names and numbers, so it is for the
//! cluster's inside; it changes nothing.

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use tracing::error;

use self::prometheus::{CONTENT_TYPE, Renderer};
use crate::{registry::Registry, text::plain::Json};

pub mod http1;
mod page;
mod ports;
mod prometheus;
mod status;

/// What the admin port shows.
pub struct Admin {
    registry: Arc<Registry>,
    renderer: Renderer,
    shutdown: CancellationToken,
    started: Instant,
}

impl Admin {
    /// Shows `registry`, and is not ready once `shutdown` is cancelled.
    pub fn new(registry: Arc<Registry>, shutdown: CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            renderer: Renderer::new(registry.clone()),
            registry,
            shutdown,
            started: Instant::now(),
        })
    }
}

/// The admin port's routes.
pub fn router(admin: Arc<Admin>) -> Router {
    Router::new()
        .route("/", get(front))
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(admin)
}

async fn ready(State(admin): State<Arc<Admin>>) -> Response {
    if admin.shutdown.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n").into_response();
    }
    "ready\n".into_response()
}

async fn metrics(State(admin): State<Arc<Admin>>) -> Response {
    match admin.renderer.text() {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(problem) => {
            error!(%problem, "metrics cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn front(State(admin): State<Arc<Admin>>, headers: HeaderMap) -> Response {
    let status = status::read(
        &admin.registry,
        admin.shutdown.is_cancelled(),
        admin.started,
    );
    if wants_json(&headers) {
        return json(&status);
    }
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, page::POLICY),
    ];
    (headers, page::html(&status, OffsetDateTime::now_utc())).into_response()
}

// Browsers ask for HTML first; who asks for JSON by name gets it.
fn wants_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json"))
}

fn json(status: &status::Status) -> Response {
    match serde_json::to_string_pretty(status) {
        Ok(text) => {
            // People read it with curl, in a terminal.
            let text = Json(&text).to_string();
            ([(header::CONTENT_TYPE, "application/json")], text).into_response()
        }
        Err(problem) => {
            error!(%problem, "the status cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
