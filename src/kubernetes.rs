//! The watch that feeds an [`Index`]: metadata only, over the objects that bear an event's id; and what the cluster
//! is told. The only importer of `kube`.
//!
//! Facts: "Kubernetes API Concepts", sections "Efficient detection of changes" and "Receiving
//! resources as metadata", Kubernetes 1.34.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Weak},
};

use async_trait::async_trait;
use kube::Client;
use tokio::{sync::OnceCell, task::JoinHandle};

use self::{
    connect::{Connection, connect},
    failure::WatchTarget,
    feeder::Feeder,
};
use crate::{
    confirm::{error::ConfirmError, index::Index, target::Confirm},
    event::EventId,
    ports::confirmation::{Confirmation, Confirmations},
    shared::Shared,
};

pub mod bulletin;
mod connect;
mod failure;
mod feeder;
mod object;
mod tunnel;

/// Opens watches on the cluster around this process, or the one that the kubeconfig names.
#[derive(Default)]
pub struct Watches {
    connection: OnceCell<Connection>,
    open: Shared<HashMap<Confirm, Weak<Watch>>>,
}

impl Watches {
    /// Watches through this client, with this namespace where a configuration names none.
    pub fn with(client: Client, namespace: &str) -> Self {
        Self {
            connection: OnceCell::new_with(Some(Connection {
                client,
                namespace: namespace.to_owned(),
                server: "of the cluster".to_owned(),
                via: None,
            })),
            open: Shared::default(),
        }
    }

    fn share(&self, confirm: Confirm, connection: &Connection) -> Arc<Watch> {
        let mut open = self.open.lock();
        open.retain(|_, watch| watch.strong_count() > 0);
        let known = open.get(&confirm).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let watch = Arc::new(Watch::start(connection, &confirm));
            open.insert(confirm, Arc::downgrade(&watch));
            watch
        })
    }
}

#[async_trait]
impl Confirmations for Watches {
    async fn open(&self, confirm: &Confirm) -> Result<Arc<dyn Confirmation>, ConfirmError> {
        let connection = self.connection.get_or_try_init(connect).await?;
        let namespace = confirm.namespace.as_ref().unwrap_or(&connection.namespace);
        let confirm = Confirm {
            namespace: Some(namespace.clone()),
            ..confirm.clone()
        };
        let all = Confirm {
            selector: BTreeMap::new(),
            ..confirm.clone()
        };
        let counted = confirm.kind.is_workflow() && confirm != all;
        let all = counted.then(|| self.share(all, connection));
        let own = self.share(confirm, connection);
        Ok(match all {
            Some(all) => Arc::new(Selected { own, all }),
            None => own,
        })
    }
}

/// The Workflows with certain labels, beside all that there are.
struct Selected {
    own: Arc<Watch>,
    all: Arc<Watch>,
}

#[async_trait]
impl Confirmation for Selected {
    fn index(&self) -> &Index {
        self.own.index()
    }

    fn all(&self) -> &Index {
        self.all.index()
    }

    fn namespace(&self) -> &str {
        self.own.namespace()
    }

    async fn look(&self, id: EventId) -> Result<bool, ConfirmError> {
        self.own.look(id).await
    }
}

/// One watch. It ends with its last holder.
struct Watch {
    feeder: Arc<Feeder>,
    task: JoinHandle<()>,
}

impl Watch {
    fn start(connection: &Connection, confirm: &Confirm) -> Self {
        let asked = WatchTarget {
            kind: confirm.kind.clone(),
            namespace: confirm.namespace.clone().unwrap_or_default(),
            labels: confirm.labels(),
            server: connection.server.clone(),
            via: connection.via,
        };
        let feeder = Arc::new(Feeder::new(connection.client.clone(), asked));
        let task = tokio::spawn({
            let feeder = Arc::clone(&feeder);
            async move { feeder.run().await }
        });
        Self { feeder, task }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[async_trait]
impl Confirmation for Watch {
    fn index(&self) -> &Index {
        self.feeder.index()
    }

    fn namespace(&self) -> &str {
        self.feeder.namespace()
    }

    async fn look(&self, id: EventId) -> Result<bool, ConfirmError> {
        self.feeder.look(id).await
    }
}
