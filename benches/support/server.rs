//! The product's gRPC server on loopback.

use std::{net::SocketAddr, sync::Arc};

use azure_blob_eventsource::{
    grpc::{
        self, Parts, auth::BearerAuth, health::Health, limits::REQUESTS, reading::ConfigReader,
        service::EventSourceService, streams::Streams,
    },
    journal::in_process::ProcessLedgers,
    listener::connections::{Connections, Limits},
    ports::{confirmation::Confirmations, connect::Connect},
    registry::Registry,
    traces::Traces,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How many sources may stream at once.
const STREAMS: usize = 128;

/// A server that runs until it is stopped.
pub(crate) struct Server {
    address: SocketAddr,
    /// Ends it.
    pub(crate) stop: CancellationToken,
}

impl Server {
    /// Starts one on a free port.
    pub(crate) async fn start(open: impl Connect, confirmations: impl Confirmations) -> Self {
        let stop = CancellationToken::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let parts = Parts {
            service: EventSourceService {
                confirmations: Arc::new(confirmations),
                open: Arc::new(open),
                registry: Arc::new(Registry::default()),
                ledgers: ProcessLedgers::default(),
                streams: Streams::new(STREAMS, stop.clone()),
                reader: ConfigReader::default(),
                traces: Traces::default(),
            },
            auth: BearerAuth::new(None).expect("no token"),
            tls: None,
            health: Health::serving().await,
            connections: Connections::new(
                "grpc",
                Limits {
                    connections: 2 * STREAMS,
                    // As the program has it: all streams may be about to begin at once.
                    requests: REQUESTS + STREAMS,
                },
                Arc::default(),
            ),
        };
        tokio::spawn(grpc::serve(parts, listener, stop.clone()));
        Self { address, stop }
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
