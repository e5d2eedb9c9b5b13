//! The URL of an account's blob service, and to which of them a token may go.

use std::fmt;

use url::{Host, Url};

use super::asker::Asker;

/// Where the clouds keep storage accounts: public, China, US government, and the DNS zones of the
/// public cloud ("Azure DNS zone endpoints"). Private link names end in the same suffixes.
///
/// Whatever answers there is Microsoft's storage service, which takes a token and gives it to nobody.
const CLOUDS: &[&str] = &[
    ".blob.core.windows.net",
    ".blob.core.chinacloudapi.cn",
    ".blob.core.usgovcloudapi.net",
    ".blob.storage.azure.net",
    ".queue.core.windows.net",
    ".queue.core.chinacloudapi.cn",
    ".queue.core.usgovcloudapi.net",
    ".queue.storage.azure.net",
];

/// A host has at most 253 characters (RFC 1035), an account's name 24; messages repeat both.
const LONGEST: usize = 300;

/// The ports of Azurite's blob and queue services.
const BLOB_PORT: u16 = 10_000;
const QUEUE_PORT: u16 = 10_001;

/// The URL of a blob service, normalised: host in lower case, no default port, no trailing slash.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Endpoint(Url);

impl Endpoint {
    /// The public cloud's endpoint of an account.
    ///
    /// # Errors
    /// A sentence when this is no account name, so that a name cannot smuggle in another host.
    pub(super) fn of_account(name: &str) -> Result<Self, String> {
        if !is_account_name(name) {
            return Err("an account name has 3 to 24 lower-case letters and digits".to_owned());
        }
        Self::parse(&format!("https://{name}.blob.core.windows.net"))
    }

    /// Reads a URL.
    ///
    /// # Errors
    /// A sentence that does not repeat the text, which may hold a SAS or a password.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text.trim())
            .map_err(|error| format!("it is not a URL such as https://HOST ({error})"))?;
        let problem = if !matches!(url.scheme(), "https" | "http") {
            "it must begin with https:// or http://"
        } else if !url.username().is_empty() || url.password().is_some() {
            "it must not hold a user name or a password"
        } else if url.query().is_some() || url.fragment().is_some() {
            "it must not have a `?` or `#`: a SAS belongs in a credential"
        } else if url.as_str().len() > LONGEST {
            "it is longer than a host and an account's name can be"
        } else {
            return Ok(Self(without_trailing_slash(url)));
        };
        Err(problem.to_owned())
    }

    /// The URL without a trailing slash.
    pub(super) fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Host and, if it is not the scheme's own, port: what an error message shows.
    pub(super) fn authority(&self) -> String {
        match self.0.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }

    /// The account that the URL names: the first label of the host or, where the host is an address
    /// or there is a path ("path-style", the emulator's way), the first part of the path.
    pub(super) fn account(&self) -> Option<&str> {
        let in_path = self.0.path().split('/').find(|part| !part.is_empty());
        let in_host = match self.0.host()? {
            Host::Domain(domain) => domain.split('.').next(),
            Host::Ipv4(_) | Host::Ipv6(_) => None,
        };
        in_path.or(in_host)
    }

    /// The same account's queue service: `blob` in the host is `queue` there, and Azurite's port is the next one.
    /// `None` for a host of one's own, which says nothing about other services.
    pub(super) fn queues(&self) -> Option<Self> {
        let mut url = self.0.clone();
        match (url.host()?, url.port()) {
            (Host::Domain(domain), _) if let Some(host) = with_queue(domain) => {
                url.set_host(Some(&host)).ok()?;
            }
            (_, Some(BLOB_PORT)) => url.set_port(Some(QUEUE_PORT)).ok()?,
            _ => return None,
        }
        Some(Self(url))
    }

    /// Why this cannot be a queue service, when it is one of the clouds' blob services.
    pub(super) fn serves_blobs(&self) -> Option<String> {
        let queues = self.queues().filter(|queues| queues != self)?;
        self.is_in_cloud().then(|| {
            format!(
                "{} is a blob service, and its account's queues are at {}",
                self.as_str(),
                queues.as_str()
            )
        })
    }

    /// Whether the server's own token may be sent there.
    ///
    /// `allowed` are the operator's additions: a URL (host, port and, if it has one, path must be
    /// equal), a host, `host:port`, or `*.suffix`.
    ///
    /// # Errors
    /// A sentence for people, with what to do.
    pub(super) fn permits_token(&self, allowed: &[String], asker: Asker) -> Result<(), String> {
        let host = self.authority();
        if self.0.scheme() != "https" {
            return Err(format!(
                "a token is only sent over https, but the URL of `{host}` begins with http: use https, or {}",
                asker.other_proof()
            ));
        }
        let in_cloud = self.is_in_cloud();
        if in_cloud && !matches!(self.0.path(), "" | "/") {
            return Err(format!(
                "the endpoint on `{host}` has a path: write the container under {}",
                asker.container()
            ));
        }
        if in_cloud || allowed.iter().any(|entry| self.is_allowed_by(entry)) {
            return Ok(());
        }
        Err(asker.refusal(&host))
    }

    fn is_in_cloud(&self) -> bool {
        let host = self.authority();
        self.0.port().is_none() && CLOUDS.iter().any(|cloud| is_below(&host, cloud))
    }

    fn is_allowed_by(&self, entry: &str) -> bool {
        let entry = entry.trim().to_ascii_lowercase();
        if entry.contains("://") {
            let Ok(entry) = Self::parse(&entry) else {
                return false;
            };
            let any_path = matches!(entry.0.path(), "" | "/");
            return entry.0.origin() == self.0.origin() && (any_path || entry == *self);
        }
        let host = self.authority();
        match entry.strip_prefix('*').unwrap_or(&entry) {
            suffix if suffix.starts_with('.') => is_below(&host, suffix),
            entry => !entry.is_empty() && entry.trim_end_matches(":443") == host,
        }
    }

    fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.as_str())
    }
}

/// Facts: "Storage account names", Azure Storage documentation.
pub(super) fn is_account_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (3..=24).contains(&name.len()) && name.bytes().all(plain)
}

// A whole label at least must stand before the suffix, which begins with a dot.
fn is_below(host: &str, suffix: &str) -> bool {
    suffix.len() > 1
        && host
            .strip_suffix(suffix)
            .is_some_and(|label| !label.is_empty() && !label.ends_with('.'))
}

// The first label is the account's name, which may be `blob` as well.
fn with_queue(domain: &str) -> Option<String> {
    let (account, rest) = domain.split_once('.')?;
    let mut labels: Vec<_> = rest.split('.').collect();
    let label = labels
        .iter_mut()
        .find(|label| matches!(**label, "blob" | "queue"))?;
    *label = "queue";
    Some(format!("{account}.{}", labels.join(".")))
}

fn without_trailing_slash(mut url: Url) -> Url {
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    url
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Endpoint {
        Endpoint::parse(text).unwrap()
    }

    fn permits(text: &str, allowed: &[&str]) -> bool {
        let allowed: Vec<_> = allowed.iter().map(|&entry| entry.to_owned()).collect();
        endpoint(text)
            .permits_token(&allowed, Asker::Configuration)
            .is_ok()
    }

    #[test]
    fn the_same_endpoint_written_in_several_ways_is_equal() {
        let plain = endpoint("https://store.blob.core.windows.net");
        assert_eq!(
            plain,
            endpoint(" HTTPS://Store.Blob.core.windows.net:443/ ")
        );
        assert_eq!(plain, Endpoint::of_account("store").unwrap());
        assert_eq!(plain.as_str(), "https://store.blob.core.windows.net");
        assert_ne!(plain, endpoint("http://store.blob.core.windows.net"));
        let path = endpoint("http://127.0.0.1:10000/devstoreaccount1/");
        assert_eq!(path.as_str(), "http://127.0.0.1:10000/devstoreaccount1");
        assert_eq!(path.authority(), "127.0.0.1:10000");
    }

    #[test]
    fn the_account_is_found_in_the_host_or_the_path() {
        let account = |text| endpoint(text).account().map(str::to_owned);
        assert_eq!(
            account("https://store.blob.core.windows.net").unwrap(),
            "store"
        );
        assert_eq!(account("http://store.argo.svc:10000").unwrap(), "store");
        assert_eq!(account("http://azurite:10000/acct").unwrap(), "acct");
        assert_eq!(account("http://127.0.0.1:10000"), None);
    }

    #[test]
    fn the_queue_service_stands_beside_the_blob_service() {
        let queues = |text| endpoint(text).queues().map(|it| it.as_str().to_owned());
        for (blobs, expected) in [
            (
                "https://store.blob.core.windows.net",
                "https://store.queue.core.windows.net",
            ),
            (
                "https://blob.blob.core.windows.net",
                "https://blob.queue.core.windows.net",
            ),
            (
                "https://store.z12.blob.storage.azure.net",
                "https://store.z12.queue.storage.azure.net",
            ),
            (
                "https://store.privatelink.blob.core.windows.net",
                "https://store.privatelink.queue.core.windows.net",
            ),
            (
                "https://store.queue.core.windows.net",
                "https://store.queue.core.windows.net",
            ),
            ("http://127.0.0.1:10000/acct", "http://127.0.0.1:10001/acct"),
            ("http://azurite:10000/acct", "http://azurite:10001/acct"),
        ] {
            assert_eq!(queues(blobs).as_deref(), Some(expected));
            let both = [blobs, expected].map(|it| permits(it, &[]));
            assert_eq!(both[0], both[1], "{blobs}");
        }
        assert_eq!(queues("https://blobs.corp.example"), None);
        assert_eq!(queues("http://127.0.0.1:10010/acct"), None);
    }

    #[test]
    fn what_is_not_an_endpoint_is_refused_without_being_repeated() {
        for text in [
            "store",
            "ftp://store",
            "https://user:hunter2@store",
            "https://store/?sig=hunter2",
            "https://store/#hunter2",
            "https://",
            "",
        ] {
            let problem = Endpoint::parse(text).unwrap_err();
            assert!(!problem.contains("hunter2"), "{problem}");
        }
        for name in [
            "ab",
            "Store",
            "a/b",
            "evil.com/",
            "store.evil",
            "x@y",
            "a".repeat(25).as_str(),
        ] {
            assert!(Endpoint::of_account(name).is_err(), "{name}");
        }
    }

    #[test]
    fn tokens_go_to_the_clouds_only() {
        for text in [
            "https://store.blob.core.windows.net",
            "https://store.privatelink.blob.core.windows.net",
            "https://store.z12.blob.storage.azure.net",
            "https://store.blob.core.chinacloudapi.cn",
            "https://store.blob.core.usgovcloudapi.net/",
        ] {
            assert!(permits(text, &[]), "{text}");
        }
        for text in [
            "http://store.blob.core.windows.net",
            "https://store.blob.core.windows.net:8443",
            "https://store.blob.core.windows.net/datasets",
            "https://blob.core.windows.net",
            "https://.blob.core.windows.net",
            "https://storeblob.core.windows.net",
            "https://store.blob.core.windows.net.evil.com",
            "https://evil.com/.blob.core.windows.net",
            "https://127.0.0.1:10000/devstoreaccount1",
        ] {
            let refused = Endpoint::parse(text)
                .is_ok_and(|it| it.permits_token(&[], Asker::Configuration).is_err());
            assert!(refused || Endpoint::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_operator_may_allow_more() {
        let text = "https://blobs.corp.example:8443/acct";
        assert!(permits(text, &["https://blobs.corp.example:8443"]));
        assert!(permits(text, &["https://blobs.corp.example:8443/acct/"]));
        assert!(permits(text, &["blobs.corp.example:8443"]));
        assert!(permits("https://a.corp.example", &["*.Corp.Example"]));
        assert!(permits("https://a.corp.example", &["a.corp.example:443"]));
        for entry in [
            "",
            "*",
            ".",
            "https://blobs.corp.example",
            "https://blobs.corp.example:8443/other",
            "http://blobs.corp.example:8443",
            "blobs.corp.example",
            "corp.example",
            "*.corp.example",
        ] {
            assert!(!permits(text, &[entry]), "{entry}");
        }
        assert!(!permits(
            "http://a.corp.example",
            &["*.corp.example", "http://a.corp.example"]
        ));
    }
}
