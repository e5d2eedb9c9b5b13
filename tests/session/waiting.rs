//! What a session says while a limit makes it wait, and of stuck Workflows.

use std::{
    io,
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::Duration,
};

use azure_blob_eventsource::{
    confirm::{error::ConfirmError, unfinished::Unfinished},
    metrics::{Pause, SourceStats},
};
use tokio::time::sleep;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    cluster::{made, name},
    stage::{SECOND, Stage, within},
};

const MINUTE: Duration = Duration::from_secs(60);

/// What this test's thread logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(log.clone())
            .with_ansi(false)
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn lines_with(&self, part: &str) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().filter(|line| line.contains(part));
        lines.map(str::to_owned).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

async fn paused(stats: &SourceStats) -> Pause {
    let waiting = async {
        loop {
            if let Some(pause) = stats.pause() {
                return pause;
            }
            sleep(SECOND / 10).await;
        }
    };
    within(waiting, "a pause").await
}

async fn going_on(stats: &SourceStats) {
    let gone = async {
        while stats.pause().is_some() {
            sleep(SECOND / 10).await;
        }
    };
    within(gone, "the end of the pause").await;
}

#[tokio::test(start_paused = true)]
async fn a_source_that_waits_for_running_workflows_says_which_limit_and_how_many() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.config.limits.active_workflows = Some(2);
    stage.put_all(["a.csv", "b.csv", "c.csv"]);
    let mut stream = stage.start();
    let (first, second) = (stream.event().await, stream.event().await);
    let pause = paused(&stream.stats).await;
    assert_eq!((pause.limit, pause.most), ("limits.activeWorkflows", 2));
    assert!(
        pause
            .reason
            .contains("0 unfinished Workflows in namespace ml-pipelines")
            && pause.reason.contains("2 events on their way"),
        "{}",
        pause.reason
    );
    cluster.run_as(&first, made(190 * MINUTE, Some("Running")));
    cluster.run(&second);
    stream.until_done(2).await;
    sleep(5 * SECOND).await;
    let pause = paused(&stream.stats).await;
    let oldest = format!("; the oldest is {} (Running, 3 h ", name(&first));
    assert!(
        pause.reason.contains("2 unfinished Workflows") && pause.reason.contains(&oldest),
        "{}",
        pause.reason
    );
    assert_eq!(stream.stats.error(), None, "to wait is no failure");
    cluster.finish(&first);
    let third = stream.event().await;
    cluster.run(&third);
    going_on(&stream.stats).await;
}

#[tokio::test(start_paused = true)]
async fn a_workflow_without_a_phase_is_said_once_by_name_and_goes_on_counting_until_it_is_deleted()
{
    let (log, _guard) = Log::start();
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.config.limits.active_workflows = Some(1);
    stage.put_all(["a.csv", "b.csv"]);
    // Another source of the same namespace.
    let (mut other, _) = Stage::new().confirmed();
    other.cluster = Some(Arc::clone(&cluster));
    let mut stream = stage.start();
    let neighbour = other.start();
    let event = stream.event().await;
    cluster.run_as(&event, made(Duration::ZERO, None));
    stream.until_done(1).await;
    stream.expect_silence(10 * MINUTE).await;
    let said = || log.lines_with("has had no phase");
    assert!(said().is_empty(), "too soon: {:?}", said());
    cluster.run_as(&event, made(190 * MINUTE, None));
    stream.expect_silence(10 * MINUTE).await;
    let lines = said();
    assert_eq!(lines.len(), 1, "{:?}", lines.first());
    let name = name(&event);
    for part in [
        format!("workflow {name} has had no phase for 3 h"),
        "Argo's controller has not picked it up.".to_owned(),
        format!("`kubectl delete workflow {name} -n ml-pipelines`"),
        "`replay --blob` runs the dataset again".to_owned(),
    ] {
        assert!(lines[0].contains(&part), "{part} is not in {}", lines[0]);
    }
    for stats in [&stream.stats, &neighbour.stats] {
        assert_eq!(stats.without_phase(), 1);
        assert_eq!(stats.workflows().survey.without_phase.oldest[0].name, name);
    }
    assert_eq!(paused(&stream.stats).await.limit, "limits.activeWorkflows");
    cluster.delete(&event);
    assert_eq!(stream.next().await, "b.csv");
    sleep(5 * SECOND).await;
    assert_eq!(stream.stats.without_phase(), 0);
    assert_eq!(neighbour.stats.pause(), None);
}

#[tokio::test(start_paused = true)]
async fn the_log_says_how_many_places_are_taken() {
    let (log, _guard) = Log::start();
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.config.limits.active_workflows = Some(20);
    stage.put_all(["a.csv", "b.csv"]);
    let mut stream = stage.start();
    let (first, second) = (stream.event().await, stream.event().await);
    cluster.run(&first);
    let kept = Unfinished {
        deleted: Some(made(5 * MINUTE, None).created),
        ..made(9 * MINUTE, Some("Running"))
    };
    cluster.run_as(&second, kept);
    stream.until_done(2).await;
    sleep(5 * SECOND).await;
    let lines = log.lines_with("a finalizer keeps it");
    assert_eq!(lines.len(), 1, "{:?}", lines.first());
    assert!(
        lines[0].contains("it counts against `limits.activeWorkflows` (2 of 20)"),
        "{}",
        lines[0]
    );
}

#[tokio::test(start_paused = true)]
async fn while_the_cluster_cannot_be_asked_nothing_is_said_of_its_workflows() {
    let (log, _guard) = Log::start();
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.config.limits.active_workflows = Some(1);
    stage.put_all(["a.csv", "b.csv"]);
    let mut stream = stage.start();
    let event = stream.event().await;
    cluster.run(&event);
    paused(&stream.stats).await;
    cluster
        .index
        .lost(ConfirmError::Unreachable("connection refused".into()));
    going_on(&stream.stats).await;
    cluster.run_as(&event, made(4 * MINUTE, None));
    stream.expect_silence(5 * MINUTE).await;
    assert!(log.lines_with("no phase").is_empty());
    cluster.index.live();
    paused(&stream.stats).await;
    assert_eq!(log.lines_with("no phase").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_source_whose_events_are_all_in_flight_says_so_with_and_without_workflows() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.config.limits.in_flight = 3;
    stage.put_all(["a.csv", "b.csv", "c.csv", "d.csv"]);
    let mut stream = stage.start();
    let events = [
        stream.event().await,
        stream.event().await,
        stream.event().await,
    ];
    assert_eq!(paused(&stream.stats).await, Pause::in_flight(3));
    cluster.run(&events[0]);
    stream.event().await;
    going_on(&stream.stats).await;
    stream.stop().await.unwrap();

    let mut stage = Stage::new().with_container();
    stage.config.limits.in_flight = 3;
    stage.put_all(["a.csv", "b.csv", "c.csv", "d.csv"]);
    let mut stream = stage.start();
    stream.take(3).await;
    assert_eq!(paused(&stream.stats).await, Pause::in_flight(3));
    stream.take(1).await;
    going_on(&stream.stats).await;
    assert_eq!(stream.stats.events_sent.load(Relaxed), 4);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_begins_without_the_cluster_says_so_until_it_is_there() {
    let (mut stage, cluster) = Stage::new().confirmed();
    let reason = |stats: &SourceStats| stats.error().filter(|error| error.contains("port 6443"));
    let unreachable = |what: &str| ConfirmError::Unreachable(format!("{what} at port 6443"));
    cluster.index.lost(unreachable("no answer"));
    stage.put("a.csv");
    let mut stream = stage.start();
    let told = async {
        while reason(&stream.stats).is_none() {
            sleep(SECOND / 10).await;
        }
    };
    within(told, "the reason").await;
    assert_eq!(stream.stats.sweeps.load(Relaxed), 0);
    // The words are those of now.
    cluster.index.lost(unreachable("refused"));
    sleep(SECOND).await;
    let error = stream.stats.error();
    assert_eq!(error.as_deref(), Some("refused at port 6443"));
    cluster.index.live();
    assert_eq!(stream.next().await, "a.csv");
    assert_eq!(stream.stats.error(), None);
}
