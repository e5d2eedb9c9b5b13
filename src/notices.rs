//! What the cluster's own list of events is told: that a stream was refused, a source is stalled, an event was given
//! up. Found by looking at the registry again and again, so that nothing else has to know of it.

use std::{collections::HashMap, sync::atomic::Ordering::Relaxed};

use crate::{
    metrics::events::{Outcome, shortened},
    registry::{Refusal, Registry, SourceEntry},
};

/// Why somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A stream was refused before it began.
    StreamRefused,
    /// Nothing of a source is confirmed.
    Stalled,
    /// An event was given up.
    DeadLetter,
}

impl Reason {
    /// In one word, as Kubernetes has its reasons.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StreamRefused => "StreamRefused",
            Self::Stalled => "Stalled",
            Self::DeadLetter => "DeadLetter",
        }
    }
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Why.
    pub reason: Reason,
    /// The name of the event in its EventSource.
    pub event: String,
    /// A sentence for people.
    pub text: String,
}

/// What was there at the last look.
#[derive(Debug, Default)]
pub struct Lookout {
    refusals: HashMap<(String, String), u64>,
    sources: HashMap<String, Seen>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    stalled: bool,
    dead_letters: u64,
}

impl Lookout {
    /// What has happened since the last look. What lasts is told once.
    pub fn look(&mut self, registry: &Registry) -> Vec<Notice> {
        let mut notices = self.refused(registry);
        let entries = registry.all();
        let sources: HashMap<_, _> = entries
            .iter()
            .map(|entry| {
                let before = self.sources.get(&entry.id).copied().unwrap_or_default();
                let now = seen(entry);
                notices.extend(of_source(entry, before, now));
                (entry.id.clone(), now)
            })
            .collect();
        self.sources = sources;
        notices
    }

    fn refused(&mut self, registry: &Registry) -> Vec<Notice> {
        let last = registry.refusals.last_ones();
        let who = |it: &Refusal| (it.event.clone(), it.source.clone());
        let notices = last
            .iter()
            .filter(|it| self.refusals.get(&who(it)) != Some(&it.times))
            .map(|refusal| Notice {
                reason: Reason::StreamRefused,
                event: refusal.event.clone(),
                text: shortened(&format!("the stream was refused: {}", refusal.reason)),
            })
            .collect();
        self.refusals = last.iter().map(|it| (who(it), it.times)).collect();
        notices
    }
}

fn seen(entry: &SourceEntry) -> Seen {
    Seen {
        stalled: entry.stats.stalled.load(Relaxed) > 0,
        dead_letters: entry.stats.dead_letters.load(Relaxed),
    }
}

fn of_source(entry: &SourceEntry, before: Seen, now: Seen) -> Vec<Notice> {
    let event = entry.stream().event_name;
    let notice = |reason, text: String| Notice {
        reason,
        event: event.clone(),
        text: shortened(&text),
    };
    let mut notices = Vec::new();
    if now.stalled && !before.stalled {
        let why = entry.stats.error().unwrap_or_default();
        notices.push(notice(
            Reason::Stalled,
            format!("the source {} is stalled: {why}", entry.id),
        ));
    }
    let given_up = now.dead_letters.saturating_sub(before.dead_letters);
    if given_up > 0 {
        let last = entry.stats.last_events.all();
        let last = last.iter().find(|it| it.outcome == Outcome::DeadLetter);
        let last = last.map_or_else(String::new, |it| {
            let why = it.reason.as_deref().unwrap_or("no reason is known");
            format!(": {}: {why}", it.about)
        });
        let number = match given_up {
            1 => "an event became a dead letter".to_owned(),
            many => format!("{many} events became dead letters, the latest one"),
        };
        notices.push(notice(
            Reason::DeadLetter,
            format!(
                "{number}{last}. `dead-letters list` shows all of them, and `dead-letters retry` sends them \
                 again"
            ),
        ));
    }
    notices
}

#[cfg(test)]
mod tests {
    use std::slice;

    use time::OffsetDateTime;

    use super::*;
    use crate::metrics::events::LastEvent;

    fn refuse(registry: &Registry, event: &str) {
        let now = OffsetDateTime::UNIX_EPOCH;
        let refusals = &registry.refusals;
        refusals.note(
            (event, ""),
            "INVALID_ARGUMENT",
            "container: is missing",
            now,
        );
    }

    #[test]
    fn each_refusal_is_told_and_silence_is_not() {
        let (registry, mut lookout) = (Registry::default(), Lookout::default());
        assert_eq!(lookout.look(&registry), []);
        refuse(&registry, "datasets");
        let notice = Notice {
            reason: Reason::StreamRefused,
            event: "datasets".to_owned(),
            text: "the stream was refused: container: is missing".to_owned(),
        };
        assert_eq!(lookout.look(&registry), slice::from_ref(&notice));
        assert_eq!(lookout.look(&registry), []);
        refuse(&registry, "datasets");
        assert_eq!(lookout.look(&registry), slice::from_ref(&notice));
        registry.refusals.began(("datasets", ""));
        assert_eq!(lookout.look(&registry), []);
        refuse(&registry, "datasets");
        assert_eq!(lookout.look(&registry), [notice]);
    }

    #[test]
    fn a_stall_is_told_once_and_again_when_it_comes_again() {
        let (registry, mut lookout) = (Registry::default(), Lookout::default());
        let source = registry.source("datasets-raw");
        source.started("datasets", "raw");
        let stats = &source.stats;
        for _ in 0..2 {
            stats.set_delivery_error(Some("nothing is confirmed; look at the bus".to_owned()));
            stats.set_stalled(true);
            let told = lookout.look(&registry);
            assert_eq!(told.len(), 1);
            assert_eq!(
                (
                    told[0].reason,
                    told[0].event.as_str(),
                    told[0].text.as_str()
                ),
                (
                    Reason::Stalled,
                    "datasets",
                    "the source datasets-raw is stalled: nothing is confirmed; look at the bus"
                )
            );
            assert_eq!(lookout.look(&registry), []);
            stats.set_stalled(false);
            assert_eq!(lookout.look(&registry), []);
        }
    }

    #[test]
    fn dead_letters_are_told_together_with_the_latest_of_them() {
        let (registry, mut lookout) = (Registry::default(), Lookout::default());
        let source = registry.source("datasets-raw");
        source.started("datasets", "raw");
        let given_up = |about: &str| {
            source.stats.dead_letters.fetch_add(1, Relaxed);
            source.stats.last_events.add(LastEvent {
                at: OffsetDateTime::UNIX_EPOCH,
                outcome: Outcome::DeadLetter,
                about: about.to_owned(),
                id: String::new(),
                attempts: 5,
                first_sent: None,
                made: Vec::new(),
                reason: Some("others were confirmed".to_owned()),
            });
        };
        given_up("raw/a.csv");
        let told = lookout.look(&registry);
        assert!(
            told[0]
                .text
                .starts_with("an event became a dead letter: raw/a.csv: others were confirmed.")
        );
        given_up("raw/b.csv");
        given_up("raw/c.csv");
        let told = lookout.look(&registry);
        assert!(
            told[0]
                .text
                .starts_with("2 events became dead letters, the latest one: raw/c.csv: ")
        );
        assert_eq!((told.len(), told[0].reason), (1, Reason::DeadLetter));
        assert_eq!(lookout.look(&registry), []);
    }
}
