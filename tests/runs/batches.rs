//! Which batches there are, by their manifests.

use std::collections::BTreeMap;

use azure_blob_eventsource::{
    batch::{
        manifest::Manifest,
        rules::{BatchRules, By},
    },
    event::EventId,
    state::folder::Folder,
};
use std::time::Duration;
use testkit::rng::Rng;

use crate::world::{Mutant, REPLAY, STATE, World};

/// The batches that a version is in: by name and ETag.
pub(crate) type Batched = BTreeMap<(String, String), Vec<EventId>>;

/// Batches that are small and close soon.
pub(crate) fn rules(rng: &mut Rng) -> BatchRules {
    let waits = [
        (Some(5 + rng.below(30)), None),
        (None, Some(5 + rng.below(10))),
        (Some(40), Some(5 + rng.below(10))),
    ];
    let (max_wait, quiet) = *rng.pick(&waits);
    BatchRules {
        by: *rng.pick(&[By::Folder, By::Depth(1), By::Folder]),
        max_blobs: 1 + rng.below(8) as usize,
        max_bytes: rng.chance(300).then_some(60),
        max_wait: max_wait.map(Duration::from_secs),
        quiet: quiet.map(Duration::from_secs),
        keep: Duration::from_secs(7 * 24 * 3600),
    }
}

impl World {
    /// Which versions are in which batches of a source: in those that were found, or in those of the replay.
    pub(crate) fn batches_of(&self, source: &str, replay: Option<&str>) -> Batched {
        let folder = Folder::of(source);
        let place = Self::place(source);
        let mut batched = Batched::new();
        for name in self.account.names(STATE) {
            let Some(id) = folder.manifest_id(&name) else {
                continue;
            };
            let blob = self.account.get(STATE, &name).unwrap();
            let manifest = Manifest::parse(blob.content().to_vec().into()).unwrap();
            // Its name is made of what is in it.
            let of = |replay| manifest.id(&place, replay) == id;
            assert!(
                of(None) || of(Some(REPLAY)),
                "{name} is not as it was written"
            );
            if of(replay) {
                for entry in manifest.blobs {
                    let version = (entry.name, entry.etag);
                    batched.entry(version).or_default().push(EventId(id.0));
                }
            }
        }
        batched
    }

    /// People change the rules, and turn batches off and on.
    pub(crate) fn change_batches(&mut self) {
        if !self.batched || self.mutant != Mutant::None || !self.rng.chance(200) {
            return;
        }
        self.tally.rule_changes += 1;
        let mut rules = rules(&mut self.rng);
        if self.poisoned > 0 {
            // What is refused stays alone in its batches.
            rules.by = By::Folder;
        }
        self.config.batch = self.rng.chance(700).then_some(rules);
    }
}
