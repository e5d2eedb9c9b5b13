//! An event for each example that Microsoft publishes: the same keys and forms, other values.
//!
//! "Azure Blob Storage as an Event Grid source", sections "Blob Storage events", "Data Lake Storage Gen 2 events",
//! "SFTP events" and "Policy-related events"; "Webhook event delivery" for the validation event.

use super::*;

const BLOB: &str = "https://lake7.blob.core.windows.net/raw/in/a.csv";
const DFS: &str = "https://lake7.dfs.core.windows.net/raw/in/a.csv";
const OLD: &str = "https://lake7.dfs.core.windows.net/raw/in/old.csv";

fn storage(name: &str) -> String {
    format!("Microsoft.Storage.{name}")
}

/// What `data` of an event holds that is about a blob of a flat account.
fn data(api: &str, url: &str) -> Value {
    json!({
        "api": api,
        "clientRequestId": "0f6d9b1e-79a4-4c0e-8a2c-9d5c7e1b0a42",
        "requestId": "5a2c0f11-401e-0042-13aa-2f9d3b000000",
        "eTag": "\"0x8DE2F0C41B6A7D3\"",
        "contentType": "text/csv",
        "contentLength": 2048,
        "blobType": "BlockBlob",
        "accessTier": "Default",
        "url": url,
        "sequencer": "0000000000000000000000000000A1B200000000004c7d9e",
        "storageDiagnostics": {"batchId": "c81f7a52-0006-0099-00aa-2f1b3c000000"}
    })
}

fn renamed(api: &str, url: &str) -> Value {
    json!({
        "api": api,
        "requestId": "5a2c0f11-401e-0042-13aa-2f9d3b000000",
        "destinationUrl": url,
        "sourceUrl": OLD,
        "sequencer": "0000000000000000000000000000A1B200000000004c7d9e",
        "identity": "loader",
        "storageDiagnostics": {"batchId": "c81f7a52-0006-0099-00aa-2f1b3c000000"}
    })
}

fn cases() -> Vec<(Value, Kind)> {
    let subject = "/blobServices/default/containers/raw/blobs/in/a.csv";
    let of = |name: &str, data: Value, kind: Kind| (grid(&storage(name), subject, data), kind);
    vec![
        of("BlobCreated", data("PutBlockList", BLOB), Kind::Created),
        of("BlobCreated", data("PutBlob", BLOB), Kind::Created),
        of("BlobCreated", data("CopyBlob", BLOB), Kind::Created),
        of("BlobDeleted", data("DeleteBlob", BLOB), Kind::Deleted),
        of(
            "BlobTierChanged",
            data("SetBlobTier", BLOB),
            Kind::TierChanged,
        ),
        of(
            "AsyncOperationInitiated",
            data("SetBlobTier", BLOB),
            Kind::OperationInitiated,
        ),
        of(
            "BlobPropertiesUpdated",
            data("SetBlobMetadata", BLOB),
            Kind::PropertiesUpdated,
        ),
        // Of an account with hierarchical namespace.
        of("BlobCreated", data("CreateFile", DFS), Kind::Opened),
        of("BlobCreated", data("FlushWithClose", DFS), Kind::Created),
        of("BlobDeleted", data("DeleteFile", DFS), Kind::Deleted),
        of("BlobRenamed", renamed("RenameFile", DFS), Kind::Renamed),
        of(
            "DirectoryCreated",
            data("CreateDirectory", DFS),
            Kind::DirectoryCreated,
        ),
        of(
            "DirectoryRenamed",
            renamed("RenameDirectory", DFS),
            Kind::DirectoryRenamed,
        ),
        of(
            "DirectoryDeleted",
            data("DeleteDirectory", DFS),
            Kind::DirectoryDeleted,
        ),
        // Of SFTP.
        of("BlobCreated", data("SftpCreate", BLOB), Kind::Opened),
        of("BlobCreated", data("SftpWrite", BLOB), Kind::Opened),
        of("BlobCreated", data("SftpCommit", BLOB), Kind::Created),
        of("BlobDeleted", data("SftpRemove", BLOB), Kind::Deleted),
        of("BlobRenamed", renamed("SftpRename", BLOB), Kind::Renamed),
        of(
            "DirectoryCreated",
            data("SftpMakeDir", BLOB),
            Kind::DirectoryCreated,
        ),
        of(
            "DirectoryRenamed",
            renamed("SftpRename", BLOB),
            Kind::DirectoryRenamed,
        ),
        of(
            "DirectoryDeleted",
            data("SftpRemoveDir", BLOB),
            Kind::DirectoryDeleted,
        ),
        // What nobody has published yet: a write is a write, whatever makes it.
        of("BlobCreated", data("FlushFile", DFS), Kind::Created),
        of("BlobCreated", data("AppendFile", DFS), Kind::Created),
        of("BlobCreated", data("", BLOB), Kind::Created),
        of("BlobUndeleted", data("UndeleteBlob", BLOB), Kind::Other),
    ]
}

#[test]
fn events_about_blobs_tell_the_same_in_both_schemas() {
    for (event, kind) in cases() {
        let cloud = cloud(&event);
        let read = only(&event.to_string());
        assert_eq!(read, only(&cloud.to_string()));
        assert_eq!(read.kind, kind, "{event}");
        assert_eq!(
            read.kind.announces(),
            matches!(kind, Kind::Created | Kind::Renamed)
        );
        assert_eq!(
            (read.container.as_str(), read.name.as_str()),
            ("raw", "in/a.csv")
        );
        assert_eq!(read.api, event["data"]["api"]);
        assert_eq!(read.account.as_deref(), Some("lake7"));
        assert_eq!(read.event_id, event["id"]);
        assert_eq!(read.time, Some(datetime!(2026-11-02 08:15:30.1234567 UTC)));
        assert_eq!(
            read.sequencer.as_deref(),
            event["data"]["sequencer"].as_str()
        );
        let etag = event["data"].get("eTag").map(|_| "0x8DE2F0C41B6A7D3");
        assert_eq!(read.etag.as_deref(), etag);
    }
}

#[test]
fn events_about_no_blob_are_of_their_kind() {
    let inventory = json!({
        "scheduleDateTime": "2026-11-01T03:50:27Z", "accountName": "lake7", "ruleName": "nightly",
        "policyRunStatus": "Succeeded", "policyRunId": "0b7c",
        "manifestBlobUrl": "https://lake7.blob.core.windows.net/inventory/2026/nightly/manifest.json"
    });
    let lifecycle = json!({
        "scheduleTime": "2026/11/01 22:57:29.3260160",
        "deleteSummary": {"totalObjectsCount": 3, "successCount": 3, "errorList": ""}
    });
    let validation = json!({
        "validationCode": "7F3A2B10-5C2E-4F0D-9A1B-0C3D5E7F9A1B",
        "validationUrl": "https://rp-westeurope.eventgrid.azure.net:553/eventsubscriptions/x/validate?id=7F3A"
    });
    let storage = |name| format!("Microsoft.Storage.{name}");
    for (event_type, subject, data, kind) in [
        (
            storage("BlobInventoryPolicyCompleted"),
            "BlobDataManagement/BlobInventory",
            inventory,
            Kind::PolicyCompleted,
        ),
        (
            storage("LifecyclePolicyCompleted"),
            "BlobDataManagement/LifeCycleManagement/SummaryReport",
            lifecycle,
            Kind::PolicyCompleted,
        ),
        (
            "Microsoft.EventGrid.SubscriptionValidationEvent".to_owned(),
            "",
            validation,
            Kind::Validation,
        ),
        (
            "Contoso.Items.ItemReceived".to_owned(),
            "items/7",
            json!("text"),
            Kind::Other,
        ),
    ] {
        let event = grid(&event_type, subject, data);
        for event in [&event, &cloud(&event)] {
            let read = only(&event.to_string());
            assert_eq!(read.kind, kind);
            assert_eq!((read.container.as_str(), read.name.as_str()), ("", ""));
        }
    }
}

#[test]
fn kinds_are_counted_under_names_of_their_own() {
    let mut names: Vec<_> = cases().iter().map(|(_, kind)| kind.as_str()).collect();
    names.extend(["policy_completed", "validation"]);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 13);
}
