//! URLs of the services of a storage account, and what people write instead of one.

use url::{Host, ParseError, Url};

use super::mistake::shown;

/// The longest URL of a service in bytes: the longest host name has 253, and reading one takes
/// time that grows with its square.
const LONGEST: usize = 1024;

/// What the host names of Azure's services end in, after the account and the service.
const CLOUDS: [&str; 4] = [
    ".core.windows.net",
    ".core.chinacloudapi.cn",
    ".core.usgovcloudapi.net",
    ".storage.azure.net",
];

/// The services of an account, as host names have them.
const SERVICES: [&str; 5] = ["blob", "queue", "dfs", "file", "table"];

/// The URL of an account's `service` (`blob` or `queue`), without a trailing slash on its path.
pub(super) fn endpoint(text: &str, service: &str) -> Result<Url, String> {
    if text.len() > LONGEST {
        return Err(format!(
            "is {} bytes long; at most {LONGEST} are allowed",
            text.len()
        ));
    }
    // First, because the rest would show it.
    if text.contains('@') {
        return Err("has a user name or a secret in it; put it in a `credential`".to_owned());
    }
    if text.contains('?') {
        return Err("has a query (`?…`); if it is a SAS, put it in a `credential`".to_owned());
    }
    if text.contains('#') {
        return Err(format!(
            "found {}; remove the part from `#` on",
            shown(text)
        ));
    }
    let allowed = format!("allowed is a URL such as https://NAME.{service}.core.windows.net");
    // The parser would drop control characters and spaces without a word.
    let clean = !text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\');
    let parsed = Url::parse(text);
    if clean && (is_port_zero(text) || parsed == Err(ParseError::InvalidPort)) {
        return Err(format!(
            "found {}; a port is a number from 1 to 65535",
            shown(text)
        ));
    }
    let url = parsed.ok().filter(|_| clean);
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let Some(mut url) = url else {
        return Err(match with_scheme(text).filter(|_| clean) {
            Some(url) => format!("found {}; write `{url}`", shown(text)),
            None => format!("found {}; {allowed}", shown(text)),
        });
    };
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    in_cloud(&url, service).map_or(Ok(()), Err)?;
    Ok(url)
}

/// What is wrong with a URL on one of Azure's own hosts.
fn in_cloud(url: &Url, service: &str) -> Option<String> {
    let host = CloudHost::of(url)?;
    let right = host.url(service);
    let found = shown(url.as_str());
    if host.service != service {
        let other = &host.service;
        return Some(format!(
            "found {found}, which is the {other} service of the account; write `{right}`"
        ));
    }
    match url.path().trim_matches('/') {
        "" => None,
        path => {
            let what = match service {
                "blob" => "write the container under `container`",
                _ => "write the queue under `name`",
            };
            let path = shown(path);
            Some(format!(
                "found {found} with the path {path}; {what}, and here `{right}`"
            ))
        }
    }
}

/// What names a blob service, with or without what stands behind it.
pub(super) struct Written {
    /// How a configuration says where the service is: `account: NAME` or `endpoint: URL`.
    pub(super) place: String,
    /// What stands behind the host: a container, perhaps.
    pub(super) path: String,
}

/// What a URL, or a host without its `https://`, says of an account; `None` for what is no host of Azure's.
pub(super) fn written(text: &str) -> Option<Written> {
    // The longer one would take long, and what has a secret is not repeated.
    if text.len() > LONGEST || text.contains(['@', '?', '#']) {
        return None;
    }
    let url = match text.contains("://") {
        true => Url::parse(text).ok()?,
        false => Url::parse(&format!("https://{text}")).ok()?,
    };
    let host = CloudHost::of(&url)?;
    let is_public = host.rest == ".core.windows.net" && host.zone.is_empty();
    Some(Written {
        place: match is_public {
            true => format!("account: {}", host.account),
            false => format!("endpoint: {}", host.url("blob")),
        },
        path: url.path().trim_matches('/').to_owned(),
    })
}

/// One of Azure's own host names: `ACCOUNT.blob.core.windows.net`, `ACCOUNT.z12.blob.storage.azure.net`.
struct CloudHost {
    account: String,
    /// What stands between the account and the service.
    zone: String,
    service: String,
    /// What stands behind the service.
    rest: &'static str,
}

impl CloudHost {
    fn of(url: &Url) -> Option<Self> {
        let host = url.host_str()?;
        let rest = CLOUDS.into_iter().find(|cloud| host.ends_with(cloud))?;
        let (start, service) = host.strip_suffix(rest)?.rsplit_once('.')?;
        let (account, zone) = start.split_once('.').unwrap_or((start, ""));
        let plain = |text: &str| {
            text.chars()
                .all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))
        };
        let is_known = SERVICES.contains(&service) && !account.is_empty() && plain(start);
        is_known.then(|| Self {
            account: account.to_owned(),
            zone: zone.to_owned(),
            service: service.to_owned(),
            rest,
        })
    }

    fn url(&self, service: &str) -> String {
        let Self {
            account,
            zone,
            rest,
            ..
        } = self;
        match zone.as_str() {
            "" => format!("https://{account}.{service}{rest}"),
            zone => format!("https://{account}.{zone}.{service}{rest}"),
        }
    }
}

/// Whether a URL's port is 0, which nothing listens on.
fn is_port_zero(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.port() == Some(0))
}

/// A host without a scheme as a URL: `http` for this machine, `https` for others.
fn with_scheme(text: &str) -> Option<String> {
    // A connection string, which has a `=`, is not repeated.
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:/[]".contains(c);
    if text.contains("://") || !text.chars().all(plain) {
        return None;
    }
    let url = Url::parse(&format!("http://{text}")).ok()?;
    let is_local = match url.host()? {
        Host::Domain(domain) => domain == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    };
    // A word alone is no host name, but perhaps an account's.
    let is_host = is_local || url.port().is_some() || url.host_str()?.contains('.');
    let scheme = if is_local { "http" } else { "https" };
    is_host.then(|| format!("{scheme}://{text}"))
}
