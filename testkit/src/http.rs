//! The account as a Blob and a Queue service on loopback, good enough for the Azure adapter and for the
//! official client, with the faults that servers and networks have.
//!
//! URLs are in path style, `http://127.0.0.1:<port>/<account>/<container>/<blob>`, as Azurite's are. Those of queues
//! begin with another segment, because both services share the port.
//!
//! ```no_run
//! # async fn example() {
//! use testkit::{account::FakeAccount, http::HttpFace};
//!
//! let account = FakeAccount::new();
//! account.create_container("datasets").unwrap();
//! let face = HttpFace::start(account).await;
//! println!("{}", face.connection_string());
//! # }
//! ```

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::{Request, request::Parts};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};

use crate::{account::FakeAccount, queue::FakeQueue};

mod answer;
mod blob;
mod call;
mod fault;
mod list;
mod pages;
mod queue;
mod serve;

pub(crate) use answer::http_date;
pub use call::HttpOp;
pub use fault::{HttpFault, RetryAfter};
pub use pages::SyntheticPages;

use fault::HttpFaults;

/// The development account's name, which Azurite and its friends have had since the first emulator.
pub const ACCOUNT: &str = "devstoreaccount1";
/// The development account's published key. It protects nothing.
pub const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// How much of a container of made-up blobs is kept rendered, unless [`HttpFace::start_with`] says otherwise.
const CACHE: usize = 64 << 20;

type AuthRule = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;

/// A running fake service. It stops, connections and all, when it is dropped.
pub struct HttpFace {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What all connections share.
struct Shared {
    account: FakeAccount,
    pages: SyntheticPages,
    faults: Mutex<HttpFaults>,
    authorized: Mutex<AuthRule>,
    requests: Mutex<BTreeMap<HttpOp, u64>>,
    bom: AtomicBool,
    latency: Mutex<BTreeMap<HttpOp, Duration>>,
    queues: Mutex<BTreeMap<String, FakeQueue>>,
}

impl HttpFace {
    /// Serves `account` on a free port of the loopback interface.
    pub async fn start(account: FakeAccount) -> Self {
        Self::start_with(account, 0, CACHE)
            .await
            .expect("a free port on the loopback interface")
    }

    /// Serves `account` on `port` and keeps up to `cache` bytes of rendered pages.
    pub async fn start_with(account: FakeAccount, port: u16, cache: usize) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            account,
            pages: SyntheticPages::new(cache),
            faults: Mutex::default(),
            authorized: Mutex::new(Arc::new(|_| true)),
            requests: Mutex::default(),
            bom: AtomicBool::new(true),
            latency: Mutex::default(),
            queues: Mutex::default(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            task,
        })
    }

    /// The account behind it.
    pub fn account(&self) -> &FakeAccount {
        &self.shared.account
    }

    /// The blob service's URL, without a trailing slash.
    pub fn endpoint(&self) -> String {
        format!("http://{}/{ACCOUNT}", self.address)
    }

    /// The queue service's URL, without a trailing slash.
    pub fn queue_endpoint(&self) -> String {
        format!("http://{}/{}", self.address, queue::SERVICE)
    }

    /// A connection string with the development key.
    pub fn connection_string(&self) -> String {
        let blobs = connection_string(&self.endpoint());
        format!("{blobs}QueueEndpoint={};", self.queue_endpoint())
    }

    /// The queue of this name, which is there from now on.
    pub fn queue(&self, name: &str) -> FakeQueue {
        let mut queues = self.shared.queues.lock().expect("queues");
        queues.entry(name.to_owned()).or_default().clone()
    }

    /// The next call of `op` that no earlier entry took meets `fault`.
    pub fn fault(&self, op: HttpOp, fault: HttpFault) {
        self.faults(|faults| faults.script(op, fault));
    }

    /// From now on `per_mille` calls of a thousand meet one of `faults`, as `seed` has it.
    pub fn storm(&self, seed: u64, per_mille: u32, faults: Vec<HttpFault>) {
        self.faults(|it| it.storm(seed, per_mille, faults));
    }

    /// No more faults.
    pub fn calm(&self) {
        self.faults(|faults| *faults = HttpFaults::default());
    }

    /// Answers 403 `AuthenticationFailed` to requests for which `rule` is false.
    pub fn authorize(&self, rule: impl Fn(&Parts) -> bool + Send + Sync + 'static) {
        *self.shared.authorized.lock().expect("a rule") = Arc::new(rule);
    }

    /// Whether lists start with a byte order mark, as the service's do.
    pub fn set_bom(&self, on: bool) {
        self.shared.bom.store(on, Ordering::SeqCst);
    }

    /// How long every call of `op` takes, like those to a service that is some way off.
    pub fn set_latency(&self, op: HttpOp, time: Duration) {
        let mut latency = self.shared.latency.lock().expect("durations");
        latency.insert(op, time);
    }

    /// How many calls of `op` arrived.
    pub fn requests(&self, op: HttpOp) -> u64 {
        let requests = self.shared.requests.lock().expect("counters");
        requests.get(&op).copied().unwrap_or_default()
    }

    fn faults(&self, change: impl FnOnce(&mut HttpFaults)) {
        change(&mut self.shared.faults.lock().expect("faults"));
    }
}

impl Drop for HttpFace {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The development account's connection string for a blob endpoint.
pub fn connection_string(endpoint: &str) -> String {
    format!(
        "DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={endpoint};"
    )
}

/// Takes connections until it is aborted, and then drops them all.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        while connections.try_join_next().is_some() {}
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let shared = Arc::clone(&shared);
                async move { serve::serve(&shared, request).await }
            });
            // A connection that a fault cut is no news.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
