//! The pods of an installation, and how long they may take.

use std::time::Duration;

/// The label selectors of what can be killed.
pub(crate) const SERVER: &str = "app.kubernetes.io/name=azure-blob-eventsource";
/// See [`SERVER`].
pub(crate) const EVENT_SOURCE: &str = "eventsource-name=blobs";
/// See [`SERVER`].
pub(crate) const SENSOR: &str = "sensor-name=ml-pipeline";
/// See [`SERVER`].
pub(crate) const BUS: &str = "eventbus-name=default";
/// See [`SERVER`].
pub(crate) const AZURITE: &str = "app.kubernetes.io/name=azurite";
/// How long Workflows may take to come once nothing is in their way.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);
