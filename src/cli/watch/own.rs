//! Whether `watch --connect` takes over what somebody else has. Pure.
//!
//! A read-only view never does: a client without `--take-over` has a source of its own, and the server leaves a live
//! stream of that name alone.

use crate::{cli::which::own_event, config::SourceConfig, text::plain::Plain};

/// So many people may watch a container at a time.
const MOST: u32 = 20;

/// The event's name that a client gives.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// That of somebody's source, which is taken over.
    TakeOver(String),
    /// That of a source of our own: the first that nobody has.
    Own(u32),
}

impl Claim {
    /// What is claimed with these arguments.
    ///
    /// # Errors
    /// What would be taken over, and what to type.
    pub(super) fn of(
        config: &SourceConfig,
        name: Option<&str>,
        take_over: bool,
    ) -> Result<Self, String> {
        if take_over {
            return match (name.or(config.id.as_deref()), &config.queue) {
                (Some(name), _) => Ok(Self::TakeOver(name.to_owned())),
                // Then it is the queue that is taken over.
                (None, Some(_)) => Ok(Self::Own(1)),
                (None, None) => Err(NO_NAME.to_owned()),
            };
        }
        if let Some(queue) = &config.queue {
            return Err(format!(
                "with --connect, the messages of the queue `{}` would come here, and the source in production would never \
                 see them: {INSTEAD}",
                Plain(&queue.place.name)
            ));
        }
        let (what, source) = match (&config.id, name) {
            (Some(id), _) => ("`id` in the configuration", id.as_str()),
            (None, Some(name)) => ("--name", name),
            (None, None) => return Ok(Self::Own(1)),
        };
        Err(format!(
            "{what} names the source `{}`, and with --connect its stream would be taken over: its client, such as Argo \
             Events, would be disconnected, and {}: {INSTEAD}{}",
            Plain(source),
            match config.confirm.is_empty() {
                true => "its events would come here and be recorded as done",
                false => "no Workflow would be made for its events",
            },
            match config.id {
                Some(_) => "",
                None => "; without --name, --connect has a source of its own",
            }
        ))
    }

    /// The event's name.
    pub(super) fn event(&self) -> String {
        match self {
            Self::TakeOver(name) => name.clone(),
            Self::Own(number) => own_event(*number),
        }
    }

    /// What the client does, and to whom; `confirms`: whether the configuration has `confirm`.
    pub(super) fn introduction(&self, confirms: bool) -> String {
        let event = self.event();
        match (self, confirms) {
            (Self::TakeOver(_), false) => format!(
                "taking over the source of the event `{}`: its present client is disconnected, and the events that come \
                 here are recorded as done",
                Plain(&event)
            ),
            (Self::TakeOver(_), true) => format!(
                "taking over the source of the event `{}`: its present client is disconnected, and no Workflow is made for \
                 the events that come here: they are not confirmed, and are sent again",
                Plain(&event)
            ),
            (Self::Own(_), false) => format!(
                "a client with a source of its own, of the event `{event}`: other streams are not disturbed"
            ),
            (Self::Own(_), true) => format!(
                "a client with a source of its own, of the event `{event}`: other streams are not disturbed. No Workflow is \
                 made for its events, so `confirm` does not apply to them"
            ),
        }
    }

    /// The next that nobody may have.
    pub(super) fn next(&self) -> Option<Self> {
        match self {
            Self::TakeOver(_) => None,
            Self::Own(number) => (*number < MOST).then_some(Self::Own(number + 1)),
        }
    }
}

const NO_NAME: &str = "--take-over needs the source that is taken over: name its event with --name EVENT, the key under \
                       `spec.generic` of the EventSource";
const INSTEAD: &str = "type --take-over to do that, or leave out --connect for a read-only view";

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn config(more: &str) -> SourceConfig {
        let text = format!("account: abc\ncontainer: datasets\n{more}");
        SourceConfig::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_somebody_may_have_has_to_be_taken_over_in_so_many_words() {
        for (more, name, words) in [
            ("", Some("datasets"), "--name names the source `datasets`"),
            (
                "id: mine\n",
                None,
                "`id` in the configuration names the source `mine`",
            ),
            (
                "id: mine\n",
                Some("x"),
                "`id` in the configuration names the source `mine`",
            ),
            (
                "source: {queue: {name: events}}\n",
                None,
                "the messages of the queue `events`",
            ),
        ] {
            let config = config(more);
            let told = Claim::of(&config, name, false).unwrap_err();
            assert!(
                told.contains(words) && told.contains("--take-over"),
                "{told}"
            );
            let claim = match name.or(config.id.as_deref()) {
                Some(name) => Claim::TakeOver(name.to_owned()),
                None => Claim::Own(1),
            };
            assert_eq!(Claim::of(&config, name, true), Ok(claim));
        }
    }

    #[test]
    fn nobody_is_taken_over_without_a_name() {
        let told = Claim::of(&config(""), None, true).unwrap_err();
        assert!(told.contains("--name EVENT"), "{told}");
    }

    #[test]
    fn with_confirm_nobody_is_told_that_events_are_recorded_as_done() {
        let told = Claim::of(
            &config("confirm: {workflows: {}}\n"),
            Some("datasets"),
            false,
        );
        let told = told.unwrap_err();
        assert!(told.contains("no Workflow would be made"), "{told}");
        let own = Claim::Own(1).introduction(true);
        assert!(own.contains("`confirm` does not apply"), "{own}");
        assert!(!Claim::Own(1).introduction(false).contains("confirm"));
        let taken = Claim::TakeOver("x".to_owned());
        assert!(taken.introduction(true).ends_with("are sent again"));
        assert!(taken.introduction(false).ends_with("recorded as done"));
    }

    #[test]
    fn a_source_of_its_own_has_a_name_that_nobody_has() {
        let mut own = Claim::of(&config(""), None, false).unwrap();
        let mut names = vec![own.event()];
        while let Some(next) = own.next() {
            names.push(next.event());
            own = next;
        }
        assert_eq!(names.len(), MOST as usize);
        assert_eq!(names[..2], ["watch-connect", "watch-connect-2"]);
        assert_eq!(Claim::TakeOver("x".to_owned()).next(), None);
    }
}
