//! Applies the manifests, as users do, in a namespace of one case's own.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use serde_json::json;

use crate::{
    cluster::repository,
    command::{kubectl, run},
    wait::until,
};

/// The namespace and host that the manifests are written for.
const HOME: &str = "ml-pipelines";
/// The name of the cases' source, in the state container and on the status page.
pub(crate) const SOURCE: &str = "e2e";
/// The queue that the quick start makes.
pub(crate) const QUEUE: &str = "dataset-events";
/// How long the parts may take to become ready on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// What a case needs to be different from what is shipped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    /// A line of the source's configuration in place of the default redelivery.
    pub(crate) redelivery: &'static str,
    /// How blobs are found: a line of the configuration.
    pub(crate) source: &'static str,
    /// What is gathered into batches, if anything is: a line of the configuration.
    pub(crate) batch: &'static str,
    /// What confirms.
    pub(crate) confirm: &'static str,
    /// How many Workflows may be unfinished.
    pub(crate) active_workflows: usize,
    /// The bus.
    pub(crate) bus: Bus,
    /// What Workflows do.
    pub(crate) steps: Steps,
    /// Whether a proxy stands before the storage account that can show an empty listing.
    pub(crate) proxy: bool,
    /// Whether the component `kubernetes-events` is there as well.
    pub(crate) kubernetes_events: bool,
    /// Whether all is applied at once, as users do; else the bus first, which saves restarts.
    pub(crate) at_once: bool,
}

/// What Workflows do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Steps {
    /// The pipeline.
    Pipeline,
    /// One step, which prints what the event said.
    One,
    /// Nothing: they are suspended, and their pods take no processor from what is measured.
    None,
}

/// Which bus there is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bus {
    /// That of the quick start.
    Shipped,
    /// It has no volume, and forgets all when its pods go.
    Forgetful,
    /// It takes 18 messages in 30 s and refuses the rest.
    Small,
}

impl Setup {
    /// That of most cases.
    pub(crate) const USUAL: Self = Self {
        redelivery: "redelivery: {deadline: 10s}",
        source: "source: {listing: {interval: 1s}}",
        batch: "",
        confirm: "{workflows: {}}",
        active_workflows: 20,
        bus: Bus::Shipped,
        steps: Steps::One,
        proxy: false,
        kubernetes_events: false,
        at_once: false,
    };
}

/// The configuration of the cases' source. The `id` gives it a known folder in the state container.
pub(crate) fn config(namespace: &str, setup: Setup) -> String {
    let Setup {
        redelivery,
        source,
        batch,
        confirm,
        active_workflows,
        ..
    } = setup;
    format!(
        "endpoint: http://mlpipelinestore.{namespace}.svc:10000\n\
         container: datasets\n\
         prefix: raw/\n\
         pattern: \"**/*.csv\"\n\
         credential: azure-storage\n\
         {source}\n\
         {batch}\n\
         existing: emit\n\
         state: {{container: eventsource-state}}\n\
         confirm: {confirm}\n\
         limits: {{inFlight: 100, activeWorkflows: {active_workflows}}}\n\
         {redelivery}\n\
         id: {SOURCE}\n"
    )
}

/// Applies the quick start and waits until all of it runs.
pub(crate) async fn install(namespace: &str, setup: Setup) -> Result<()> {
    let all = render(
        namespace,
        "manifests/quick-start",
        &patches(namespace, setup),
    )
    .await?;
    if setup.at_once {
        kubectl(namespace, &["apply", "-f", "-"], &all).await?;
    } else {
        let (clients, rest): (Vec<&str>, Vec<&str>) =
            all.split("\n---\n").partition(|text| needs_bus(text));
        kubectl(namespace, &["apply", "-f", "-"], &rest.join("\n---\n")).await?;
        bus_is_ready(namespace).await?;
        kubectl(namespace, &["apply", "-f", "-"], &clients.join("\n---\n")).await?;
    }
    is_ready(namespace).await
}

/// Applies the Sensor's folder again: what a case took away is there again.
pub(crate) async fn install_sensor(namespace: &str, setup: Setup) -> Result<()> {
    let patches = format!("patches:\n{}", of_sensor(setup));
    apply(namespace, "sensors/ml-pipeline", &patches).await
}

/// Applies one of our folders.
pub(crate) async fn apply(namespace: &str, folder: &str, patches: &str) -> Result<()> {
    let text = render(namespace, folder, patches).await?;
    kubectl(namespace, &["apply", "-f", "-"], &text).await?;
    Ok(())
}

/// The patches of the Sensor's folder.
fn of_sensor(setup: Setup) -> String {
    let mut patches = match setup.steps {
        Steps::Pipeline => String::new(),
        Steps::One => one_step(),
        Steps::None => one_step() + SUSPENDED,
    };
    if !setup.batch.is_empty() {
        patches.push_str(&of_batches());
    }
    patches
}

/// Workflows of one quick step, for cases that are about their number.
fn one_step() -> String {
    let parameters = ["container", "blob", "url", "etag"];
    let arguments = parameters.map(|name| format!("{{{{workflow.parameters.{name}}}}}"));
    let step = json!([{
        "name": "pipeline",
        "container": {
            "image": "mcr.microsoft.com/azure-storage/azurite:3.35.0",
            "imagePullPolicy": "IfNotPresent",
            "command": ["/usr/local/bin/node", "-e", "console.log(process.argv.slice(1).join('\\n'))", "--"],
            "args": arguments,
            "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
            "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
        },
    }]);
    format!(
        "- target: {{kind: WorkflowTemplate, name: ml-pipeline}}\n  patch: |\n    \
         - {{op: replace, path: /spec/templates, value: {step}}}\n"
    )
}

/// What the Sensor takes of the event of a batch: its group instead of a blob, and its id in that of an ETag. Each patch
/// tests first that its number is that of the parameter it is for.
fn of_batches() -> String {
    let parameters = [
        (
            2,
            r"metadata.annotations.workflows\.argoproj\.io/title",
            "dataTemplate",
            "`{{ .Input.body.container }}/{{ .Input.body.dirname }}`",
        ),
        (
            3,
            r"metadata.annotations.workflows\.argoproj\.io/description",
            "dataTemplate",
            "{{ int64 .Input.body.data.count }} blobs, closed by {{ .Input.body.data.closedBy }}",
        ),
        (
            6,
            "spec.arguments.parameters.1.value",
            "dataKey",
            "body.dirname",
        ),
        (
            7,
            "spec.arguments.parameters.2.value",
            "dataKey",
            "body.data.manifest.url",
        ),
        (8, "spec.arguments.parameters.3.value", "dataKey", "body.id"),
        (
            10,
            "spec.arguments.parameters.5.value",
            "dataKey",
            "body.shortid",
        ),
    ];
    let mut patch = String::from("- target: {kind: Sensor, name: ml-pipeline}\n  patch: |\n");
    for (number, destination, key, value) in parameters {
        let path = format!("/spec/triggers/0/template/k8s/parameters/{number}");
        let operations = [
            json!({"op": "test", "path": format!("{path}/dest"), "value": destination}),
            json!({"op": "replace", "path": format!("{path}/src/{key}"), "value": value}),
        ];
        for operation in operations {
            patch.push_str(&format!("    - {operation}\n"));
        }
    }
    patch
}

/// The Sensor makes Workflows that wait to be resumed.
const SUSPENDED: &str = "- target: {kind: Sensor, name: ml-pipeline}\n  patch: |\n    \
     - {op: add, path: /spec/triggers/0/template/k8s/source/resource/spec/suspend, value: true}\n";

/// A container beside Azurite that takes its port, and starts first.
fn proxy() -> String {
    let proxy = json!({
        "name": "proxy",
        "image": "mcr.microsoft.com/azure-storage/azurite:3.35.0",
        "imagePullPolicy": "IfNotPresent",
        "command": ["/usr/local/bin/node", "--input-type=module", "-e", include_str!("blank.mjs")],
        "ports": [{"name": "blob", "containerPort": 10000}],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
    });
    let of_azurite = "/spec/template/spec/containers/0";
    format!(
        "- target: {{kind: Deployment, name: azurite}}\n  patch: |\n    \
         - {{op: add, path: {of_azurite}/args/-, value: --blobPort}}\n    \
         - {{op: add, path: {of_azurite}/args/-, value: \"10009\"}}\n    \
         - {{op: remove, path: {of_azurite}/ports/0}}\n    \
         - {{op: replace, path: {of_azurite}/readinessProbe/tcpSocket/port, value: 10009}}\n    \
         - {{op: add, path: {of_azurite}, value: {proxy}}}\n"
    )
}

/// Waits until everything runs.
pub(crate) async fn is_ready(namespace: &str) -> Result<()> {
    rolled_out(namespace, &["deployment/azurite"]).await?;
    rolled_out(namespace, &["deployment/azure-blob-eventsource"]).await?;
    bus_is_ready(namespace).await?;
    for client in ["eventsource-name=blobs", "sensor-name=ml-pipeline"] {
        rolled_out(namespace, &["deployment", "-l", client]).await?;
    }
    Ok(())
}

/// Waits until the bus runs.
pub(crate) async fn bus_is_ready(namespace: &str) -> Result<()> {
    rolled_out(namespace, &["statefulset/eventbus-default-js"]).await
}

// Argo's controller makes some of them later, and until then there is nothing to wait for.
pub(crate) async fn rolled_out(namespace: &str, what: &[&str]) -> Result<()> {
    let args = [&["rollout", "status", "--timeout=20s"], what].concat();
    let look = async || {
        let said = kubectl(namespace, &args, "").await?;
        said.contains("roll")
            .then_some(())
            .context("nothing is there yet")
    };
    until(&format!("{} is ready", what.join(" ")), PATIENCE, look).await
}

fn needs_bus(text: &str) -> bool {
    ["EventSource", "Sensor"]
        .iter()
        .any(|kind| text.contains(&format!("\nkind: {kind}\n")))
}

/// The patch that gives the EventSource `blobs` this configuration.
pub(crate) fn configured(config: String) -> String {
    let config = serde_json::Value::from(config);
    format!(
        "- target: {{kind: EventSource, name: blobs}}\n  patch: |\n    \
         - {{op: replace, path: /spec/generic/datasets/config, value: {config}}}\n"
    )
}

fn patches(namespace: &str, setup: Setup) -> String {
    let mut patches = configured(config(namespace, setup));
    let bus = match setup.bus {
        Bus::Shipped => "",
        Bus::Forgetful => "{op: remove, path: /spec/jetstream/persistence}",
        Bus::Small => {
            "{op: replace, path: /spec/jetstream/streamConfig, value: \"replicas: 1\\n\
             maxMsgs: 18\\nmaxAge: 30s\\nduplicates: 20s\\ndiscard: 1\\n\"}"
        }
    };
    if !bus.is_empty() {
        patches.push_str("- target: {kind: EventBus, name: default}\n  patch: |\n    - ");
        patches.push_str(bus);
        patches.push('\n');
    }
    patches.push_str(&of_sensor(setup));
    if setup.proxy {
        patches.push_str(&proxy());
    }
    let components = match setup.kubernetes_events {
        true => "components: [../../../manifests/components/kubernetes-events]\n",
        false => "",
    };
    format!("{components}patches:\n{patches}")
}

/// What an overlay of one of our folders makes of it in this namespace.
pub(crate) async fn render(namespace: &str, folder: &str, patches: &str) -> Result<String> {
    let overlay = overlay(namespace, folder, patches)?;
    let text = run("kubectl", &["kustomize", &overlay.to_string_lossy()], "").await;
    fs::remove_dir_all(&overlay)?;
    // The account's host has the namespace in it.
    Ok(text?.replace(&format!(".{HOME}.svc"), &format!(".{namespace}.svc")))
}

fn overlay(namespace: &str, folder: &str, patches: &str) -> Result<PathBuf> {
    // Beneath the repository, because kustomize wants relative paths.
    let name = format!("{namespace}-{}", folder.replace('/', "-"));
    let overlay = repository().join("target/e2e").join(name);
    fs::create_dir_all(&overlay)?;
    let text = format!("namespace: {namespace}\nresources: [../../../{folder}]\n{patches}");
    fs::write(overlay.join("kustomization.yaml"), text)?;
    Ok(overlay)
}
