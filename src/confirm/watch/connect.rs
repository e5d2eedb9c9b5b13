//! The way to the API server, and what it calls a kind.

use std::time::Duration;

use kube::{Client, Config, core::ApiResource};
use tracing::debug;

use super::failure::{Asked, failed, is_missing};
use crate::{
    config::{ObjectKind, nearest},
    confirm::ConfirmError,
};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// A client, and the namespace in which it is at home.
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) namespace: String,
}

/// Connects to the cluster around this process or, outside of one, to what the kubeconfig names.
/// Nothing is sent.
pub(super) async fn connect() -> Result<Connection, ConfirmError> {
    let mut config = match Config::incluster() {
        Ok(config) => config,
        Err(outside) => {
            debug!(%outside, "not in a cluster; looking for a kubeconfig");
            Config::infer().await.map_err(no_cluster)?
        }
    };
    config.connect_timeout = Some(CONNECT);
    // Who asks tries again, and says why; the client itself would hide the reason until time is up.
    config.default_retry = false;
    let namespace = config.default_namespace.clone();
    let client = Client::try_from(config).map_err(no_cluster)?;
    Ok(Connection { client, namespace })
}

fn no_cluster(error: impl std::fmt::Display) -> ConfirmError {
    ConfirmError::NoCluster(format!(
        "confirm: this server is in no cluster and has no usable kubeconfig ({error}): \
         run it in the cluster, set KUBECONFIG, or remove `confirm`"
    ))
}

/// What the API server calls a kind. Only of Argo's Workflow is that known without asking.
pub(super) async fn resource(client: &Client, asked: &Asked) -> Result<ApiResource, ConfirmError> {
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
            "confirm.kind: a {} is in no namespace; give a kind whose objects are",
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

fn unknown(asked: &Asked, kinds: &[&str]) -> ConfirmError {
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
