//! A source's folder in the state container: all names in it.
//!
//! ```text
//! <source id>/journal-<generation>            what the ledger learnt since its snapshot
//! <source id>/snapshot-<generation>           all that the ledger knew when it was compacted
//! <source id>/begun-<generation>              there once the journal of that generation has held something
//! <source id>/batches/<id>.ndjson             the manifest of a batch
//! <source id>/open-batches.json               which blobs wait in batches that are not closed
//! <source id>/dead/<event id>.json            a dead letter
//! <source id>/requests/replay-<name>.json     blobs to announce again
//! <source id>/requests/retry-<event id>.json  a dead letter to send again
//! <source id>/stalled.json                    there while nothing is confirmed
//! <source id>/loops.json                      blobs that are announced again and again
//! ```

use super::request::Request;
use crate::{event::EventId, ledger::batches::BatchId};

/// One of the blobs that a generation of a ledger consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerBlob {
    /// What the ledger learnt since its snapshot.
    Journal,
    /// All that it knew when it was compacted.
    Snapshot,
    /// Says that the generation was begun: its journal has held frames, and the source's facts are in it or in its
    /// snapshot.
    Begun,
}

impl LedgerBlob {
    /// All of them, in the order in which they are to be listed: the journals last, so that none is missed that the
    /// others speak of.
    pub const ALL: [Self; 3] = [Self::Snapshot, Self::Begun, Self::Journal];

    fn as_str(self) -> &'static str {
        match self {
            Self::Journal => "journal-",
            Self::Snapshot => "snapshot-",
            Self::Begun => "begun-",
        }
    }
}

/// The names in a source's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(String);

impl Folder {
    /// The folder of a source.
    pub fn of(source_id: &str) -> Self {
        Self(source_id.to_owned())
    }

    /// What the names of such blobs of the ledger start with.
    pub fn ledger_blobs(&self, of: LedgerBlob) -> String {
        format!("{}/{}", self.0, of.as_str())
    }

    /// A blob of the ledger.
    pub fn ledger_blob(&self, of: LedgerBlob, generation: u64) -> String {
        format!("{}{generation:010}", self.ledger_blobs(of))
    }

    /// The generation of the ledger's blob that has this name.
    pub fn generation(&self, of: LedgerBlob, name: &str) -> Option<u64> {
        name.strip_prefix(&self.ledger_blobs(of))?.parse().ok()
    }

    /// What the names of all manifests start with.
    pub fn manifests(&self) -> String {
        format!("{}/batches/", self.0)
    }

    /// The manifest of a batch, which has its event's id.
    pub fn manifest(&self, id: BatchId) -> String {
        format!("{}{}.ndjson", self.manifests(), EventId(id.0).to_hex())
    }

    /// The batch whose manifest has this name.
    pub fn manifest_id(&self, name: &str) -> Option<BatchId> {
        let name = name.strip_prefix(&self.manifests())?;
        let id = EventId::from_hex(name.strip_suffix(".ndjson")?)?;
        Some(BatchId(id.0))
    }

    /// The word of which blobs wait in batches that are not closed.
    pub fn open_batches(&self) -> String {
        format!("{}/open-batches.json", self.0)
    }

    /// What the names of all dead letters start with.
    pub fn dead_letters(&self) -> String {
        format!("{}/dead/", self.0)
    }

    /// The dead letter of an event.
    pub fn dead_letter(&self, id: EventId) -> String {
        format!("{}{}.json", self.dead_letters(), id.to_hex())
    }

    /// The event whose dead letter has this name.
    pub fn dead_letter_id(&self, name: &str) -> Option<EventId> {
        let name = name.strip_prefix(&self.dead_letters())?;
        EventId::from_hex(name.strip_suffix(".json")?)
    }

    /// What the names of all requests start with.
    pub fn requests(&self) -> String {
        format!("{}/requests/", self.0)
    }

    /// A request.
    pub fn request(&self, request: &Request) -> String {
        match request {
            Request::Replay(replay) => self.replay(&replay.name),
            Request::Retry(id) => self.retry(*id),
        }
    }

    /// The request of this name to announce blobs again.
    pub fn replay(&self, name: &str) -> String {
        format!("{}replay-{name}.json", self.requests())
    }

    /// The event whose dead letter a request of this name asks to be sent again.
    pub fn retry_id(&self, name: &str) -> Option<EventId> {
        let name = name.strip_prefix(&self.requests())?;
        let id = name.strip_prefix("retry-")?.strip_suffix(".json")?;
        EventId::from_hex(id)
    }

    /// The request to send a dead letter again.
    pub fn retry(&self, id: EventId) -> String {
        format!("{}retry-{}.json", self.requests(), id.to_hex())
    }

    /// The word that nothing is confirmed.
    pub fn stalled(&self) -> String {
        format!("{}/stalled.json", self.0)
    }

    /// The word that blobs are announced again and again.
    pub fn loops(&self) -> String {
        format!("{}/loops.json", self.0)
    }
}
