//! Keys and forms that come from one other product: each is told where it comes from and what is written here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

#[test]
fn keys_of_other_products_are_told_where_they_come_from() {
    for (line, parts) in [
        (
            "type: azure-blob",
            ["KEDA, Dapr and Azure Functions", "remove the key"],
        ),
        (
            "metadata: {blobContainerName: a}",
            ["KEDA trigger", "write `account`"],
        ),
        (
            "metadata: [{name: accountName, value: a}]",
            ["Dapr component", "write `account`"],
        ),
        (
            "metadata: {name: a, namespace: b}",
            ["a key of the EventSource", "spec.generic"],
        ),
        (
            "connectionFromEnv: AZURE",
            ["KEDA", "`credential: azure-storage`"],
        ),
        (
            "azureQueueStorage: {}",
            ["Argo Events itself", "`source: {queue: {name: …}}`"],
        ),
        (
            "bindings: [{type: blobTrigger}]",
            ["Azure Functions", "`container: …`"],
        ),
        (
            "blobPathBeginsWith: /a/blobs/raw",
            ["Azure Data Factory", "`prefix: raw/`"],
        ),
        (
            "blobPathEndsWith: .csv",
            ["Azure Data Factory", "`pattern: \"**/*.csv\"`"],
        ),
        (
            "fqdn: x",
            ["other event sources of Argo Events", "`endpoint: https://"],
        ),
        (
            "cloudFiles.format: csv",
            ["Databricks Auto Loader", "`pattern: \"**/*.csv\"`"],
        ),
        (
            "cloudFiles: {includeExistingFiles: true}",
            ["Databricks Auto Loader", "`existing: emit`"],
        ),
        (
            "storage: {account: abc}",
            ["value of the Helm chart", "write `account`"],
        ),
        (
            "events: {a: {container: b}}",
            ["value of the Helm chart", "`events.<event>`"],
        ),
        (
            "server: {replicas: 2}",
            ["value of the Helm chart", "chart's values"],
        ),
        (
            "storage_account_name: abc",
            [
                "write `account`",
                "the name of the storage account, such as",
            ],
        ),
        (
            "resourceGroup: a",
            ["only the name of the storage account", "remove the key"],
        ),
        (
            "resource_group_name: a",
            ["only the name of the storage account", "remove the key"],
        ),
        (
            "schemaVersion: 1",
            ["no version of its own", "remove the key"],
        ),
        (
            "<<: {minAge: 5s}",
            ["merge keys of YAML are not supported", "instead of `<<`"],
        ),
    ] {
        let told = added(line);
        for part in parts {
            assert!(told.contains(part), "{line}: {told}");
        }
        assert!(!told.contains("did you mean"), "{line}: {told}");
        assert_eq!(told.lines().count(), 1, "{line}: {told}");
    }
}

#[test]
fn a_secret_of_kubernetes_is_no_credential() {
    for (line, path) in [
        (
            "credential: {secretKeyRef: {name: a, key: b}}",
            "credential",
        ),
        ("credential: {secretName: x}", "credential"),
        ("credential: [a]", "credential"),
        (
            "source: {queue: {name: abc, credential: {secretName: x}}}",
            "source.queue.credential",
        ),
    ] {
        let told = added(line);
        let part = "allowed is the name of a file in the server's credentials directory, such as `credential: azure-storage`";
        assert!(
            told.starts_with(path) && told.contains(part),
            "{line}: {told}"
        );
    }
}
