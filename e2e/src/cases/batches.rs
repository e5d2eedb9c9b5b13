//! Many files, few Workflows.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};

use super::{
    chaos::{Faults, STORM, faults},
    names::{HOSTILE, has_no_code, succeed},
    restarts::has_no_dead_letter,
};
use crate::{
    cluster::repository,
    install::{apply, is_ready, rolled_out},
    stage::Stage,
    wait::until,
};

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
    let later = stage.say.elapsed() - uploaded;
    stage.say.seconds("seconds after the last file", later);
    stage.say.line(format!(
        "{batches} Workflows of {total} files, all of them {:.0} s after the last file",
        later.as_secs_f64()
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

/// Files of the case that is timed, in batches of 1,000.
const MANY: usize = 5_000;
/// For how long an open batch waits in that case.
const MAX_WAIT: Duration = Duration::from_secs(20);
/// Blobs that come alone, one after the other.
const LONE: usize = 10;
/// Files of the storm.
const IN_STORM: usize = 2_000;

/// 5,000 files at once, and then some that come alone: how long it takes to their Workflows.
pub(crate) async fn timed(stage: &Stage) -> Result<()> {
    let began = stage.say.elapsed();
    let mut files = BTreeSet::new();
    for file in 1..=MANY {
        files.insert(stage.put(&format!("many/{file:04}")).await.blob);
    }
    let uploaded = stage.say.elapsed();
    let look = async || each_file_is_in_one_batch(stage, &files).await;
    let batches = until("each file in one batch that has a Workflow", RECOVERY, look).await?;
    let done = stage.say.elapsed();
    stage
        .say
        .seconds("seconds after the last of many files", done - uploaded);
    stage.say.line(format!(
        "{MANY} files: {batches} Workflows, the last one {:.0} s after the first file, and {:.0} s after the last",
        (done - began).as_secs_f64(),
        (done - uploaded).as_secs_f64()
    ));
    let mut took = Vec::new();
    for number in 1..=LONE {
        let before = stage.witness.count();
        files.insert(stage.put(&format!("lone/{number}")).await.blob);
        let put = Instant::now();
        let look = async || {
            let seen = stage.witness.all().into_iter();
            let last = seen.map(|it| it.at).max().filter(|at| *at > put);
            ensure!(stage.witness.count() > before, "no Workflow yet");
            last.ok_or_else(|| anyhow::anyhow!("no Workflow yet"))
        };
        let seen = until("a Workflow for a lone blob", RECOVERY, look).await?;
        took.push(seen - put);
    }
    took.sort();
    stage
        .say
        .seconds("a lone blob: median in seconds", took[LONE / 2]);
    stage
        .say
        .seconds("a lone blob: most in seconds", took[LONE - 1]);
    stage.say.line(format!(
        "a lone blob, with `maxWait: {} s`: p50 {:.1} s, at most {:.1} s",
        MAX_WAIT.as_secs(),
        took[LONE / 2].as_secs_f64(),
        took[LONE - 1].as_secs_f64()
    ));
    each_file_is_in_one_batch(stage, &files).await?;
    has_no_dead_letter(stage).await
}

/// 2,000 files arrive while everything dies at random for ten minutes.
pub(crate) async fn storm(stage: &Stage) -> Result<()> {
    let dice = stage.dice("faults")?;
    let (files, faults) = tokio::join!(arrivals(stage), faults(stage, dice));
    let Faults { count, .. } = faults?;
    stage.say.figure("faults", count);
    stage
        .say
        .line(format!("the storm of {count} faults is over"));
    let over = stage.say.elapsed();
    is_ready(&stage.namespace).await?;
    let look = async || each_file_is_in_one_batch(stage, &files).await;
    let batches = until("each file in one batch that has a Workflow", RECOVERY, look).await?;
    let later = stage.say.elapsed() - over;
    stage.say.seconds("seconds after the last fault", later);
    stage.say.line(format!(
        "{batches} Workflows of {} files, all of them {:.0} s after the last fault",
        files.len(),
        later.as_secs_f64()
    ));
    stage.is_at_rest().await?;
    let still = each_file_is_in_one_batch(stage, &files).await?;
    ensure!(still == batches, "{} more Workflows came", still - batches);
    has_no_dead_letter(stage).await
}

/// Folders with names that Argo would evaluate, with the Sensor and the WorkflowTemplates that are shipped: each folder
/// has its one Workflow, which succeeds, and nothing in its name is evaluated.
pub(crate) async fn names(stage: &Stage) -> Result<()> {
    apply(&stage.namespace, "examples/batches", "").await?;
    for client in ["eventsource-name=blobs", "sensor-name=ml-batch"] {
        rolled_out(&stage.namespace, &["deployment", "-l", client]).await?;
    }
    let content = fs::read(repository().join("examples/data/machines.csv"))?;
    let mut folders = BTreeSet::new();
    for name in HOSTILE {
        let folder = format!("folders/{name}");
        for file in ["1.csv", "2.csv"] {
            let blob = format!("{folder}/{file}");
            stage.storage.put(&blob, content.clone()).await;
        }
        folders.insert(folder);
    }
    stage
        .say
        .line(format!("{} folders of two files are there", folders.len()));
    succeed(stage, folders.len()).await?;
    // The arguments of these Workflows are not those by which the witness tells blob versions apart.
    let all = stage.witness.all();
    let events: BTreeSet<_> = all.iter().map(|it| &it.event).collect();
    ensure!(
        (all.len(), events.len()) == (folders.len(), folders.len()),
        "{} Workflows of {} events",
        all.len(),
        events.len()
    );
    all.iter().try_for_each(has_no_code)?;
    stage
        .say
        .line("each folder has one Workflow, which succeeded, and nothing was evaluated");
    has_no_dead_letter(stage).await
}

async fn arrivals(stage: &Stage) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for file in 1..=IN_STORM {
        let folder = file % 20;
        let version = stage.put(&format!("storm-{folder:02}/{file:04}")).await;
        files.insert(version.blob);
        tokio::time::sleep(STORM * 9 / 10 / IN_STORM as u32).await;
    }
    files
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
