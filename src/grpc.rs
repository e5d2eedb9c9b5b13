//! The gRPC server: Argo's generic event source, health and reflection.

use std::{error::Error, fs, io, path::PathBuf, time::Duration};

use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{
    service::interceptor::InterceptedService,
    transport::{Identity, Server, ServerTlsConfig, server::TcpIncoming},
};

use self::{
    auth::BearerAuth, health::Health, pb::eventing_server::EventingServer,
    service::EventSourceService,
};

pub mod auth;
pub mod codec;
pub mod event_stream;
pub mod health;
pub mod reading;
pub mod service;
pub mod status;
pub mod streams;
pub mod tokens;

/// The contract, generated from `proto/generic.proto`.
#[allow(missing_docs, unreachable_pub, clippy::all)]
pub mod pb {
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

/// A certificate chain and its key, in PEM files.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The chain, the server's own certificate first.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

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
    /// Serving failed.
    #[error("gRPC cannot be served: {0}")]
    Serve(#[from] tonic::transport::Error),
}

/// What the server is made of.
pub struct Parts {
    /// The service.
    pub service: EventSourceService,
    /// Who is let in.
    pub auth: BearerAuth,
    /// TLS, if it is to be served.
    pub tls: Option<ServerTlsConfig>,
    /// Where health is reported.
    pub health: Health,
}

/// Serves on `listener` until `stop` is cancelled and the last connection has closed.
pub async fn serve(
    parts: Parts,
    listener: TcpListener,
    stop: CancellationToken,
) -> Result<(), GrpcError> {
    let eventing = EventingServer::new(parts.service).max_decoding_message_size(REQUEST_BYTES);
    // Two versions of reflection, so that any grpcurl finds its own.
    let v1 = reflection().build_v1()?;
    let v1alpha = reflection().build_v1alpha()?;
    server(parts.tls)?
        .add_service(InterceptedService::new(eventing, parts.auth.clone()))
        .add_service(InterceptedService::new(v1, parts.auth.clone()))
        .add_service(InterceptedService::new(v1alpha, parts.auth))
        .add_service(parts.health.service())
        .serve_with_incoming_shutdown(
            TcpIncoming::from(listener).with_nodelay(Some(true)),
            stop.cancelled_owned(),
        )
        .await?;
    Ok(())
}

fn server(tls: Option<ServerTlsConfig>) -> Result<Server, GrpcError> {
    let server = Server::builder()
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE));
    match tls {
        Some(tls) => server
            .tls_config(tls)
            .map_err(|e| GrpcError::Tls(reason(&e))),
        None => Ok(server),
    }
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

impl TlsFiles {
    /// Reads both files.
    pub fn read(&self) -> Result<ServerTlsConfig, GrpcError> {
        let read = |file: &PathBuf| {
            fs::read(file).map_err(|error| GrpcError::TlsFile(file.clone(), error))
        };
        let identity = Identity::from_pem(read(&self.cert)?, read(&self.key)?);
        let config = ServerTlsConfig::new().identity(identity);
        // The files are looked into only when a server is made of them, so make one.
        server(Some(config.clone()))?;
        Ok(config)
    }
}

// The library's errors say little themselves; their causes do.
fn reason(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => reason(cause),
        None => error.to_string(),
    }
}
