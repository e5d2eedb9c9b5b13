//! Many files, few Workflows.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use anyhow::{Result, bail, ensure};

use super::restarts::has_no_dead_letter;
use crate::{install::is_ready, stage::Stage, wait::until};

const FOLDERS: usize = 30;
/// In each folder.
const FILES: usize = 100;
/// A folder that is cut by a kill has two.
const MOST_WORKFLOWS: usize = 40;
/// How long the rest may take after the last file.
const RECOVERY: Duration = Duration::from_secs(600);

/// Folder after folder is filled, and after each fifth pods of some part are killed.
pub(crate) async fn folders(stage: &Stage) -> Result<()> {
    let mut rng = stage.dice("kills")?;
    let mut files = BTreeSet::new();
    for folder in 1..=FOLDERS {
        for file in 1..=FILES {
            let version = stage.put(&format!("day-{folder:02}/{file:03}")).await;
            files.insert(version.blob);
        }
        if folder % 5 == 0 && folder < FOLDERS {
            stage.kill_some(&mut rng).await?;
        }
    }
    let total = files.len();
    stage
        .say
        .line(format!("{total} files are there, in {FOLDERS} folders"));
    let uploaded = stage.say.elapsed();
    is_ready(&stage.namespace).await?;
    let look = async || each_file_is_in_one_batch(stage, &files).await;
    let batches = until("each file in one batch that has a Workflow", RECOVERY, look).await?;
    let later = (stage.say.elapsed() - uploaded).as_secs_f64();
    stage.say.line(format!(
        "{batches} Workflows of {total} files, all of them {later:.0} s after the last file"
    ));
    stage.is_at_rest().await?;
    let still = each_file_is_in_one_batch(stage, &files).await?;
    ensure!(still == batches, "{} more Workflows came", still - batches);
    ensure!(
        batches <= MOST_WORKFLOWS,
        "{batches} Workflows, more than {MOST_WORKFLOWS}"
    );
    has_no_dead_letter(stage).await
}

/// Holds all manifests of batches that have Workflows against all files, and returns how many there are.
async fn each_file_is_in_one_batch(stage: &Stage, files: &BTreeSet<String>) -> Result<usize> {
    stage.witness.has_no_twins()?;
    let workflows = stage.witness.all().into_iter();
    let run: BTreeSet<_> = workflows.map(|it| it.event).collect();
    let mut batch_of = BTreeMap::new();
    for (id, names) in stage.storage.manifests().await? {
        for name in names.into_iter().filter(|_| run.contains(&id)) {
            if let Some(other) = batch_of.insert(name.clone(), id.clone()) {
                bail!("{name} is in two batches that have Workflows, {other} and {id}");
            }
        }
    }
    let missing = files
        .iter()
        .filter(|it| !batch_of.contains_key(*it))
        .count();
    ensure!(
        missing == 0,
        "{missing} files are in no batch that has a Workflow"
    );
    Ok(run.len())
}
