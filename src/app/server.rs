//! The server as a whole: both ports, their tasks, and an orderly end.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use axum::Router;
use thiserror::Error;
use tokio::{
    net::TcpListener,
    task::{JoinError, JoinHandle},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::{
    admin::{self, Admin, about::About},
    azure::Connector,
    grpc::{
        self, TlsFiles,
        auth::{BearerAuth, TokenError},
        error::GrpcError,
        health::Health,
        limits::REQUESTS,
        reading::ConfigReader,
        service::EventSourceService,
        streams::Streams,
    },
    journal::in_process::ProcessLedgers,
    kubernetes::{Watches, bulletin},
    listener::{
        backlog,
        connections::{Connections, Limits},
        descriptors,
    },
    notices::Lookout,
    ports::connect::ConnectError,
    registry::Registry,
    traces::{
        export::{Collector, Exporting},
        otlp::NoCollector,
    },
};

/// How long connections may take to close once all sessions have ended. With the 8 s that sessions
/// may take, and a second for the last traces, an end comes within 10 s, well before a cluster's patience of 30 s.
const CLOSE: Duration = Duration::from_secs(1);

/// What a server is told.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Where gRPC is served; port 0 is any free port.
    pub listen: SocketAddr,
    /// Where the status page, metrics and probes are served.
    pub admin_listen: SocketAddr,
    /// How storage accounts are connected to.
    pub connector: Connector,
    /// The file with the bearer token.
    pub token_file: Option<PathBuf>,
    /// TLS for gRPC.
    pub tls: Option<TlsFiles>,
    /// The largest number of streams at once.
    pub max_streams: usize,
    /// What the status page says of this server beside its numbers.
    pub about: About,
    /// Whether the cluster is told of refusals, stalls and dead letters.
    pub kubernetes_events: bool,
    /// Where traces go.
    pub collector: Option<Collector>,
}

/// Why a server does not start, or fails.
#[derive(Debug, Error)]
pub enum ServeError {
    /// A port cannot be had.
    #[error("cannot listen on {address} ({option}): {}", words(.error, *.address, .option))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The option that it came from.
        option: &'static str,
        /// What the system says.
        error: io::Error,
    },
    /// Both ports are one.
    #[error(
        "cannot listen on {address} (--admin-listen): --listen has this port already: write `--admin-listen {}`",
        neighbour(*.address)
    )]
    Same {
        /// The address.
        address: SocketAddr,
    },
    /// The credentials cannot be had.
    #[error(transparent)]
    Credentials(#[from] ConnectError),
    /// The bearer token cannot be had.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Traces cannot be sent.
    #[error(transparent)]
    Collector(#[from] NoCollector),
    /// gRPC cannot be served.
    #[error(transparent)]
    Grpc(#[from] GrpcError),
    /// A defect of ours.
    #[error("the task of a port ended unexpectedly: {0}")]
    Task(#[from] JoinError),
}

impl ServeError {
    /// The same with what `grpc`, the address of the other port, says about it.
    fn beside(self, grpc: SocketAddr) -> Self {
        match self {
            Self::Listen { address, error, .. }
                if error.kind() == io::ErrorKind::AddrInUse && address.port() == grpc.port() =>
            {
                Self::Same { address }
            }
            other => other,
        }
    }
}

fn neighbour(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port().wrapping_add(1).max(1024))
}

fn words(error: &io::Error, address: SocketAddr, option: &str) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let other = neighbour(address);
            format!(
                "another process already uses this port: stop it, or use another port, such as `{option} {other}`"
            )
        }
        io::ErrorKind::PermissionDenied => {
            let other = SocketAddr::new(address.ip(), 50051);
            format!(
                "this user is not allowed to use this port: use one above 1023, such as `{option} {other}`"
            )
        }
        io::ErrorKind::AddrNotAvailable => format!(
            "this machine does not have this address: `{option} 0.0.0.0:{}` listens on all its addresses",
            address.port()
        ),
        _ => error.to_string(),
    }
}

/// A server that has its ports and does not serve yet.
pub struct Server {
    grpc: TcpListener,
    grpc_addr: SocketAddr,
    admin: TcpListener,
    admin_addr: SocketAddr,
    admin_connections: Arc<Connections>,
    about: About,
    parts: grpc::Parts,
    registry: Arc<Registry>,
    streams: Arc<Streams>,
    shutdown: CancellationToken,
    kubernetes_events: bool,
    exporting: Option<Exporting>,
}

impl Server {
    /// Takes the ports and reads what is to be read, so that every mistake shows at once.
    pub async fn bind(options: ServeOptions) -> Result<Self, ServeError> {
        options.connector.look_into_credentials()?;
        let auth = BearerAuth::new(options.token_file.clone())?;
        let tls = options.tls.as_ref().map(TlsFiles::read).transpose()?;
        let (grpc, grpc_addr) = listen(options.listen, "--listen")?;
        let admin = listen(options.admin_listen, "--admin-listen");
        let (admin, admin_addr) = admin.map_err(|error| error.beside(grpc_addr))?;
        if options.token_file.is_none() {
            warn!("no --token-file: everybody who reaches the gRPC port can start streams");
        }
        let collector = options.collector.as_ref();
        if collector.is_some_and(|it| it.endpoint.trim_end_matches('/').ends_with(":4317")) {
            warn!(
                "--otlp-endpoint names port 4317, where collectors take OTLP over gRPC: traces are sent over HTTP, usually \
                 to port 4318"
            );
        }
        let shutdown = CancellationToken::new();
        let registry = Arc::new(Registry::default());
        let streams = Streams::new(options.max_streams, shutdown.clone());
        let pod = options.about.pod.as_deref();
        let (traces, exporting) = collector
            .map(|collector| collector.start(pod))
            .transpose()?
            .unzip();
        let service = EventSourceService {
            traces: traces.unwrap_or_default(),
            open: Arc::new(options.connector),
            confirmations: Arc::new(Watches::default()),
            registry: registry.clone(),
            ledgers: ProcessLedgers::default(),
            streams: streams.clone(),
            reader: ConfigReader::default(),
        };
        let health = Health::serving().await;
        let shares = descriptors::share(options.max_streams);
        let connections = |port, connections| {
            let requests = REQUESTS + options.max_streams;
            let limits = Limits {
                connections,
                requests,
            };
            Connections::new(port, limits, registry.port(port))
        };
        Ok(Self {
            admin_connections: connections("admin", shares.admin),
            about: options.about,
            grpc,
            grpc_addr,
            admin,
            admin_addr,
            parts: grpc::Parts {
                service,
                auth,
                tls,
                health,
                connections: connections("grpc", shares.grpc),
            },
            registry,
            streams,
            shutdown,
            kubernetes_events: options.kubernetes_events,
            exporting,
        })
    }

    /// Where gRPC is served, with the real port.
    pub fn grpc_addr(&self) -> SocketAddr {
        self.grpc_addr
    }

    /// Where the status page, metrics and probes are served, with the real port.
    pub fn admin_addr(&self) -> SocketAddr {
        self.admin_addr
    }

    /// Serves until `shutdown` is cancelled, or a port fails; then ends in order.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), ServeError> {
        info!(grpc = %self.grpc_addr, admin = %self.admin_addr, "listening");
        let health = self.parts.health.clone();
        if self.kubernetes_events {
            let pod = self.about.pod.clone();
            let registry = Arc::clone(&self.registry);
            let mut lookout = Lookout::default();
            let look = move || lookout.look(&registry);
            tokio::spawn(bulletin::publish(look, pod, self.shutdown.clone()));
        }
        let admin = Admin::new(self.registry, self.about, self.shutdown.clone());
        let mut ports = Ports::serve(
            self.grpc,
            self.parts,
            (self.admin, self.admin_connections),
            admin::router(admin),
        );
        let failed = tokio::select! {
            () = shutdown.cancelled() => Ok(()),
            failed = ports.failed() => failed,
        };
        self.shutdown.cancel();
        health.not_serving().await;
        self.streams.flush().await;
        health.dismiss_watchers().await;
        ports.close().await;
        if let Some(exporting) = self.exporting {
            exporting.end().await;
        }
        info!("ended");
        failed
    }
}

fn listen(
    address: SocketAddr,
    option: &'static str,
) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |error| ServeError::Listen {
        address,
        option,
        error,
    };
    let listener = backlog::listen(address).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

type Task = JoinHandle<Result<(), ServeError>>;

/// The tasks of both ports. They go on through a shutdown until the sessions have ended, so that
/// streams get their status and probes their answer.
struct Ports {
    grpc: Task,
    admin: Task,
    stop: CancellationToken,
}

impl Ports {
    fn serve(
        grpc: TcpListener,
        parts: grpc::Parts,
        (admin, connections): (TcpListener, Arc<Connections>),
        router: Router,
    ) -> Self {
        let stop = CancellationToken::new();
        let grpc = grpc::serve(parts, grpc, stop.clone());
        let admin = admin::http1::serve(router, admin, connections, stop.clone());
        Self {
            grpc: tokio::spawn(async { Ok(grpc.await?) }),
            admin: tokio::spawn(async {
                admin.await;
                Ok(())
            }),
            stop,
        }
    }

    // A port that ends by itself has failed.
    async fn failed(&mut self) -> Result<(), ServeError> {
        let ended = tokio::select! {
            ended = &mut self.grpc => ended,
            ended = &mut self.admin => ended,
        };
        ended?
    }

    async fn close(self) {
        self.stop.cancel();
        tokio::join!(close("grpc", self.grpc), close("admin", self.admin));
    }
}

async fn close(port: &str, mut task: Task) {
    if task.is_finished() {
        return;
    }
    if timeout(CLOSE, &mut task).await.is_err() {
        debug!(
            port,
            "clients keep their connections open; closing them anyway"
        );
        task.abort();
        // It was told to end, so how it ended says nothing more.
        let _ = task.await;
    }
}

#[cfg(test)]
mod tests;
