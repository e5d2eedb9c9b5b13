//! The other pods: what they stream, so that people learn it from whichever pod they ask.
//!
//! A Deployment's pods know nothing of each other. The name of a headless Service stands for the addresses of all of
//! them, and each tells what it streams on its admin port.

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::{
    net::lookup_host,
    sync::Mutex,
    time::{Instant, timeout, timeout_at},
};
use tracing::debug;

/// Asked with this, a pod tells of itself alone.
pub(super) const OWN: &str = "own";
/// How long the others may take to answer, all of them together.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long an answer is as good as new: pages ask each second.
const FRESH: Duration = Duration::from_secs(3);
/// How many pods are asked, at most.
const PODS: usize = 16;
/// How many bytes of an answer are read, at most.
const ANSWER: usize = 4 << 20;

/// Another pod that has live streams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Elsewhere {
    /// The pod, as the cluster calls it.
    pub(super) pod: String,
    /// What it streams, in the order of the names.
    pub(super) sources: Vec<Streamed>,
}

/// A source with a live stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Streamed {
    /// The source's name.
    pub(super) source: String,
    /// The event's name in its EventSource.
    pub(super) event: String,
    /// The container.
    pub(super) container: String,
    /// How it is, as `state` of `/status.json`.
    pub(super) state: String,
}

/// As much of `/status.json` as is needed.
#[derive(Debug, Deserialize)]
struct Told {
    pod: Option<String>,
    sources: Vec<Streamed>,
}

/// Asks the other pods.
#[derive(Debug)]
pub(super) struct Peers {
    /// Host and port of all pods, and what asks them; `None` when nobody is asked.
    others: Option<(String, reqwest::Client)>,
    own: Option<String>,
    last: Mutex<Option<(Instant, Vec<Elsewhere>)>>,
}

impl Peers {
    /// Asks whatever has the name and port `at`, but for the pod `own`, which is this one.
    pub(super) fn new(at: Option<String>, own: Option<String>) -> Self {
        // Pods reach each other directly, whatever leads out of the cluster.
        let client = |at| Some((at, reqwest::Client::builder().no_proxy().build().ok()?));
        Self {
            others: at.and_then(client),
            own,
            last: Mutex::default(),
        }
    }

    /// What other pods stream. Who does not answer within a second is left out.
    pub(super) async fn elsewhere(&self) -> Vec<Elsewhere> {
        let Some((at, client)) = &self.others else {
            return Vec::new();
        };
        let mut last = self.last.lock().await;
        if let Some((_, known)) = last.as_ref().filter(|(asked, _)| asked.elapsed() < FRESH) {
            return known.clone();
        }
        let all = self.ask(at, client).await;
        *last = Some((Instant::now(), all.clone()));
        all
    }

    async fn ask(&self, at: &str, client: &reqwest::Client) -> Vec<Elsewhere> {
        let addresses: BTreeSet<_> = match timeout(PATIENCE, lookup_host(at)).await {
            Ok(Ok(addresses)) => addresses.take(PODS).collect(),
            Ok(Err(error)) => {
                debug!(at, %error, "the other pods are not found");
                BTreeSet::new()
            }
            Err(_) => BTreeSet::new(),
        };
        let end = Instant::now() + PATIENCE;
        let answers = stream::iter(addresses)
            .map(|address| async move {
                let told = timeout_at(end, told(client, address)).await;
                told.ok().flatten()
            })
            .buffer_unordered(PODS);
        let told: Vec<_> = answers.collect().await;
        let mut all: Vec<_> = told
            .into_iter()
            .flatten()
            .filter_map(|told| self.other(told))
            .collect();
        all.sort_by(|a, b| a.pod.cmp(&b.pod));
        all
    }

    // Of those that are not this pod, if they stream anything.
    fn other(&self, told: Told) -> Option<Elsewhere> {
        let pod = told.pod.filter(|pod| Some(pod) != self.own.as_ref())?;
        let mut sources = told.sources;
        sources.retain(|it| !["no-stream", "refused"].contains(&it.state.as_str()));
        (!sources.is_empty()).then_some(Elsewhere { pod, sources })
    }
}

async fn told(client: &reqwest::Client, address: SocketAddr) -> Option<Told> {
    let url = format!("http://{address}/status.json?{OWN}");
    let mut answer = client.get(url).send().await.ok()?;
    let mut text = Vec::new();
    while let Some(chunk) = answer.chunk().await.ok()? {
        text.extend_from_slice(&chunk);
        if text.len() > ANSWER {
            return None;
        }
    }
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::sync::Arc;

    use tokio::net::TcpListener;
    use tokio_util::sync::CancellationToken;

    use crate::{
        admin::{Admin, about::About, router},
        registry::Registry,
    };

    struct Pod {
        registry: Arc<Registry>,
        at: String,
    }

    // A pod on a port of its own, with others at `peers`.
    async fn pod(name: &str, listener: TcpListener, peers: &str) -> Pod {
        let at = listener.local_addr().unwrap().to_string();
        let about = About {
            pod: Some(name.to_owned()),
            argo_url: None,
            peers: Some(peers.to_owned()),
        };
        let registry = Arc::new(Registry::default());
        let admin = Admin::new(Arc::clone(&registry), about, CancellationToken::new());
        tokio::spawn(async move { axum::serve(listener, router(admin)).await });
        Pod { registry, at }
    }

    async fn listener() -> TcpListener {
        TcpListener::bind("127.0.0.1:0").await.unwrap()
    }

    async fn page(pod: &Pod, path: &str) -> String {
        let url = format!("http://{}{path}", pod.at);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(url).send().await.unwrap();
        answer.text().await.unwrap()
    }

    #[tokio::test]
    async fn a_pod_names_the_pod_that_has_the_stream_and_asks_no_further() {
        let (one, other) = (listener().await, listener().await);
        let one_at = one.local_addr().unwrap().to_string();
        // Each is asked by the other: were they to ask on, none would answer in time.
        let one = pod("pod-one", one, &other.local_addr().unwrap().to_string()).await;
        let other = pod("pod-two", other, &one_at).await;
        one.registry.source("raw").started("datasets", "lake");
        // This one had it before, and lost it.
        let lost = other.registry.source("raw");
        let number = lost.started("datasets", "lake");
        lost.ended(number, Some("another stream took over".to_owned()));
        let html = page(&other, "/").await;
        for words in [
            "<b class=name>pod-one</b> 1 source",
            "kubectl port-forward pod/pod-one 9090",
            "raw: first sweep (event datasets, container lake)",
            "1 on other pods",
        ] {
            assert!(html.contains(words), "{words} is not in {html}");
        }
        assert!(!html.contains("took over"), "{html}");
        let json = page(&other, "/status.json").await;
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["elsewhere"][0]["pod"], "pod-one");
        // The other has nothing live.
        assert!(!page(&one, "/").await.contains("On other pods"));
    }

    #[tokio::test]
    async fn a_pod_is_not_told_of_itself() {
        let own = listener().await;
        let at = own.local_addr().unwrap().to_string();
        let own = pod("pod-one", own, &at).await;
        own.registry.source("raw").started("datasets", "lake");
        let html = page(&own, "/").await;
        assert!(
            html.contains("raw") && !html.contains("On other pods"),
            "{html}"
        );
    }

    #[tokio::test]
    async fn a_pod_that_does_not_answer_delays_no_page_for_long() {
        // It takes connections, and says nothing.
        let silent = listener().await;
        let at = silent.local_addr().unwrap().to_string();
        let pod = pod("pod-one", listener().await, &at).await;
        pod.registry.source("raw").started("datasets", "lake");
        let html = tokio::time::timeout(std::time::Duration::from_secs(5), page(&pod, "/")).await;
        assert!(html.unwrap().contains("raw"));
    }
}
