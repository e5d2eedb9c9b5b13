//! What the servers tell of themselves on their admin port.

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client, api::ListParams};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{cluster::Cluster, forward::forward, install::SOURCE, pods::SERVER};

/// The admin port.
const PORT: u16 = 9090;

/// The status of each server that answers.
#[derive(Debug)]
pub(crate) struct Statuses(Vec<(String, Value)>);

/// The one stream that is live.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    /// The pod of the server.
    pub(crate) pod: String,
    /// How many events are sent and not done.
    pub(crate) in_flight: u64,
    /// How many were sent by this process.
    pub(crate) sent: u64,
    /// How many sweeps are complete.
    pub(crate) sweeps: u64,
    /// Whether blobs are not found by listing again and again.
    pub(crate) never_sweeps: bool,
    /// Changes of its feed that were read and are not settled.
    pub(crate) waiting: u64,
    /// How many changes of other containers this process has read in the feed.
    pub(crate) of_others: u64,
    /// Whether nothing is ever swept, because notifications are the only way to find blobs.
    pub(crate) alone: bool,
    /// How many messages were in its queue when it last looked.
    pub(crate) messages: u64,
    /// How many blobs that are done the listing does not show.
    pub(crate) missing: u64,
}

impl Statuses {
    /// Asks each server that runs.
    pub(crate) async fn read(cluster: &Cluster, client: &Client, namespace: &str) -> Result<Self> {
        let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
        let pods = pods.list(&ListParams::default().labels(SERVER)).await?;
        let mut all = Vec::new();
        for pod in pods {
            let name = pod.metadata.name.clone().unwrap_or_default();
            // One that starts or dies does not answer, and streams nothing.
            if let Ok(status) = ask(cluster, namespace, &pod).await {
                all.push((name, status));
            }
        }
        Ok(Self(all))
    }

    /// The live stream of the cases' source, once its first sweep is complete, if it ever sweeps.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub(crate) fn live(&self) -> Result<Live> {
        self.live_where("source", SOURCE)
    }

    /// As [`Self::live`], of the source whose event has this name.
    ///
    /// # Errors
    /// As above.
    pub(crate) fn live_of_event(&self, event: &str) -> Result<Live> {
        self.live_where("event", event)
    }

    fn live_where(&self, key: &str, value: &str) -> Result<Live> {
        let all = self.0.iter();
        let live: Vec<_> = all
            .filter_map(|(pod, it)| live(pod, it, key, value))
            .collect();
        match live.as_slice() {
            [one] if one.sweeps > 0 || one.never_sweeps => Ok(one.clone()),
            [_] => bail!("the first sweep is not complete"),
            [] => bail!("no stream is live: {}", self.text()),
            _ => bail!("several streams are live: {}", self.text()),
        }
    }

    /// All of it, for people.
    pub(crate) fn text(&self) -> String {
        let line = |(pod, it): &(String, Value)| format!("{pod}: {}", it["sources"]);
        self.0.iter().map(line).collect::<Vec<_>>().join("; ")
    }
}

fn live(pod: &str, status: &Value, key: &str, value: &str) -> Option<Live> {
    let sources = status["sources"].as_array()?;
    let is_live =
        |it: &&Value| it[key] == value && it["state"] != "no-stream" && it["state"] != "refused";
    let source = sources.iter().find(is_live)?;
    let number = |key: &str| source[key].as_u64().unwrap_or_default();
    let feed = &source["changeFeed"];
    Some(Live {
        pod: pod.to_owned(),
        in_flight: number("inFlight"),
        sent: number("sent"),
        sweeps: number("sweeps"),
        never_sweeps: source["neverSweeps"] == true,
        waiting: feed["waiting"].as_u64().unwrap_or_default(),
        of_others: feed["changes"]["other_container"]
            .as_u64()
            .unwrap_or_default(),
        alone: source["queue"]["alone"] == true,
        messages: source["queue"]["messages"].as_u64().unwrap_or_default(),
        missing: number("missingBlobs"),
    })
}

async fn ask(cluster: &Cluster, namespace: &str, pod: &Pod) -> Result<Value> {
    let status = pod.status.as_ref().context("no status")?;
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    let address = status.pod_ip.as_deref().context("no address")?;
    let text = match cluster {
        Cluster::Inside(_) => get(address, PORT).await?,
        Cluster::Outside => {
            let (port, _child) = forward(namespace, &format!("pod/{name}"), PORT).await?;
            get("127.0.0.1", port).await?
        }
    };
    let (_, body) = text.split_once("\r\n\r\n").context("no complete answer")?;
    Ok(serde_json::from_str(body)?)
}

// HTTP/1.0: the answer ends with the connection, and is never in chunks.
async fn get(host: &str, port: u16) -> Result<String> {
    let request = format!("GET / HTTP/1.0\r\nHost: {host}\r\nAccept: application/json\r\n\r\n");
    let exchange = async {
        let mut stream = TcpStream::connect((host, port)).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        anyhow::Ok(answer)
    };
    tokio::time::timeout(std::time::Duration::from_secs(2), exchange).await?
}
