//! A storage account with blobs and a queue that tells of each of them, and a cluster that confirms at once.

use std::{
    io::{Read, stdin},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use azure_blob_eventsource::{
    azure::Connector,
    confirm::{
        error::ConfirmError,
        index::Index,
        object_set::{Object, State},
        target::Confirm,
    },
    event::EventId,
    ports::confirmation::{Confirmation, Confirmations},
};
use serde_json::json;
use testkit::{
    account::{FakeAccount, NewBlob, Synthetic},
    http::{HttpFace, HttpOp},
};

use super::{
    Other,
    source::{CONTAINER, STATE},
};

/// The role of [`serve`].
pub(crate) const SERVE: &str = "serve";
/// The queue.
pub(crate) const QUEUE: &str = "dataset-events";
/// All that is called for each message, or for some of them.
const CALLS: [HttpOp; 6] = [
    HttpOp::ReceiveMessages,
    HttpOp::UpdateMessage,
    HttpOp::DeleteMessage,
    HttpOp::BlobProperties,
    HttpOp::AppendBlock,
    HttpOp::GetBlob,
];

/// What Event Grid says of a blob, in base64 as it does.
pub(crate) fn message(name: &str, etag: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let account = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a";
    let event = json!({
        "specversion": "1.0",
        "type": "Microsoft.Storage.BlobCreated",
        "source": account,
        "id": format!("bench-{name}"),
        "time": "2026-01-01T00:00:00Z",
        "subject": format!("/blobServices/default/containers/{CONTAINER}/blobs/{name}"),
        "data": {"api": "PutBlob", "eTag": etag, "blobType": "BlockBlob", "contentLength": 1},
    });
    STANDARD.encode(event.to_string())
}

/// Serves so many blobs and messages, `latency` away: prints the connection string, and ends with its input.
pub(crate) async fn serve(blobs: u64, latency: Duration) {
    let face = HttpFace::start(FakeAccount::new()).await;
    fill(&face, blobs);
    CALLS
        .into_iter()
        .for_each(|op| face.set_latency(op, latency));
    println!("{}", face.connection_string());
    let end = tokio::task::spawn_blocking(|| stdin().read_to_end(&mut Vec::new()));
    let _ = end.await;
}

/// Makes the containers, the queues, and so many blobs with a message each.
pub(crate) fn fill(face: &HttpFace, blobs: u64) {
    let account = face.account();
    for container in [CONTAINER, STATE] {
        account.create_container(container).expect("a container");
    }
    let queue = face.queue(QUEUE);
    face.queue(&format!("{QUEUE}-poison"));
    for index in 0..blobs {
        let name = Synthetic::name(index);
        let put = account.put(CONTAINER, &name, NewBlob::from("x"));
        let etag = put.expect("a blob");
        queue.put(&message(&name, &etag)).expect("a message");
    }
}

/// A fake account in another process, and how the product reaches it.
pub(crate) struct QueueService {
    /// How to connect to it.
    pub(crate) connection_string: String,
    _process: Other,
}

impl QueueService {
    /// Starts one with so many blobs and messages.
    pub(crate) fn start(blobs: u64, latency: Duration) -> Self {
        let arguments = [blobs, latency.as_millis() as u64].map(|it| it.to_string());
        let mut process = Other::start(SERVE, &arguments);
        Self {
            connection_string: process.line(),
            _process: process,
        }
    }
}

/// Connects to the account of this connection string.
pub(crate) struct Credential {
    dir: tempfile::TempDir,
}

impl Credential {
    pub(crate) fn new(connection_string: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(dir.path().join("fake"), connection_string).expect("a credential file");
        Self { dir }
    }

    /// What opens it.
    pub(crate) fn connector(&self) -> Connector {
        Connector {
            credentials_dir: Some(self.dir.path().to_owned()),
            allowed_endpoints: Vec::new(),
            ..Connector::default()
        }
    }
}

/// A source that is told of its blobs and confirmed by Workflows.
pub(crate) fn config(endpoint: &str, in_flight: u64) -> String {
    format!(
        "{{endpoint: \"{endpoint}\", container: {CONTAINER}, credential: fake, existing: emit, \
         source: {{queue: {{name: {QUEUE}}}}}, state: {{container: {STATE}}}, \
         confirm: {{workflows: {{namespace: bench}}}}, limits: {{inFlight: {in_flight}}}}}"
    )
}

/// A cluster whose Workflows are there when somebody says so.
#[derive(Clone, Default)]
pub(crate) struct Cluster(Arc<Watch>);

#[derive(Default)]
struct Watch(Index);

impl Cluster {
    /// The Workflow of this event is there, and is done.
    pub(crate) fn made(&self, id: EventId) {
        self.0.0.applied(Object {
            name: id.to_hex(),
            id,
            state: State::Finished,
        });
    }
}

#[async_trait]
impl Confirmations for Cluster {
    async fn open(&self, _: &Confirm) -> Result<Arc<dyn Confirmation>, ConfirmError> {
        self.0.0.live();
        Ok(self.0.clone())
    }
}

#[async_trait]
impl Confirmation for Watch {
    fn index(&self) -> &Index {
        &self.0
    }

    fn namespace(&self) -> &str {
        "bench"
    }

    async fn look(&self, id: EventId) -> Result<bool, ConfirmError> {
        Ok(self.0.has(id))
    }
}
