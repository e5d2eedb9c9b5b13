//! The gRPC server: Argo's generic event source, health and reflection.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::service::{Routes, interceptor::InterceptedService};

use self::{
    auth::BearerAuth,
    bounds::Bounds,
    connection::Http2,
    contract::eventing_server::EventingServer,
    error::GrpcError,
    health::Health,
    limits::{REFLECTION_BYTES, REQUEST_BYTES},
    service::EventSourceService,
    starts::Starts,
};
use crate::listener::{accept::accept, connections::Connections};

pub mod auth;
pub mod bounds;
pub(crate) mod code_name;
pub mod codec;
pub mod connection;
pub mod contract;
pub mod error;
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
mod take_over;
pub mod tls;
pub mod tokens;

pub use tls::TlsFiles;

const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/generic.bin"));

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
