//! The admin port: status page, metrics, probes. It shows names and numbers, so it is for the
//! cluster's inside; it changes nothing.

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use tracing::error;

use self::{
    about::About,
    peers::{OWN, Peers},
    prometheus::{CONTENT_TYPE, Renderer},
};
use crate::{registry::Registry, text::plain::Json};

pub mod about;
pub mod http1;
mod page;
mod peers;
mod plain;
mod ports;
mod process;
mod prometheus;
#[cfg(test)]
mod stage;
mod status;

/// What the admin port shows.
pub struct Admin {
    registry: Arc<Registry>,
    about: About,
    peers: Peers,
    renderer: Renderer,
    shutdown: CancellationToken,
    started: Instant,
}

impl Admin {
    /// Shows `registry`, and is not ready once `shutdown` is cancelled.
    pub fn new(registry: Arc<Registry>, about: About, shutdown: CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            peers: Peers::new(about.peers.clone(), about.pod.clone()),
            about,
            renderer: Renderer::new(registry.clone()),
            registry,
            shutdown,
            started: Instant::now(),
        })
    }

    fn own_status(&self) -> status::Status {
        let is_ending = self.shutdown.is_cancelled();
        status::read(&self.registry, &self.about, is_ending, self.started)
    }

    async fn status(&self) -> status::Status {
        status::Status {
            elsewhere: self.peers.elsewhere().await,
            ..self.own_status()
        }
    }
}

/// The admin port's routes.
pub fn router(admin: Arc<Admin>) -> Router {
    Router::new()
        .route("/", get(front))
        .route("/status.json", get(whole))
        .route(page::STYLE, get(style))
        .route(page::SCRIPT, get(script))
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .fallback(|| async {
            let pages = "this page does not exist; the pages are /, /status.json, /metrics, /healthz and /readyz\n";
            (StatusCode::NOT_FOUND, pages)
        })
        .with_state(admin)
}

async fn ready(State(admin): State<Arc<Admin>>) -> Response {
    if admin.shutdown.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n").into_response();
    }
    "ready\n".into_response()
}

async fn metrics(State(admin): State<Arc<Admin>>, headers: HeaderMap) -> Response {
    let Ok(text) = admin.renderer.text() else {
        error!("metrics cannot be rendered");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    // Prometheus asks for OpenMetrics by name. A browser would offer that as a file.
    match accepts(&headers, "application/openmetrics-text") {
        true => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        false => (
            [(header::CONTENT_TYPE, plain::CONTENT_TYPE)],
            plain::of(&text),
        )
            .into_response(),
    }
}

async fn front(State(admin): State<Arc<Admin>>, headers: HeaderMap) -> Response {
    let status = admin.status().await;
    // Browsers ask for HTML first; who asks for JSON by name gets it.
    if accepts(&headers, "application/json") {
        return json(&status);
    }
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, page::POLICY),
    ];
    (headers, page::html(&status, OffsetDateTime::now_utc())).into_response()
}

// Other pods ask for what this one has alone: else each would ask all others in turn.
async fn whole(State(admin): State<Arc<Admin>>, RawQuery(query): RawQuery) -> Response {
    match query.as_deref() {
        Some(OWN) => json(&admin.own_status()),
        _ => json(&admin.status().await),
    }
}

async fn style() -> Response {
    file(
        "text/css; charset=utf-8",
        include_str!("admin/page/style.css"),
    )
}

async fn script() -> Response {
    file(
        "text/javascript; charset=utf-8",
        include_str!("admin/page/live.js"),
    )
}

// Asked for with each page, so that a page never has those of another version.
fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

fn accepts(headers: &HeaderMap, kind: &str) -> bool {
    let all = headers.get_all(header::ACCEPT).iter();
    let mut all = all.filter_map(|accept| accept.to_str().ok());
    all.any(|accept| accept.contains(kind))
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
