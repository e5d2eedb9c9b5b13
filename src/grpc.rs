//! The gRPC server: Argo's generic event source, health and reflection.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use thiserror::Error;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::service::{Routes, interceptor::InterceptedService};

use self::{
    auth::BearerAuth, bounds::Bounds, connection::Http2, health::Health, limits::REFLECTION_BYTES,
    pb::eventing_server::EventingServer, service::EventSourceService, starts::Starts,
};
use crate::port::{accept::accept, connections::Connections};

pub mod auth;
pub mod bounds;
mod code_name;
pub mod codec;
pub mod connection;
pub mod event_stream;
pub mod frames;
pub mod health;
pub mod limits;
pub mod message;
pub mod peer;
pub mod reading;
pub mod request_body;
pub mod service;
pub mod starts;
pub mod status;
pub mod streams;
pub mod tls;
pub mod tokens;

pub use tls::TlsFiles;

/// The contract, generated from `proto/generic.proto`.
#[allow(missing_docs, unreachable_pub, clippy::all)]
pub mod pb {
    pub use super::message::Event;

    tonic::include_proto!("generic");
}

/// The longest configuration that is read.
pub const CONFIG_BYTES: usize = 64 * 1024;
/// The longest name of an event. A Kubernetes name has at most 253; each event bears this one.
pub const NAME_BYTES: usize = 256;
/// Within so long a newcomer proves itself while the stream before it looks alive. Longer than
/// [`DEAD_FOUND`]: by then a stream that only looked alive is in nobody's way.
const PROOF: Duration = Duration::from_secs(15);
/// So many take-overs of a live stream are let pass within a minute.
pub const TAKE_OVERS: usize = 3;
/// The longest request. It leaves room above [`CONFIG_BYTES`], so that a configuration that is
/// somewhat too long is told so in our words and not in the library's.
const REQUEST_BYTES: usize = 4 * CONFIG_BYTES;
/// The request metadata that asks, when it is `1`, for one sweep and then the end.
pub const ONCE_METADATA: &str = "azure-blob-eventsource-once";

/// A ping after so long without a word, and no longer than this for its answer: a dead client is
/// found within 8 s. That must be less than `limits.settle` (10 s by default), or an event that a
/// dead client never received would settle and count as done.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// Within so long a client that went without a word is found.
const DEAD_FOUND: Duration = Duration::from_secs(8);

const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/generic.bin"));

/// Why gRPC cannot be served.
#[derive(Debug, Error)]
pub enum GrpcError {
    /// A PEM file cannot be read.
    #[error("the TLS file {0} cannot be read: {1}")]
    TlsFile(PathBuf, io::Error),
    /// The PEM files make no sense.
    #[error("the TLS certificate and key cannot be used: {0}")]
    Tls(String),
    /// The descriptors in this binary make no sense.
    #[error("reflection cannot be served: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// What the server is made of.
pub struct Parts {
    /// The service.
    pub service: EventSourceService,
    /// Who is let in.
    pub auth: BearerAuth,
    /// TLS, if it is to be served.
    pub tls: Option<TlsAcceptor>,
    /// Where health is reported.
    pub health: Health,
    /// Who has a connection.
    pub connections: Arc<Connections>,
}

/// Serves on `listener` until `stop` is cancelled and the last connection has closed.
pub async fn serve(
    parts: Parts,
    listener: TcpListener,
    stop: CancellationToken,
) -> Result<(), GrpcError> {
    let http2 = Http2 {
        routes: routes(parts.service, parts.auth, &parts.health)?,
        tls: parts.tls,
        bounds: Bounds::default(),
        stop: stop.clone(),
    };
    let serve = |socket, place| http2.clone().serve(socket, place);
    accept(listener, parts.connections, stop, serve).await;
    Ok(())
}

// Whoever has no token is refused before anything of the request's body is read.
fn routes(
    service: EventSourceService,
    auth: BearerAuth,
    health: &Health,
) -> Result<Routes, GrpcError> {
    let eventing = EventingServer::new(service).max_decoding_message_size(REQUEST_BYTES);
    // Two versions of reflection, so that any grpcurl finds its own.
    let v1 = reflection()
        .build_v1()?
        .max_decoding_message_size(REFLECTION_BYTES);
    let v1alpha = reflection()
        .build_v1alpha()?
        .max_decoding_message_size(REFLECTION_BYTES);
    let routes = Routes::new(InterceptedService::new(Starts::new(eventing), auth.clone()))
        .add_service(InterceptedService::new(v1, auth.clone()))
        .add_service(InterceptedService::new(v1alpha, auth))
        .add_service(health.service());
    Ok(routes.prepare())
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
