//! Where a service of a storage account is: `account` or `endpoint`.

use super::{endpoint::endpoint, mistake::Mistakes, names, reader::Section};
use crate::ports::connect::Location;

/// The account's name, or the URL of its `service` (`blob` or `queue`); `None` when neither is given.
pub(super) fn place(section: &Section<'_>, service: &str, m: &mut Mistakes) -> Option<Location> {
    let account = section.optional("account", m, |value| names::account(value.text()?));
    let endpoint = section.optional("endpoint", m, |value| endpoint(value.text()?, service));
    if section.has("account") && section.has("endpoint") {
        m.add(section.path(), "give `account` or `endpoint`, not both");
        return None;
    }
    account
        .map(Location::Account)
        .or(endpoint.map(Location::Endpoint))
}
