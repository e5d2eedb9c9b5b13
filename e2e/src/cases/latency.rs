//! How long it takes from an upload to its Workflow, beside Argo Events' own source for Azure.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use testkit::http::KEY;

use super::{notified::tell, restarts::has_no_dead_letter};
use crate::{
    command::kubectl, install::rolled_out, pods::PATIENCE, stage::Stage, storage::ACCOUNT,
    wait::until, witness::Version,
};

const SAMPLES: usize = 100;
/// Slower than a Sensor takes events, so that none waits for another; no multiple of the listing's interval.
const PACE: Duration = Duration::from_millis(730);
/// Half an interval, and what the rest takes on a busy machine.
const SOON: Duration = Duration::from_secs(5);
const QUEUE: &str = "dataset-events";

/// 100 uploads to a source that lists each second; then as many messages to Argo's `azureQueueStorage`, which
/// looks each second as well. The second is spared the way from the upload to the queue.
pub(crate) async fn beside_queue_storage(stage: &Stage) -> Result<()> {
    let mut ours = BTreeMap::new();
    for number in 1..=SAMPLES {
        let version = stage.put(&format!("sample-{number}")).await;
        ours.insert(version, Instant::now());
        tokio::time::sleep(PACE).await;
    }
    let versions: Vec<_> = ours.keys().cloned().collect();
    let ours = report(stage, "this source, listing each second", &ours).await?;
    ensure!(ours < SOON, "half of them took longer than {ours:?}");
    stage.comes_to_exactly(&versions).await?;

    kubectl(
        &stage.namespace,
        &["apply", "-f", "-"],
        &manifests(&stage.namespace),
    )
    .await?;
    for client in ["eventsource-name=queue", "sensor-name=queue"] {
        rolled_out(&stage.namespace, &["deployment", "-l", client]).await?;
    }
    warm_up(stage).await?;
    let mut theirs = BTreeMap::new();
    for number in 1..=SAMPLES {
        let version = enqueue(stage, &format!("queued-{number}")).await?;
        theirs.insert(version, Instant::now());
        tokio::time::sleep(PACE).await;
    }
    let theirs = report(stage, "Argo's azureQueueStorage, each second", &theirs).await?;
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    stage.say.line(format!("ratio of the medians: {ratio:.2}"));
    has_no_dead_letter(stage).await
}

/// 100 uploads, of each of which a notification tells at once.
pub(crate) async fn notified(stage: &Stage) -> Result<()> {
    let mut from = BTreeMap::new();
    for number in 1..=SAMPLES {
        let version = stage.put(&format!("sample-{number}")).await;
        from.insert(version.clone(), Instant::now());
        tell(stage, &version).await?;
        tokio::time::sleep(PACE).await;
    }
    let versions: Vec<_> = from.keys().cloned().collect();
    let half = report(stage, "this source, with a queue", &from).await?;
    ensure!(half < SOON, "half of them took longer than {half:?}");
    stage.comes_to_exactly(&versions).await
}

/// Writes messages until one has its Workflow: what comes before the Sensor has subscribed is lost.
async fn warm_up(stage: &Stage) -> Result<()> {
    let mut sent = Vec::new();
    let came = async || {
        sent.push(enqueue(stage, &format!("warm-up-{}", sent.len())).await?);
        tokio::time::sleep(PACE).await;
        let seen = stage.witness.all();
        let came = seen.iter().any(|it| sent.contains(&it.version()));
        ensure!(came, "none of {} has one", sent.len());
        Ok(())
    };
    until("a message has its Workflow", PATIENCE, came).await
}

/// Writes a message, from which a Workflow with these arguments is made.
async fn enqueue(stage: &Stage, name: &str) -> Result<Version> {
    let text = format!(r#"{{"blob":"{name}"}}"#);
    stage
        .storage
        .enqueue(&stage.namespace, QUEUE, &text)
        .await?;
    Ok(Version {
        blob: name.to_owned(),
        etag: "none".to_owned(),
    })
}

/// Waits for the Workflows, prints how long they took, and returns the median.
async fn report(stage: &Stage, who: &str, from: &BTreeMap<Version, Instant>) -> Result<Duration> {
    let times = async || {
        let seen = stage.witness.all();
        let seen: BTreeMap<_, _> = seen.iter().map(|it| (it.version(), it.at)).collect();
        let took = |(version, start): (&Version, &Instant)| {
            Some(seen.get(version)?.duration_since(*start))
        };
        let times: Vec<_> = from.iter().filter_map(took).collect();
        ensure!(
            times.len() == from.len(),
            "{} of {}",
            times.len(),
            from.len()
        );
        Ok(times)
    };
    let mut times = until("a Workflow for each", PATIENCE, times).await?;
    times.sort();
    let at = |per_cent: usize| times[(times.len() - 1) * per_cent / 100];
    for per_cent in [50, 99] {
        let name = format!("{who}: p{per_cent} in seconds");
        stage.say.seconds(&name, at(per_cent));
    }
    stage.say.line(format!(
        "{who}: p50 {:.2} s, p99 {:.2} s",
        at(50).as_secs_f64(),
        at(99).as_secs_f64()
    ));
    Ok(at(50))
}

/// Argo's own source, and a Sensor as ours.
fn manifests(namespace: &str) -> String {
    let restricted = "securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}\n    \
         container: {securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}";
    let parameters = ["container", "url", "time"];
    let parameters =
        parameters.map(|name| format!("                - {{name: {name}, value: none}}\n"));
    format!(
        r#"apiVersion: v1
kind: Secret
metadata: {{name: queue}}
stringData:
  connection-string: "AccountName={ACCOUNT};AccountKey={KEY};QueueEndpoint=http://{ACCOUNT}.{namespace}.svc:10001"
---
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {{name: queue}}
spec:
  template:
    {restricted}
  azureQueueStorage:
    messages:
      connectionString: {{name: queue, key: connection-string}}
      queueName: {QUEUE}
      jsonBody: true
      waitTimeInSeconds: 1
---
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {{name: queue}}
spec:
  template:
    serviceAccountName: ml-pipeline-sensor
    {restricted}
  dependencies:
  - {{name: message, eventSourceName: queue, eventName: messages}}
  triggers:
  - template:
      name: workflow
      k8s:
        operation: patch
        source:
          resource:
            apiVersion: argoproj.io/v1alpha1
            kind: Workflow
            metadata: {{name: of-the-message, labels: {{azure-blob-eventsource/event-id: of-the-message}}}}
            spec:
              suspend: true
              workflowTemplateRef: {{name: ml-pipeline}}
              arguments:
                parameters:
                - {{name: blob, value: none}}
                - {{name: etag, value: none}}
{}        parameters:
        - src: {{dependencyName: message, dataTemplate: "queue-{{{{ .Input.body.blob }}}}"}}
          dest: metadata.name
        - src: {{dependencyName: message, dataKey: body.blob}}
          dest: metadata.labels.azure-blob-eventsource/event-id
        - src: {{dependencyName: message, dataKey: body.blob}}
          dest: spec.arguments.parameters.0.value
"#,
        parameters.concat(),
    )
}
