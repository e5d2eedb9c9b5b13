//! Worlds in which blobs are gathered into batches: the rules, and what an event of a batch delivers.

use std::time::Duration;

use azure_blob_eventsource::{
    batch::{
        manifest::Manifest,
        rules::{BatchRules, By},
    },
    event::BATCH_CLOSED,
};
use serde_json::Value;
use testkit::{account::FakeAccount, event_grid::Version, rng::Rng};

use crate::world::{Mutant, STATE};

/// The longest that a blob waits in an open batch.
pub(crate) const LONGEST: Duration = Duration::from_secs(25);

/// Batches that are small and close soon.
pub(crate) fn rules(rng: &mut Rng) -> BatchRules {
    let waits = [
        (Some(1 + rng.below(20)), None),
        (None, Some(1 + rng.below(5))),
        (Some(LONGEST.as_secs()), Some(1 + rng.below(10))),
    ];
    let (max_wait, quiet) = *rng.pick(&waits);
    BatchRules {
        by: *rng.pick(&[By::All, By::Folder, By::Depth(1)]),
        max_blobs: 1 + rng.below(8) as usize,
        max_bytes: rng.chance(300).then_some(60),
        max_wait: max_wait.map(Duration::from_secs),
        quiet: quiet.map(Duration::from_secs),
        keep: Duration::from_secs(7 * 24 * 3600),
    }
}

/// Reads events as whoever gets them does.
pub(crate) struct Reader {
    pub(crate) account: FakeAccount,
    pub(crate) container: &'static str,
    pub(crate) mutant: Mutant,
    /// The session whose events these are.
    pub(crate) session: u64,
}

impl Reader {
    /// The blob versions that an event delivers, and its id.
    pub(crate) fn versions(&self, payload: &[u8]) -> (Vec<Version>, String) {
        let event: Value = serde_json::from_slice(payload).expect("JSON");
        let id = text(&event["id"]);
        if event["type"] != BATCH_CLOSED {
            let version = (text(&event["blobname"]), text(&event["data"]["eTag"]));
            return (vec![version], id);
        }
        let versions = self.members(&text(&event["data"]["manifest"]["name"]));
        match self.mutant {
            Mutant::BatchIdFromTime => (versions, format!("{id} {}", self.session)),
            Mutant::MembersFromMemory => (self.as_they_are_now(versions), id),
            _ => (versions, id),
        }
    }

    fn members(&self, manifest: &str) -> Vec<Version> {
        // A manifest is there before its event is.
        let blob = self.account.get(STATE, manifest).expect("a manifest");
        let manifest = Manifest::parse(blob.content().to_vec().into()).expect("a manifest");
        let blobs = manifest.blobs.into_iter();
        blobs.map(|entry| (entry.name, entry.etag)).collect()
    }

    // What a program would deliver that looks its members up when it sends.
    fn as_they_are_now(&self, versions: Vec<Version>) -> Vec<Version> {
        let now = |(name, etag): Version| {
            let blob = self.account.get(self.container, &name);
            let etag = blob.map_or(etag, |it| it.etag);
            (name, etag)
        };
        versions.into_iter().map(now).collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}
