//! Those who have done nothing wrong: probes, a client that streams, and the storage account behind it.
//! They run on a thread of their own, so that what an attack does to this process does not slow them.

use std::{
    io,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use azure_blob_eventsource::grpc::contract::{EventSource, eventing_client::EventingClient};
use testkit::{account::NewBlob, http::HttpFace};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    runtime::{Builder, Runtime},
    time::{sleep, timeout},
};
use tonic::{
    Request, Status, Streaming,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::{
    binary::storage::Place,
    harness::{TOKEN, Target},
};

/// The longest that anybody waits for an answer before it counts as none.
const PATIENCE: Duration = Duration::from_secs(20);
const PROBE_EVERY: Duration = Duration::from_millis(200);
const BLOB_EVERY: Duration = Duration::from_millis(400);

/// What happened to them since it was last asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// Probes that were answered, and how long the slowest took.
    pub(crate) probes: u32,
    pub(crate) slowest: Duration,
    /// Probes that failed, with the reason.
    pub(crate) failed: Vec<String>,
    /// Events that the client got.
    pub(crate) events: u32,
    /// The status with which its stream ended, which it must not.
    pub(crate) ended: Option<String>,
}

/// They live until this is dropped.
pub(crate) struct Bystanders {
    runtime: Option<Runtime>,
    tally: Arc<Mutex<Tally>>,
    /// Where blobs are.
    pub(crate) place: Arc<Place>,
    face: Arc<HttpFace>,
}

impl Bystanders {
    /// A storage account for a server that is still to be started.
    pub(crate) async fn move_in() -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        let runtime = runtime.unwrap();
        let (place, face) = runtime.spawn(Place::fake()).await.unwrap();
        Self {
            runtime: Some(runtime),
            tally: Arc::default(),
            place: Arc::new(place),
            face: Arc::new(face),
        }
    }

    /// The storage account.
    pub(crate) fn face(&self) -> &HttpFace {
        &self.face
    }

    /// Starts the client and the probes, and waits until both have had their first answer.
    pub(crate) async fn begin(&self, target: &Target) {
        let tally = self.tally.clone();
        let config = self.place.config();
        let on = target.clone();
        let stream = self.spawn(async move { stream(&on, &config).await }).await;
        let stream = stream.unwrap().expect("a stream before any attack");
        self.spawn(read(stream, tally));
        self.spawn(feed(self.place.clone(), self.face.clone()));
        self.spawn(probe(target.clone(), self.tally.clone()));
        self.wait("events and probes", |tally| {
            tally.events > 0 && tally.probes > 0
        })
        .await;
    }

    /// What happened since this was last asked for.
    pub(crate) fn take(&self) -> Tally {
        std::mem::take(&mut self.tally.lock().unwrap())
    }

    /// What happened since this was last asked for, with the probes that are under way.
    pub(crate) async fn rest(&self) -> Tally {
        let rounds = |tally: &Tally| tally.probes as usize + tally.failed.len();
        let before = rounds(&self.tally.lock().unwrap());
        // Each of the three kinds that was asked before this has been answered by then.
        self.wait("probes", |tally| rounds(tally) >= before + 3)
            .await;
        self.take()
    }

    /// Waits until the tally is such as `what` says.
    pub(crate) async fn wait(&self, what: &str, is: impl Fn(&Tally) -> bool) {
        let found = async || is(&self.tally.lock().unwrap()).then_some(());
        crate::binary::process::wait_for(what, found).await;
    }

    fn spawn<F>(&self, task: F) -> tokio::task::JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.runtime.as_ref().unwrap().spawn(task)
    }
}

impl Drop for Bystanders {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Not `drop`, which may not wait inside another runtime.
            runtime.shutdown_background();
        }
    }
}

/// A stream of events, asked for with the token.
pub(crate) async fn stream(target: &Target, config: &str) -> Result<Events, Status> {
    let mut request = Request::new(EventSource {
        name: "bystander".to_owned(),
        config: config.as_bytes().to_vec(),
    });
    let value = format!("Bearer {TOKEN}").parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    let mut client = EventingClient::new(channel(target).await?);
    Ok(client.start_event_source(request).await?.into_inner())
}

type Events = Streaming<azure_blob_eventsource::grpc::contract::Event>;

async fn channel(target: &Target) -> Result<Channel, Status> {
    let endpoint = Endpoint::from_shared(target.url()).unwrap();
    let endpoint = match &target.certificate {
        None => endpoint,
        Some(pem) => {
            let tls = tonic::transport::ClientTlsConfig::new()
                .ca_certificate(tonic::transport::Certificate::from_pem(pem))
                .domain_name("localhost");
            endpoint.tls_config(tls).unwrap()
        }
    };
    let connected = endpoint.connect().await;
    connected.map_err(|error| Status::unavailable(format!("{error:?}")))
}

async fn read(mut stream: Events, tally: Arc<Mutex<Tally>>) {
    loop {
        let next = stream.message().await;
        let mut tally = tally.lock().unwrap();
        match next {
            Ok(Some(_)) => tally.events += 1,
            Ok(None) => tally.ended = Some("without a word".to_owned()),
            Err(status) => tally.ended = Some(status.to_string()),
        }
        if tally.ended.is_some() {
            return;
        }
    }
}

async fn feed(place: Arc<Place>, face: Arc<HttpFace>) {
    for number in 0.. {
        let blob = NewBlob::new("id\n1\n");
        let name = format!("raw/{number}.csv");
        face.account().put(&place.container, &name, blob).unwrap();
        sleep(BLOB_EVERY).await;
    }
}

async fn probe(target: Target, tally: Arc<Mutex<Tally>>) {
    loop {
        for kind in ["/healthz", "/readyz", "Health/Check"] {
            let began = Instant::now();
            let answer = async {
                match kind {
                    "Health/Check" => check(&target).await.map_err(|e| e.to_string()),
                    path => get(&target, path).await.map_err(|e| e.to_string()),
                }
            };
            let answer = timeout(PATIENCE, answer).await;
            let answer = answer.unwrap_or_else(|_| Err("no answer".to_owned()));
            let mut tally = tally.lock().unwrap();
            match answer {
                Ok(()) => {
                    tally.probes += 1;
                    tally.slowest = tally.slowest.max(began.elapsed());
                }
                Err(why) => tally.failed.push(format!("{kind}: {why}")),
            }
        }
        sleep(PROBE_EVERY).await;
    }
}

/// As a kubelet does it: a connection of its own for each question.
pub(crate) async fn check(target: &Target) -> Result<(), Status> {
    let mut health = HealthClient::new(channel(target).await?);
    let asked = HealthCheckRequest {
        service: String::new(),
    };
    match health.check(asked).await?.into_inner().status {
        1 => Ok(()),
        other => Err(Status::internal(format!("it says {other}"))),
    }
}

/// Gets a path of the admin port, and wants 200.
pub(crate) async fn get(target: &Target, path: &str) -> io::Result<()> {
    let mut connection: TcpStream = TcpSocket::new_v4()?.connect(target.admin).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    match answer.starts_with("HTTP/1.1 200") {
        true => Ok(()),
        false => Err(io::Error::other(format!("{answer:?}"))),
    }
}
