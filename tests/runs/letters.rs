//! Which dead letters a world may see: an outage makes none.

use azure_blob_eventsource::{
    event::EventId,
    state::{dead_letter::DeadLetter, folder::Folder},
};
use testkit::argo::Received;

use crate::world::{POISONED, SOURCE, STATE, World};

impl World {
    /// Each dead letter is that of the dataset that the cluster refuses, or of an event that some session
    /// sent often enough in vain while events that it first sent later came to something.
    pub(crate) fn letters_are_deserved(&self) -> Result<(), String> {
        let received = self.argo.received();
        for id in self.letters() {
            let blob = self.blob_of_letter(id);
            if !blob.contains(POISONED) && !self.is_deserved(id, &received) {
                let losses = self.argo.story().dropped + self.argo.story().lost;
                return Err(format!(
                    "{blob} has a dead letter, and all that failed was the way ({losses} losses)"
                ));
            }
        }
        Ok(())
    }

    fn is_deserved(&self, id: EventId, received: &[Received]) -> bool {
        let most = self.config.redelivery.max_attempts as usize;
        let sessions = received.iter().map(|it| it.session).max().unwrap_or(0);
        (1..=sessions).any(|session| {
            let sent = received.iter().filter(|it| it.session == session);
            let sent: Vec<_> = sent.map(|it| it.id).collect();
            let proof = self.last_proof(id, &sent).unwrap_or(0);
            sent[..proof].iter().filter(|it| **it == id).count() >= most
        })
    }

    // Where the last event was first sent that is another one and came to something.
    fn last_proof(&self, id: EventId, sent: &[EventId]) -> Option<usize> {
        let is_first = |at: usize| !sent[..at].contains(&sent[at]);
        (0..sent.len())
            .rev()
            .find(|at| sent[*at] != id && self.argo.runs(sent[*at]) > 0 && is_first(*at))
    }

    fn blob_of_letter(&self, id: EventId) -> String {
        let name = Folder::of(SOURCE).dead_letter(id);
        let letter = self.account.get(STATE, &name).unwrap();
        let letter = DeadLetter::from_json(id, letter.content()).unwrap();
        letter.about.to_string()
    }
}
