//! Parts of the product die and come back.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::{
    pods::{EVENT_SOURCE, PATIENCE, SENSOR, SERVER},
    stage::Stage,
    wait::until,
};

/// The client tries again every 5 s.
const REDIAL: Duration = Duration::from_secs(5);
/// How long the other server may take once the client is back.
const HAND_OVER: Duration = Duration::from_secs(10);

/// All servers die when some of a burst's Workflows are there, and once more.
pub(crate) async fn server_killed(stage: &Stage) -> Result<()> {
    let versions = stage.put_all("burst", 40).await;
    for some in [3, 25] {
        let look = async || {
            let count = stage.witness.count();
            ensure!(count >= some, "{count} of {some} Workflows");
            Ok(())
        };
        until("some Workflows", PATIENCE, look).await?;
        stage
            .say
            .line(format!("{} Workflows are there", stage.witness.count()));
        stage.kill(SERVER).await?;
    }
    stage.comes_to_exactly(&versions).await?;
    has_no_dead_letter(stage).await
}

/// What is published while there is no Sensor never reaches it: its consumer begins with what is new.
pub(crate) async fn eventsource_before_sensor(stage: &Stage) -> Result<()> {
    let mut versions = stage.put_all("before", 5).await;
    stage.comes_to_exactly(&versions).await?;
    stage.kubectl(&["delete", "sensor", "ml-pipeline"]).await?;
    stage.restart(EVENT_SOURCE).await?;
    let sent = stage.is_streaming().await?.sent;
    versions.extend(stage.put_all("lost", 20).await);
    let look = async || {
        let now = stage.statuses().await?.live()?.sent;
        ensure!(now >= sent + 20, "{} are sent", now.saturating_sub(sent));
        Ok(())
    };
    until("all are sent while there is no Sensor", PATIENCE, look).await?;
    stage.say.line("all are sent, and nobody takes them");
    stage.say.figure("published without a Sensor", 20);
    stage.install_sensor().await?;
    stage.say.line("the Sensor is applied again");

    versions.extend(stage.put_all("during", 10).await);
    stage.kill(SENSOR).await?;
    versions.extend(stage.put_all("after", 10).await);
    stage.comes_to_exactly(&versions).await?;
    has_no_dead_letter(stage).await
}

/// The pod that streams is killed; the other one must have the stream soon, and go on with it.
pub(crate) async fn takeover(stage: &Stage) -> Result<()> {
    let mut versions = stage.put_all("first", 10).await;
    stage.comes_to_exactly(&versions).await?;
    let serving = stage.is_streaming().await?.pod;
    let killed = Instant::now();
    stage.kill_pod(&serving).await?;
    versions.extend(stage.put_all("second", 10).await);
    let look = async || {
        let live = stage.statuses().await?.live()?;
        ensure!(live.pod != serving, "it is still the old one");
        Ok(live.pod)
    };
    let pod = until("another server streams", REDIAL + HAND_OVER, look).await?;
    let took = killed.elapsed();
    stage.say.seconds("seconds to take over", took);
    stage.say.line(format!(
        "{pod} streams, {:.1} s after the kill",
        took.as_secs_f64()
    ));
    stage.comes_to_exactly(&versions).await
}

/// Whether nothing was given up.
pub(crate) async fn has_no_dead_letter(stage: &Stage) -> Result<()> {
    let letters = stage.storage.dead_letters().await?;
    ensure!(letters.is_empty(), "dead letters: {letters:?}");
    stage.say.figure("dead letters", 0);
    stage.say.line("there is no dead letter");
    Ok(())
}
