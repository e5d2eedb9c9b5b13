//! The storage account of one case: what people write, and what the product keeps there.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, bail};
use azure_blob_eventsource::batch::manifest::Manifest;
use bytes::Bytes;
use http::{Method, StatusCode};
use testkit::{account::NewBlob, client::BlobClient};
use tokio::process::Child;

use crate::{
    cluster::Cluster, forward::forward, install::SOURCE, pods::PATIENCE, wait::until,
    witness::Version,
};

/// The storage account's name.
pub(crate) const ACCOUNT: &str = "mlpipelinestore";
/// Where people write.
pub(crate) const DATASETS: &str = "datasets";
/// Where runs leave their results.
const MODELS: &str = "models";
/// Where the product keeps what it knows, in it the folder of the cases' source.
const STATE: &str = "eventsource-state";

/// A client of the account.
pub(crate) struct Storage {
    client: BlobClient,
    written: AtomicUsize,
    // The way there ends when it is dropped.
    _forward: Option<Child>,
}

impl Storage {
    /// Waits until the account answers.
    pub(crate) async fn open(cluster: &Cluster, namespace: &str) -> Result<Self> {
        let (endpoint, forward) = match cluster {
            Cluster::Inside(_) => (format!("http://{ACCOUNT}.{namespace}.svc:10000"), None),
            Cluster::Outside => {
                let service = format!("service/{ACCOUNT}");
                let (port, child) = forward(namespace, &service, 10000).await?;
                // On a bare host the account's name is in the path.
                (format!("http://127.0.0.1:{port}/{ACCOUNT}"), Some(child))
            }
        };
        let client = BlobClient::of_account(ACCOUNT, &endpoint);
        let ask = async || answers(&client).await;
        until("the storage account answers", PATIENCE, ask).await?;
        Ok(Self {
            client,
            written: AtomicUsize::new(0),
            _forward: forward,
        })
    }

    /// Writes a dataset, as a new version when it is there.
    pub(crate) async fn put(&self, blob: &str, content: impl Into<Bytes>) -> Version {
        let content = NewBlob::new(content).content_type("text/csv");
        let etag = self.client.put_blob(DATASETS, blob, &content).await;
        self.written.fetch_add(1, Ordering::Relaxed);
        Version {
            blob: blob.to_owned(),
            etag,
        }
    }

    /// Makes a container.
    pub(crate) async fn create_container(&self, container: &str) {
        self.client.create_container(container).await;
    }

    /// Writes a file that the service itself would write, in place of what was there.
    pub(crate) async fn put_file(&self, container: &str, name: &str, content: Vec<u8>) {
        let content = NewBlob::new(content);
        self.client.put_blob(container, name, &content).await;
    }

    /// How many datasets were written, each version of one by itself.
    pub(crate) fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }

    /// Lets the listing of the datasets be empty, or whole again; see [`crate::install::Setup::proxy`].
    pub(crate) async fn blank(&self, blank: bool) {
        match blank {
            true => {
                let content = NewBlob::new("");
                self.client.put_blob(DATASETS, "blank", &content).await;
            }
            false => self.client.delete(DATASETS, "blank").await,
        }
    }

    /// Writes a message into a queue of the account. Only on a cluster whose network this process is in.
    ///
    /// # Errors
    /// The queue does not take it.
    pub(crate) async fn enqueue(&self, namespace: &str, queue: &str, text: &str) -> Result<()> {
        let message = format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
        let path = format!("{queue}/messages");
        let endpoint = format!("http://{ACCOUNT}.{namespace}.svc:10001");
        let client = BlobClient::of_account(ACCOUNT, &endpoint);
        let put = client.send(Method::POST, &path, &[], &[], message.into());
        match put.await.status() {
            StatusCode::CREATED => Ok(()),
            other => bail!("{queue}: the queue service answers {other}"),
        }
    }

    /// What a run left under this name, if it did.
    pub(crate) async fn result(&self, name: &str) -> Option<Bytes> {
        self.client.get(MODELS, name).await
    }

    /// What the product keeps under this name, if it does.
    pub(crate) async fn state(&self, name: &str) -> Option<String> {
        let blob = self.client.get(STATE, &format!("{SOURCE}/{name}")).await;
        blob.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The texts of the dead letters.
    pub(crate) async fn dead_letters(&self) -> Result<Vec<String>> {
        let prefix = format!("{SOURCE}/dead/");
        let query = [
            ("restype", "container"),
            ("comp", "list"),
            ("prefix", prefix.as_str()),
        ];
        let reply = self
            .client
            .send(Method::GET, STATE, &query, &[], Bytes::new());
        let reply = reply.await;
        if reply.status() != StatusCode::OK {
            bail!("the state container cannot be listed: {}", reply.status());
        }
        let mut letters = Vec::new();
        for name in names(&String::from_utf8_lossy(reply.body())) {
            // One that was just removed is none any more.
            letters.extend(self.client.get(STATE, name).await);
        }
        let text = |bytes: Bytes| String::from_utf8_lossy(&bytes).into_owned();
        Ok(letters.into_iter().map(text).collect())
    }

    /// The manifests of batches that are there: the id of each, and the names of its blobs.
    ///
    /// # Errors
    /// The state container cannot be read, or what is in it is no manifest.
    pub(crate) async fn manifests(&self) -> Result<Vec<(String, Vec<String>)>> {
        let prefix = format!("{SOURCE}/batches/");
        let query = [
            ("restype", "container"),
            ("comp", "list"),
            ("prefix", &*prefix),
        ];
        let listed = self
            .client
            .send(Method::GET, STATE, &query, &[], Bytes::new());
        let listed = listed.await;
        let mut manifests = Vec::new();
        for name in names(&String::from_utf8_lossy(listed.body())) {
            let Some(bytes) = self.client.get(STATE, name).await else {
                continue;
            };
            let id = name.strip_prefix(&prefix).unwrap_or_default();
            let id = id.strip_suffix(".ndjson").unwrap_or_default();
            let manifest = Manifest::parse(bytes).map_err(anyhow::Error::msg)?;
            let blobs = manifest.blobs.into_iter().map(|it| it.name);
            manifests.push((id.to_owned(), blobs.collect()));
        }
        Ok(manifests)
    }
}

async fn answers(client: &BlobClient) -> Result<()> {
    let query = [("restype", "container")];
    let reply = client.try_send(Method::GET, DATASETS, &query, &[], Bytes::new());
    match reply.await.map_err(anyhow::Error::from_boxed)?.status() {
        StatusCode::OK => Ok(()),
        other => bail!("it answers {other}"),
    }
}

/// The names in a listing. Those of our folder have nothing to decode in them.
fn names(listing: &str) -> Vec<&str> {
    let items = listing.split("<Name>").skip(1);
    items
        .filter_map(|rest| rest.split_once("</Name>").map(|(name, _)| name))
        .collect()
}
