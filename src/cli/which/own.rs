//! The sources that people who watch have for themselves.

/// The event of a source that somebody who watches has for himself: [`own_event`] with the others.
const OWN: &str = "watch-connect";

/// The event of the source that the client of this number has for itself.
pub(in crate::cli) fn own_event(number: u32) -> String {
    match number {
        0 | 1 => OWN.to_owned(),
        number => format!("{OWN}-{number}"),
    }
}

/// Whether this is the event of such a source.
pub(super) fn is_own_event(event: &str) -> bool {
    let rest = event.strip_prefix(OWN);
    rest.is_some_and(|it| {
        let number = it.strip_prefix('-');
        it.is_empty() || number.is_some_and(|it| it.parse::<u32>().is_ok())
    })
}
