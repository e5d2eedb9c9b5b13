//! The cluster that the tests run on: the one that `KUBECONFIG` names, or else the one in a folder
//! beside the repository, which this program starts, loads with the images, and enters.

use std::{
    env,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::command::{self, wait};

/// The programs, and the images of them that the manifests name.
const IMAGES: [(&str, &str); 2] = [
    ("azure-blob-eventsource", "azure-blob-eventsource:0.1.0"),
    ("ml-pipeline", "ml-pipeline:0.1.0"),
];
/// Set within the network of the cluster in a folder: that folder.
const INSIDE: &str = "E2E_INSIDE";

/// How the cluster is reached.
#[derive(Debug, Clone)]
pub(crate) enum Cluster {
    /// This process is in the cluster's own network; its components can be killed.
    Inside(PathBuf),
    /// Only the API server is reached.
    Outside,
}

impl Cluster {
    /// Finds the cluster. Where it has a network of its own, this process is replaced by one in there.
    ///
    /// # Errors
    /// There is none, or it does not start.
    pub(crate) fn enter() -> Result<Self> {
        if let Some(folder) = env::var_os(INSIDE) {
            return Ok(Self::Inside(folder.into()));
        }
        if env::var_os("KUBECONFIG").is_some() {
            let images = IMAGES.map(|(_, image)| image).join(" and ");
            println!("on the cluster that KUBECONFIG names, which must have the images {images}");
            return Ok(Self::Outside);
        }
        let folder = env::var_os("E2E_CLUSTER")
            .map_or_else(|| repository().join("../shared/cluster"), PathBuf::from);
        if !folder.join("up").exists() {
            bail!(
                "there is no cluster: set KUBECONFIG to one that has Argo Events and Argo Workflows, or \
                 E2E_CLUSTER to a folder with the programs `up`, `load` and `exec`"
            );
        }
        let folder = folder.canonicalize()?;
        wait(&mut Command::new(folder.join("up")))?;
        load(&folder)?;
        let mut inside = Command::new(folder.join("exec"));
        inside.arg(env::current_exe()?).args(env::args_os().skip(1));
        // Only returns when it fails.
        Err(inside.env(INSIDE, &folder).exec()).context("the cluster's network cannot be entered")
    }

    /// Whether this process is in its network, and can kill its control plane and cut its pods off.
    pub(crate) fn is_at_hand(&self) -> bool {
        matches!(self, Self::Inside(_))
    }

    /// Kills a part of the control plane, starts it again, and waits until it is healthy.
    ///
    /// # Errors
    /// Not on this cluster, or it does not come back.
    pub(crate) async fn kill(&self, component: &str) -> Result<()> {
        self.run("restart", &[component, "--kill"]).await
    }

    /// Drops all traffic of the pods that match now, until [`Self::heal`].
    ///
    /// # Errors
    /// Not on this cluster, or no pod matches.
    pub(crate) async fn cut(&self, namespace: &str, selector: &str) -> Result<()> {
        self.run("cut", &["-n", namespace, selector]).await
    }

    /// Ends each cut.
    ///
    /// # Errors
    /// Not on this cluster.
    pub(crate) async fn heal(&self) -> Result<()> {
        self.run("heal", &[]).await
    }

    async fn run(&self, program: &str, args: &[&str]) -> Result<()> {
        let Self::Inside(folder) = self else {
            bail!("the network and the control plane of this cluster cannot be harmed from here");
        };
        let program = folder.join(program).to_string_lossy().into_owned();
        command::run(&program, args, "").await?;
        Ok(())
    }
}

/// Whether this process is in the network of a cluster already.
pub(crate) fn is_inside() -> bool {
    env::var_os(INSIDE).is_some()
}

/// The root of this repository.
pub(crate) fn repository() -> PathBuf {
    // What `make` or cargo says now comes first: a target directory may be shared with another clone.
    env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
        .join("..")
}

/// Puts images of the programs beside this one into the cluster: `make e2e` has built all of them.
fn load(folder: &Path) -> Result<()> {
    let this = env::current_exe()?;
    for (program, image) in IMAGES {
        let program = this.with_file_name(program);
        if !program.is_file() {
            bail!("there is no {}: `make e2e` builds it", program.display());
        }
        wait(Command::new(folder.join("load")).arg(image).arg(program))?;
    }
    Ok(())
}
