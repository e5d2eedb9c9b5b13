//! Many datasets at once do not flood the cluster.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::restarts::has_no_dead_letter;
use crate::stage::Stage;

/// The bound on unfinished Workflows.
pub(crate) const ACTIVE: usize = 5;
const BLOBS: usize = 200;
/// A Workflow of one step takes about ten seconds, and so long for five of them at a time.
const PATIENCE: Duration = Duration::from_secs(1200);

/// 200 datasets at once, and never more than five unfinished Workflows.
pub(crate) async fn bounded(stage: &Stage) -> Result<()> {
    let versions = stage.put_all("many", BLOBS).await;
    let start = stage.say.elapsed();
    stage.comes_to_exactly_within(&versions, PATIENCE).await?;
    let most = stage.witness.most_unfinished();
    let took = stage.say.elapsed() - start;
    stage.say.seconds("seconds for all", took);
    stage.say.figure("most unfinished at once", most);
    stage.say.line(format!(
        "{BLOBS} in {:.0} s, and never more than {most} unfinished Workflows",
        took.as_secs_f64()
    ));
    ensure!(
        most == ACTIVE,
        "{most} Workflows were unfinished at once, and {ACTIVE} may and can be"
    );
    has_no_dead_letter(stage).await
}
