//! The end of an event of which nothing comes: a dead letter.

use std::sync::atomic::Ordering::Relaxed;

use tracing::error;

use super::{ConfirmedDelivery, ON, Overdue, Sent, Step};
use crate::{
    delivery::traced,
    event::EventId,
    ledger::offer::Subject,
    state::dead_letter::{About, DeadLetter, LostBatch},
    traces::journey::Outcome,
};

impl ConfirmedDelivery {
    /// Writes the dead letter, and then records the event as done.
    pub(super) async fn give_up(&mut self, id: EventId, verdict: Overdue) -> Step {
        let Some(sent) = self.unconfirmed.get(id) else {
            return ON;
        };
        let letter = self.letter(sent, verdict);
        self.letters.write(&letter).await?;
        self.stats.dead_letters.fetch_add(1, Relaxed);
        self.note_given_up(&letter);
        error!(
            event_id = id.to_hex(),
            about = %letter.about.to_string().escape_debug(),
            attempts = letter.attempts,
            reason = letter.last_reason,
            "an event became a dead letter; `dead-letters retry` sends it again"
        );
        // It may have been confirmed while the letter was written.
        if self.confirm.has(id) {
            return self.seen(id, self.confirm.seen(id)).await;
        }
        match self.unconfirmed.take_out(id) {
            Some(sent) => {
                let sendings = Some(sent.sendings());
                let outcome = || Outcome::DeadLetter(letter.last_reason.clone());
                self.traces.ended(id, || {
                    traced::journey(&self.place, id, &sent.offer, sendings, outcome())
                });
                self.record(sent.offer, 1).await
            }
            None => ON,
        }
    }

    fn letter(&self, sent: &Sent, verdict: Overdue) -> DeadLetter {
        let nothing = match self.confirm.missing(sent.seen) {
            Some(missing) => format!("no {missing}"),
            None => "no object".to_owned(),
        };
        let last_reason = match verdict {
            Overdue::Alone => format!(
                "{nothing} was created for this event within redelivery.giveUpAfter, and no other event was sent that could show whether the Sensor works"
            ),
            Overdue::Failed | Overdue::Resend => format!(
                "{nothing} was created for this event in {} attempts, but later events were confirmed: look at the Sensor's log and at the cluster's admission control",
                sent.failed
            ),
            Overdue::Spent => format!(
                "{nothing} was created for this event within redelivery.giveUpAfter, and its other object does not exist any more: `dead-letters retry` sends the event again, and then that object is created a second time"
            ),
        };
        DeadLetter {
            place: self.place.clone(),
            about: match &sent.offer.subject {
                Subject::Blob { blob, .. } => About::Blob(blob.clone()),
                Subject::Batch(batch) => About::Batch(LostBatch {
                    id: EventId(batch.id.0),
                    group: batch.group.to_string(),
                    count: batch.count,
                    payload: batch.payload.clone(),
                }),
            },
            replay: sent.offer.replay().map(str::to_owned),
            attempts: sent.attempts(),
            first_sent: sent.first_sent.clock,
            last_sent: sent.last_sent.clock,
            last_reason,
        }
    }
}
