//! Keys that only one other product has: where they come from, and the form here.

use super::{foreign::plain, raw::Value};

const TYPE: &str = "`type` is a key of KEDA, Dapr and Azure Functions; here a source is always a container of a storage account: \
                    remove the key";
const ARGO: &str = "this is an event source of Argo Events itself; here a queue that Event Grid writes into is \
                    `source: {queue: {name: …}}`";
const BINDINGS: &str = "`bindings` is a key of Azure Functions; here its `path` is `container: …`, `prefix: …` and `pattern: …`";
const FACTORY: &str = "this is a key of a trigger of Azure Data Factory; here `/datasets/blobs/raw/` is `container: datasets` \
                       and `prefix: raw/`";
const FACTORY_END: &str = "this is a key of a trigger of Azure Data Factory; here the end of a name is \
                           `pattern: \"**/*.csv\"`";
const FQDN: &str = "`fqdn` is a key of other event sources of Argo Events; here the URL of the blob service is \
                    `endpoint: https://NAME.blob.core.windows.net`";
const FROM_ENV: &str = "this is a key of KEDA that names an environment variable; here the connection string is in a file of \
                        the server's credentials directory: `credential: azure-storage`";
const AUTO_LOADER: &str = "this is an option of Databricks Auto Loader; here `format` is `pattern: \"**/*.csv\"`, \
                           `includeExistingFiles` is `existing: emit`, and `useNotifications` with `queueName` is \
                           `source: {queue: {name: …}}`";
const TRIGGER: &str = "this is the metadata of a KEDA trigger or a Dapr component; here write `account` and `container` at the \
                       top level, and the names as `prefix` and `pattern`";
const CHART: &str = "this is a value of the Helm chart; here write `account` (or `endpoint`) and `credential` at the top level";
const CHART_EVENTS: &str = "this is a value of the Helm chart; the configuration of a source is only what is under \
                            `events.<event>`";
const CHART_VALUE: &str =
    "this is a value of the Helm chart and not of a source: write it into the chart's values";
const SCHEMA_VERSION: &str = "a configuration has no version of its own: remove the key";
const AZURE_PLACE: &str = "a source needs only the name of the storage account: remove the key";
const MERGE: &str =
    "merge keys of YAML are not supported: write the keys themselves instead of `<<`";

/// What is said of a key of one other product.
pub(super) fn told(key: &str, value: &Value, section: &str) -> Option<&'static str> {
    if key == "<<" {
        return Some(MERGE);
    }
    let word = plain(key);
    if word.starts_with("cloudfiles") {
        return Some(AUTO_LOADER);
    }
    let is_map = matches!(value, Value::Map(_));
    Some(match word.as_str() {
        "connectionfromenv" | "connectionstringfromenv" | "accountkeyfromenv" => FROM_ENV,
        "azurequeuestorage" | "azureeventshub" | "azureservicebus" => ARGO,
        "fqdn" => FQDN,
        // In other sections, these are words that mean something else.
        _ if !section.is_empty() => return None,
        "type" => TYPE,
        "bindings" | "binding" => BINDINGS,
        "blobpathbeginswith" => FACTORY,
        "blobpathendswith" => FACTORY_END,
        "schemaversion" | "configversion" | "specversion" => SCHEMA_VERSION,
        "resourcegroup" | "resourcegroupname" | "subscriptionid" | "resourceid" => AZURE_PLACE,
        "metadata" if !is_of_object(value) => TRIGGER,
        "storage" if is_map => CHART,
        "events" if is_map => CHART_EVENTS,
        "server" | "workloadidentity" | "eventbus" | "pipeline" if is_map => CHART_VALUE,
        _ => return None,
    })
}

/// Whether this is the `metadata` of an object of Kubernetes.
fn is_of_object(value: &Value) -> bool {
    const KEYS: [&str; 5] = ["name", "namespace", "labels", "annotations", "generateName"];
    match value {
        Value::Map(entries) => entries.iter().all(|(key, _)| KEYS.contains(&key.as_str())),
        Value::List(_) => false,
        _ => true,
    }
}
