//! Which proxy a request goes through: what `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say.
//!
//! The rules are curl's, and those of the client of the storage account: names in capitals come first, an
//! entry of `NO_PROXY` is a host with all below it, an address, a network (`10.0.0.0/8`), or `*` for all.

use std::env;

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

const HTTPS: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const HTTP: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
const ALL: [&str; 2] = ["ALL_PROXY", "all_proxy"];
const NO: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// The proxies that the environment names.
#[derive(Debug)]
pub struct Proxies {
    matcher: Matcher,
    none: bool,
    https: Option<Named>,
    http: Option<Named>,
}

/// The variable that names a proxy, and its text.
#[derive(Debug, Clone)]
struct Named {
    variable: &'static str,
    url: String,
}

/// The way through a proxy.
#[derive(Clone)]
pub struct Way {
    /// What names the proxy, in the words of whoever set it: `HTTPS_PROXY`.
    pub named_by: &'static str,
    proxy: Intercept,
}

impl Proxies {
    /// What the environment of this process says.
    pub fn from_env() -> Self {
        Self::read(|name| env::var(name).ok())
    }

    /// What `variable` says, which gives the text of a variable that is set.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let named = |names: [&'static str; 2]| {
            let (variable, url) = names
                .into_iter()
                .find_map(|name| Some((name, variable(name)?)))?;
            (!url.trim().is_empty()).then_some(Named { variable, url })
        };
        let none = named(NO).map(|no| no.url).unwrap_or_default();
        let all = named(ALL);
        let (https, http) = (named(HTTPS).or(all.clone()), named(HTTP).or(all));
        let url = |named: &Option<Named>| named.as_ref().map_or("", |it| &it.url).to_owned();
        Self {
            matcher: Matcher::builder()
                .https(url(&https))
                .http(url(&http))
                .no(none.as_str())
                .build(),
            // By itself the matcher would take it for names alone and not for addresses.
            none: none.split(',').any(|entry| entry.trim() == "*"),
            https,
            http,
        }
    }

    /// Whether nothing goes through a proxy, whatever else is said: `NO_PROXY=*`.
    pub fn are_off(&self) -> bool {
        self.none
    }

    /// The way to `url`; `None` when it is reached directly.
    pub fn way_to(&self, url: &Uri) -> Option<Way> {
        let named = self.named_for(url)?;
        let proxy = self.matcher.intercept(url)?;
        Some(Way {
            named_by: named.variable,
            proxy,
        })
    }

    /// What is wrong with the variable that names a proxy for `url`, as a sentence without its text, which may
    /// hold a password.
    pub fn mistake(&self, url: &Uri) -> Option<String> {
        let named = self.named_for(url)?;
        let understood = Matcher::builder().all(named.url.as_str()).build();
        let understood = understood
            .intercept(&Uri::from_static("http://any"))
            .is_some();
        (!understood).then(|| {
            format!(
                "`{}` is not the URL of a proxy, as `http://HOST:PORT` would be",
                named.variable
            )
        })
    }

    /// Whether a variable names just this proxy.
    pub fn names(&self, proxy: &Uri) -> bool {
        let named = self.https.iter().chain(&self.http);
        named
            .filter_map(|named| named.url.parse::<Uri>().ok())
            .any(|url| url == *proxy)
    }

    fn named_for(&self, url: &Uri) -> Option<&Named> {
        match url.scheme_str() {
            _ if self.none => None,
            Some("https") => self.https.as_ref(),
            Some("http") => self.http.as_ref(),
            _ => None,
        }
    }
}

impl Way {
    /// The way through the proxy with this URL, which `named_by` names; `None` when it is no URL of a proxy.
    pub fn through(url: &Uri, named_by: &'static str) -> Option<Self> {
        let matcher = Matcher::builder().all(url.to_string()).build();
        let proxy = matcher.intercept(&Uri::from_static("http://any"))?;
        Some(Self { named_by, proxy })
    }

    /// The proxy's URL, without user name and password.
    pub fn proxy(&self) -> &Uri {
        self.proxy.uri()
    }

    /// What the proxy is told of who asks (`Proxy-Authorization`), if its URL has a user name.
    pub fn authorization(&self) -> Option<&HeaderValue> {
        self.proxy.basic_auth()
    }
}

/// What to think of when a call through the proxy that `named_by` names has failed.
pub fn hint(named_by: &str) -> String {
    format!(
        "; it goes through the proxy that `{named_by}` names: check whether that proxy answers and allows the connection, or \
         name the host in `NO_PROXY`, to reach it directly"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::net::proxy::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::read(|name| {
            let known = variables.iter().find(|(known, _)| *known == name);
            known.map(|(_, text)| (*text).to_owned())
        })
    }

    /// What names the proxy for `url`, and the proxy.
    fn way(variables: &[(&str, &str)], url: &str) -> Option<(&'static str, String)> {
        let way = proxies(variables).way_to(&url.parse().unwrap())?;
        Some((way.named_by, way.proxy().to_string()))
    }

    const PROXY: (&str, &str) = ("HTTPS_PROXY", "http://proxy:3128");

    #[test]
    fn each_scheme_has_its_variable() {
        let through = |variable| Some((variable, "http://proxy:3128/".to_owned()));
        for (variable, url, named_by) in [
            ("HTTPS_PROXY", "https://a", Some("HTTPS_PROXY")),
            ("https_proxy", "https://a", Some("https_proxy")),
            ("HTTPS_PROXY", "http://a", None),
            ("HTTP_PROXY", "http://a", Some("HTTP_PROXY")),
            ("HTTP_PROXY", "https://a", None),
            ("ALL_PROXY", "http://a", Some("ALL_PROXY")),
            ("all_proxy", "https://10.0.0.1:6443", Some("all_proxy")),
        ] {
            for text in [
                "http://proxy:3128",
                "proxy:3128",
                "http://user:pw@proxy:3128/x",
            ] {
                let way = way(&[(variable, text)], url);
                assert_eq!(way, named_by.and_then(through), "{variable}={text} {url}");
            }
        }
        assert_eq!(way(&[("HTTPS_PROXY", "")], "https://a"), None);
        assert_eq!(way(&[], "https://a"), None);
    }

    #[test]
    fn who_is_named_in_no_proxy_is_reached_directly() {
        for (no, url, direct) in [
            ("*", "https://a.example", true),
            ("*", "https://10.0.0.1:6443", true),
            ("*", "https://[::1]:6443", true),
            ("other, *", "https://10.0.0.1", true),
            ("10.0.0.1", "https://10.0.0.1:6443", true),
            ("10.0.0.0/8,", "https://10.0.0.1:6443", true),
            ("10.0.0.2,,192.168.0.0/16", "https://10.0.0.1:6443", false),
            ("example", "https://a.example", true),
            (".example", "https://a.example", true),
            ("a.example", "https://aa.example", false),
            ("", "https://a.example", false),
        ] {
            for variable in ["NO_PROXY", "no_proxy"] {
                let way = way(&[PROXY, (variable, no)], url);
                assert_eq!(way.is_none(), direct, "{variable}={no} {url}");
            }
        }
        assert!(proxies(&[("NO_PROXY", "*")]).are_off());
        assert!(!proxies(&[("NO_PROXY", "*.example")]).are_off());
    }

    #[test]
    fn what_is_no_proxy_is_named_without_its_text() {
        let url = Uri::from_static("https://a");
        for text in ["http://hunter2@", "ftp://hunter2", "hunter2 x", "/hunter2"] {
            let mistake = proxies(&[("HTTPS_PROXY", text)]).mistake(&url).unwrap();
            assert!(mistake.starts_with("`HTTPS_PROXY` is not"), "{mistake}");
            assert!(!mistake.contains("hunter2"), "{mistake}");
        }
        assert_eq!(proxies(&[PROXY]).mistake(&url), None);
        assert_eq!(proxies(&[]).mistake(&url), None);
    }

    #[test]
    fn a_user_of_the_proxy_is_told_to_the_proxy_alone() {
        let named = proxies(&[("HTTPS_PROXY", "http://me:s%40cret@proxy:3128")]);
        let way = named.way_to(&Uri::from_static("https://a")).unwrap();
        assert_eq!(way.authorization().unwrap(), "Basic bWU6c0BjcmV0");
        assert_eq!(way.proxy(), "http://proxy:3128/");
    }
}
