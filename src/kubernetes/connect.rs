//! The way to the API server, and what it calls a kind.

use std::time::Duration;

use http::Uri;
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
    core::ApiResource,
};
use tracing::debug;

use super::{
    failure::{WatchTarget, failed, is_missing},
    tunnel::through,
};
use crate::{
    confirm::{error::ConfirmError, target::ObjectKind},
    net::proxy::{Proxies, Way},
    text::{nearest::nearest, plain::Plain},
};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// A client, and the namespace in which it is at home.
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) namespace: String,
    /// The API server's URL, and what names it outside of a cluster.
    pub(crate) server: String,
    /// What names the proxy that leads to the API server, if one does.
    pub(crate) via: Option<&'static str>,
}

/// Connects to the cluster around this process or, outside of one, to what the kubeconfig names.
/// Nothing is sent.
pub(crate) async fn connect() -> Result<Connection, ConfirmError> {
    let (mut config, way, named_by) = match Config::incluster() {
        // A pod reaches its own cluster's API server directly, whatever leads out of the cluster.
        Ok(config) => (config, None, String::new()),
        Err(outside) => {
            debug!(%outside, "not in a cluster; looking for a kubeconfig");
            let (config, way) = from_kubeconfig(&Proxies::from_env()).await?;
            (config, way, context())
        }
    };
    let server = format!("{}{named_by}", config.cluster_url);
    config.connect_timeout = Some(CONNECT);
    // Who asks tries again, and says why; the client itself would hide the reason until time is up.
    config.default_retry = false;
    let namespace = config.default_namespace.clone();
    let client = match &way {
        Some(way) => through(way, &config, CONNECT).map_err(no_cluster)?,
        None => Client::try_from(config).map_err(no_cluster)?,
    };
    Ok(Connection {
        client,
        namespace,
        server,
        via: way.map(|way| way.named_by),
    })
}

/// What names the API server outside of a cluster, for people.
fn context() -> String {
    let context = Kubeconfig::read().ok().and_then(|it| it.current_context);
    context.map_or_else(String::new, |it| {
        format!(", of the context `{}` in the kubeconfig", Plain(&it))
    })
}

/// What the kubeconfig says, and the proxy that its API server is reached through. Nothing is left of that in the
/// configuration: the client library holds `NO_PROXY` against the host of the proxy, instead of the API server's.
async fn from_kubeconfig(proxies: &Proxies) -> Result<(Config, Option<Way>), ConfirmError> {
    let options = KubeConfigOptions::default();
    let mut config = Config::from_kubeconfig(&options).await.map_err(|error| {
        // Of any URL that is https: the library takes the variable in before it knows the API server's.
        match proxies.mistake(&Uri::from_static("https://kubernetes")) {
            Some(mistake) => ConfirmError::NoCluster(format!("confirm: {mistake}")),
            None => no_cluster(error),
        }
    })?;
    let asked = config.proxy_url.take();
    let way = way(proxies, &config.cluster_url, asked).map_err(ConfirmError::NoCluster)?;
    Ok((config, way))
}

/// The way to the API server at `server`. `asked` is the proxy that the library would take: that of the kubeconfig's
/// `proxy-url` or, without one, of `HTTPS_PROXY`. As with kubectl, the kubeconfig's own goes before all variables.
fn way(proxies: &Proxies, server: &Uri, asked: Option<Uri>) -> Result<Option<Way>, String> {
    let own = asked.filter(|url| !proxies.names(url));
    let way = match own {
        Some(url) => match Way::through(&url, PROXY_URL) {
            Some(way) => Some(way),
            None => return Err(wrong(PROXY_URL)),
        },
        None => match proxies.mistake(server) {
            Some(mistake) => return Err(format!("confirm: {mistake}")),
            None => proxies.way_to(server),
        },
    };
    match way {
        Some(way) if way.proxy().scheme_str() != Some("http") => Err(wrong(way.named_by)),
        way => Ok(way),
    }
}

/// The key of a kubeconfig's cluster.
const PROXY_URL: &str = "proxy-url";

fn wrong(named_by: &str) -> String {
    format!(
        "confirm: the API server is reached through the proxy that `{named_by}` names, which must be a URL such as \
         `http://HOST:PORT`: other kinds of proxies are not supported. Correct it, or name the API server's host in \
         `NO_PROXY`"
    )
}

fn no_cluster(error: impl std::fmt::Display) -> ConfirmError {
    ConfirmError::NoCluster(format!(
        "confirm: this process is in no cluster, and no kubeconfig can be used ({error}): run it in the cluster, \
         or let KUBECONFIG name a file that `kubectl` can use"
    ))
}

/// What the API server calls a kind. Only of Argo's Workflow is that known without asking.
pub(crate) async fn resource(
    client: &Client,
    asked: &WatchTarget,
) -> Result<ApiResource, ConfirmError> {
    let kind = &asked.kind;
    if *kind == ObjectKind::workflow() {
        return Ok(named(kind, "workflows"));
    }
    let list = match kind.group.as_str() {
        "" => client.list_core_api_resources(&kind.version).await,
        group => {
            let version = format!("{group}/{}", kind.version);
            client.list_api_group_resources(&version).await
        }
    };
    let list = match list {
        Ok(list) => list,
        Err(error) if is_missing(&error) => return Err(unknown(asked, &[])),
        Err(error) => return Err(failed(asked, None, &error)),
    };
    // What has a slash in it is a part of another resource.
    let whole = list
        .resources
        .iter()
        .filter(|found| !found.name.contains('/'));
    let kinds: Vec<_> = whole.clone().map(|found| found.kind.as_str()).collect();
    match whole.clone().find(|found| found.kind == kind.kind) {
        Some(found) if found.namespaced => Ok(named(kind, &found.name)),
        Some(_) => Err(ConfirmError::UnknownKind(format!(
            "confirm.kind: objects of the kind {} are not in a namespace; give a kind whose objects are",
            asked.name()
        ))),
        None => Err(unknown(asked, &kinds)),
    }
}

fn named(kind: &ObjectKind, plural: &str) -> ApiResource {
    let api_version = match kind.group.as_str() {
        "" => kind.version.clone(),
        group => format!("{group}/{}", kind.version),
    };
    ApiResource {
        group: kind.group.clone(),
        version: kind.version.clone(),
        api_version,
        kind: kind.kind.clone(),
        plural: plural.to_owned(),
    }
}

fn unknown(asked: &WatchTarget, kinds: &[&str]) -> ConfirmError {
    let advice = match nearest(&asked.kind.kind, kinds) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            "is its CustomResourceDefinition installed, and are group and version right?".to_owned()
        }
    };
    ConfirmError::UnknownKind(format!(
        "confirm.kind: the cluster has no kind {}; {advice}",
        asked.name()
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::kubernetes::connect::*;

    const SERVER: &str = "https://10.0.0.1:6443";

    /// What names the proxy on the way to the API server.
    fn by(variables: &[(&str, &str)], asked: Option<&str>) -> Result<Option<&'static str>, String> {
        let proxies = Proxies::read(|name| {
            let known = variables.iter().find(|(known, _)| *known == name);
            known.map(|(_, text)| (*text).to_owned())
        });
        let asked = asked.map(|url| url.parse().unwrap());
        let way = way(&proxies, &Uri::from_static(SERVER), asked)?;
        Ok(way.map(|way| way.named_by))
    }

    #[test]
    fn no_proxy_is_held_against_the_api_server() {
        let proxy = ("HTTPS_PROXY", "http://10.9.9.9:3128");
        let asked = Some(proxy.1);
        assert_eq!(by(&[], None), Ok(None));
        assert_eq!(by(&[proxy], asked), Ok(Some("HTTPS_PROXY")));
        for direct in ["10.0.0.1", "*", "10.0.0.0/24,", "localhost, 10.0.0.1"] {
            assert_eq!(
                by(&[proxy, ("NO_PROXY", direct)], asked),
                Ok(None),
                "{direct}"
            );
        }
        for other in ["10.9.9.9", "example.com"] {
            let way = by(&[proxy, ("NO_PROXY", other)], asked);
            assert_eq!(way, Ok(Some("HTTPS_PROXY")), "{other}");
        }
        let without_scheme = [("https_proxy", "10.9.9.9:3128")];
        assert_eq!(
            by(&without_scheme, Some("10.9.9.9:3128")),
            Ok(Some("https_proxy"))
        );
    }

    #[test]
    fn a_kubeconfigs_own_proxy_goes_before_all_variables() {
        let variables = [("HTTPS_PROXY", "http://other:1"), ("NO_PROXY", "10.0.0.1")];
        assert_eq!(
            by(&variables, Some("http://bastion:3128")),
            Ok(Some("proxy-url"))
        );
    }

    #[test]
    fn a_proxy_that_does_not_serve_is_named() {
        for (variables, asked, named) in [
            (
                &[("HTTPS_PROXY", "socks5://h:1")][..],
                Some("socks5://h:1"),
                "`HTTPS_PROXY`",
            ),
            (
                &[("HTTPS_PROXY", "https://h:1")],
                Some("https://h:1"),
                "`HTTPS_PROXY`",
            ),
            (
                &[("HTTPS_PROXY", "ftp://h:1")],
                Some("ftp://h:1"),
                "`HTTPS_PROXY`",
            ),
            (&[], Some("socks5://h:1"), "`proxy-url`"),
        ] {
            let problem = by(variables, asked).unwrap_err();
            assert!(
                problem.contains(named) && problem.contains("http://HOST:PORT"),
                "{problem}"
            );
        }
    }
}
