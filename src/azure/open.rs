//! Opens what a configuration names.

use url::Url;

use super::{Account, Connector};
use crate::ports::connect::{
    Connect, ConnectError, Location, Opened, OpenedFeed, OpenedQueue, QueuePlace, Wanted,
};

impl Connect for Connector {
    fn open(&self, wanted: &Wanted<'_>) -> Result<Opened, ConnectError> {
        let account = self.connect(wanted.location, wanted.credential)?;
        let queue = wanted
            .queue
            .map(|place| queue(self, &account, place, wanted));
        Ok(Opened {
            endpoint: account.endpoint().to_owned(),
            blobs: account.listing(wanted.container),
            state: wanted.state.map(|name| account.state(name)),
            queue: queue.transpose()?,
            feed: wanted.change_feed.then(|| OpenedFeed {
                feed: account.feed(),
                properties: account.properties(wanted.container),
            }),
        })
    }
}

// In the account of the blobs with its sign-in, unless it has its own.
fn queue(
    connector: &Connector,
    account: &Account,
    place: &QueuePlace,
    wanted: &Wanted<'_>,
) -> Result<OpenedQueue, ConnectError> {
    let credential = place.credential.as_deref().or(wanted.credential);
    let other = match &place.location {
        None if place.credential.is_none() => None,
        None => Some(connector.connect(wanted.location, credential)?),
        Some(Location::Endpoint(url)) => Some(connector.connect_queues(url, credential)?),
        Some(account) => Some(connector.connect(account, credential)?),
    };
    let queues = other.as_ref().unwrap_or(account);
    Ok(OpenedQueue {
        queue: queues.queue(&place.name)?,
        poison: queues.queue(&place.poison())?,
        properties: account.properties(wanted.container),
        account_path: path_of(account.endpoint()),
    })
}

// What stands behind the host, without a trailing slash.
fn path_of(endpoint: &str) -> String {
    let url = Url::parse(endpoint).ok();
    let path = url.as_ref().map(Url::path).unwrap_or_default();
    path.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_emulators_endpoint_has_a_path() {
        let path = path_of("http://127.0.0.1:10000/devstoreaccount1");
        assert_eq!(path, "/devstoreaccount1");
        for host in ["https://a.blob.core.windows.net", "https://a.example/"] {
            assert_eq!(path_of(host), "");
        }
    }
}
