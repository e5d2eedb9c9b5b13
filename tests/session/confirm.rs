//! Sessions whose events are done when the cluster shows the outcome of them.

use std::{collections::BTreeSet, sync::atomic::Ordering::Relaxed, time::Duration};

use azure_blob_eventsource::{
    confirm::error::ConfirmError,
    metrics::events::{LAST, Outcome},
    session::SessionError,
};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    cluster::id,
    stage::{CONTAINER, SECOND, Stage, Stream, within},
};

const MINUTE: Duration = Duration::from_secs(60);

async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let met = async {
        while !condition() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    within(met, what).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_is_done_when_its_workflow_is_there_and_not_before() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.put("a.csv");
    let mut stream = stage.start();
    let event = stream.event().await;
    sleep(30 * SECOND).await;
    assert_eq!(stream.stats.events_done.load(Relaxed), 0);
    cluster.run(&event);
    stream.until_done(1).await;
    stream.stop().await.unwrap();
    cluster.delete(&event);
    assert!(stage.deliver().await.is_empty(), "it came again");
}

#[tokio::test(start_paused = true)]
async fn what_has_its_workflow_is_done_without_being_sent() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.put("a.csv");
    let mut stream = stage.start();
    let event = stream.event().await;
    // The server is killed before anything is recorded.
    stream.session.abort();
    cluster.run(&event);
    assert!(stage.deliver().await.is_empty(), "it came again");
    cluster.delete(&event);
    assert!(stage.deliver().await.is_empty(), "it was not recorded");
}

#[tokio::test(start_paused = true)]
async fn an_event_of_which_nothing_comes_is_sent_again_with_the_same_id() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.put("a.csv");
    let mut stream = stage.start();
    let first = stream.event().await;
    let sent = Instant::now();
    let again = stream.event().await;
    let waited = sent.elapsed();
    assert!(
        (MINUTE..MINUTE + 20 * SECOND).contains(&waited),
        "{waited:?}"
    );
    assert_eq!(first, again);
    cluster.run(&again);
    stream.until_done(1).await;
    stream.expect_silence(10 * MINUTE).await;
    assert_eq!(stream.stats.events_redelivered.load(Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_watch_has_missed_is_looked_for_before_it_is_sent_again() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.put("a.csv");
    let mut stream = stage.start();
    let event = stream.event().await;
    cluster.run_unseen(&event);
    stream.expect_silence(10 * MINUTE).await;
    assert_eq!(stream.stats.events_done.load(Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_while_the_cluster_cannot_be_asked() {
    let (mut stage, cluster) = Stage::new().confirmed();
    let mut stream = stage.start();
    stream.until_sweeps(1).await;
    cluster
        .index
        .lost(ConfirmError::Unreachable("connection refused".into()));
    stage.put("a.csv");
    stream.expect_silence(30 * MINUTE).await;
    assert_eq!(stream.stats.error().as_deref(), Some("connection refused"));
    cluster.index.live();
    assert_eq!(stream.next().await, "a.csv");
    until("the error to go", || stream.stats.error().is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_missing_ends_the_stream_before_it_takes_anything_over() {
    let (mut stage, cluster) = Stage::new().confirmed();
    let forbidden = ConfirmError::Forbidden("kubectl create role …".into());
    cluster.index.lost(forbidden.clone());
    let ended = stage.start().session.await.unwrap();
    assert!(
        matches!(&ended, Err(SessionError::Confirm(error)) if *error == forbidden),
        "{ended:?}"
    );
    assert!(stage.in_folder("").is_empty());
}

/// Good events get their Workflow at once, the others never.
pub(crate) async fn serve(
    stream: &mut Stream,
    cluster: &crate::cluster::Cluster,
    good: impl Fn(&str) -> bool,
    time: Duration,
) -> Vec<String> {
    let end = Instant::now() + time;
    let mut names = Vec::new();
    while let Ok(event) = timeout(end - Instant::now(), stream.event()).await {
        let name = event["blobname"].as_str().unwrap();
        if good(name) {
            cluster.run(&event);
            cluster.finish(&event);
        }
        names.push(name.to_owned());
    }
    names
}

#[tokio::test(start_paused = true)]
async fn an_event_that_fails_while_others_succeed_becomes_a_dead_letter() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.config.redelivery.max_attempts = 3;
    stage.put("poison.csv");
    let mut stream = stage.start();
    let good = |name: &str| name != "poison.csv";
    let mut sent = 0;
    for n in 0..40 {
        stage.put(&format!("good-{n}.csv"));
        let names = serve(&mut stream, &cluster, good, 2 * MINUTE).await;
        sent += names.iter().filter(|name| !good(name)).count();
        assert_eq!(
            names.iter().filter(|name| good(name)).count(),
            1,
            "{names:?}"
        );
    }
    let letters = stage.in_folder("dead/");
    assert_eq!(letters.len(), 1);
    let letter = stage.json(&letters[0]);
    assert_eq!(
        letters[0],
        format!("dead/{}.json", letter["id"].as_str().unwrap())
    );
    assert_eq!(letter["payload"]["blobname"], "poison.csv");
    assert_eq!(letter["attempts"], sent);
    assert!(
        letter["lastReason"]
            .as_str()
            .unwrap()
            .contains("3 attempts"),
        "{letter}"
    );
    assert_eq!(stream.stats.dead_letters.load(Relaxed), 1);
    stream.stop().await.unwrap();
    assert!(
        stage.deliver().await.is_empty(),
        "it was sent again after it was given up"
    );
}

#[tokio::test(start_paused = true)]
async fn people_are_told_of_the_last_events_and_of_dead_letters() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.config.redelivery.max_attempts = 1;
    stage.put("poison.csv");
    let mut stream = stage.start();
    let good = |name: &str| name != "poison.csv";
    let waits = |stream: &Stream| stream.stats.oldest.lock().clone();
    serve(&mut stream, &cluster, good, 3 * SECOND).await;
    let oldest = waits(&stream).unwrap();
    assert_eq!((oldest.about.as_str(), oldest.attempts), ("poison.csv", 1));
    assert_eq!(stream.stats.backlog.load(Relaxed), 1);
    for n in 0..40 {
        stage.put(&format!("good-{n}.csv"));
        serve(&mut stream, &cluster, good, 2 * MINUTE).await;
    }
    assert_eq!(waits(&stream), None);
    assert_eq!(stream.stats.backlog.load(Relaxed), 0);
    assert_eq!(stream.stats.done_rate.last(60), 41);
    let last = stream.stats.last_events.all();
    assert_eq!(last.len(), LAST);
    assert_eq!(last[0].about, "good-39.csv");
    assert_eq!(last[0].outcome, Outcome::Confirmed);
    assert!(last[0].made[0].is_workflow && !last[0].made[0].name.is_empty());
    let told = |stream: &Stream| stream.stats.letters.lock().clone();
    let letters = told(&stream);
    assert_eq!((letters.count, letters.some.len()), (1, 1));
    assert_eq!(letters.some[0].about, "poison.csv");
    assert!(
        letters.some[0]
            .reason
            .contains("no object was created for this event")
    );
    stream.stop().await.unwrap();
    // Whoever comes after reads it.
    let stream = stage.start();
    until("the dead letter is told", || told(&stream) == letters).await;
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_everything_stalls_and_makes_no_dead_letters() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.config.redelivery.max_attempts = 1;
    let names: Vec<_> = (0..150).map(|n| format!("{n:03}.csv")).collect();
    stage.put_all(names.iter().map(String::as_str));
    let mut stream = stage.start();
    let sent = serve(&mut stream, &cluster, |_| false, 12 * 60 * MINUTE).await;
    assert!(sent.len() < 100 + 600, "{} were sent in vain", sent.len());
    assert!(stage.in_folder("dead/").is_empty());
    let stalled = stage.json("stalled.json");
    assert!(stalled["waiting"].as_u64() >= Some(2), "{stalled}");
    let reason = stream.stats.error().unwrap();
    assert!(reason.contains("kubectl rollout restart"), "{reason}");
    assert_eq!(stream.stats.stalled.load(Relaxed), 1);
    let healed = Instant::now();
    let mut runs = BTreeSet::new();
    while stream.stats.events_done.load(Relaxed) < 150 {
        match timeout(SECOND, stream.event()).await {
            Ok(event) => {
                cluster.run(&event);
                cluster.finish(&event);
                runs.insert(id(&event));
            }
            Err(_) => assert!(healed.elapsed() < 20 * MINUTE, "{} done", runs.len()),
        }
    }
    assert_eq!(runs.len(), 150);
    assert!(stage.in_folder("dead/").is_empty());
    until("the word to go", || stage.in_folder("stalled").is_empty()).await;
    assert!(stream.stats.error().is_none());
}

#[tokio::test(start_paused = true)]
async fn one_that_is_alone_and_unconfirmed_for_a_day_is_given_up() {
    let (mut stage, _cluster) = Stage::new().confirmed();
    stage.put("a.csv");
    let mut stream = stage.start();
    let start = Instant::now();
    let events = async {
        while stage.in_folder("dead/").is_empty() {
            let _ = timeout(MINUTE, stream.event()).await;
        }
    };
    timeout(25 * 60 * MINUTE, events).await.unwrap();
    assert!(start.elapsed() >= 24 * 60 * MINUTE);
}

/// A probe beyond the limits makes way for the next one. If its Workflow comes late and is gone before the
/// next sweep offers it again, it has had its run.
#[tokio::test(start_paused = true)]
async fn a_probe_that_was_taken_back_is_not_sent_again_after_its_workflow_came_and_went() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.config.limits.in_flight = 1;
    stage.config.interval = 60 * MINUTE;
    for name in ["a-bad.csv", "b-probe.csv", "c-probe.csv"] {
        stage.put(name);
    }
    let mut stream = stage.start();
    let mut events = std::collections::BTreeMap::new();
    // Each of the others has been sent as a probe, and the first of them was taken back for the second.
    while events.len() < 3 {
        let event = stream.event().await;
        events.insert(event["blobname"].to_string(), event);
    }
    let [bad, probe, last] = [0, 1, 2].map(|at| events.values().nth(at).unwrap().clone());
    cluster.run(&probe);
    sleep(SECOND).await;
    cluster.delete(&probe);
    cluster.run(&last);
    cluster.run(&bad);
    let end = Instant::now() + 180 * MINUTE;
    while let Ok(event) = timeout(end - Instant::now(), stream.event()).await {
        assert_ne!(id(&event), id(&probe), "it is sent again");
    }
    assert_eq!(stream.stats.events_done.load(Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn no_more_workflows_are_active_than_the_limit_allows() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.config.limits.active_workflows = Some(5);
    let names: Vec<_> = (0..40).map(|n| format!("{n:02}.csv")).collect();
    stage.put_all(names.iter().map(String::as_str));
    let mut stream = stage.start();
    let mut running = std::collections::VecDeque::new();
    let mut most = 0;
    for _ in 0..40 {
        while let Ok(event) = timeout(5 * SECOND, stream.event()).await {
            sleep(SECOND).await;
            cluster.run(&event);
            running.push_back(event);
            most = most.max(cluster.index.unfinished());
        }
        stream.expect_silence(5 * MINUTE).await;
        if let Some(event) = running.pop_front() {
            cluster.finish(&event);
        }
    }
    stream.until_done(40).await;
    assert_eq!(most, 5);
    assert_eq!(stream.stats.events_redelivered.load(Relaxed), 0);
}

/// What is not sent stays where it is: neither memory nor cluster see more of a million blobs than is
/// under way.
#[tokio::test(start_paused = true)]
async fn of_a_million_blobs_only_what_is_under_way_leaves_the_container() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.account.delete_container(CONTAINER).unwrap();
    stage
        .account
        .create_synthetic_container(CONTAINER, 1_000_000)
        .unwrap();
    stage.config.limits.active_workflows = Some(20);
    let mut stream = stage.start();
    let mut running = std::collections::VecDeque::new();
    let mut most = 0;
    for _ in 0..2_000 {
        let event = stream.event().await;
        cluster.run(&event);
        running.push_back(event);
        most = most.max(cluster.index.unfinished());
        if running.len() == 20 {
            stream.expect_silence(SECOND).await;
            let finished = running.pop_front().unwrap();
            cluster.finish(&finished);
            cluster.delete(&finished);
        }
    }
    assert_eq!(most, 20);
    let listed = stream.stats.blobs_listed.load(Relaxed);
    assert!(
        listed <= 15_000,
        "{listed} blobs were listed for 2,000 runs"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_whose_workflow_comes_late_is_removed() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.config.redelivery.give_up_after = 10 * MINUTE;
    stage.put("a.csv");
    let mut stream = stage.start();
    let event = stream.event().await;
    let drain = async {
        while stage.in_folder("dead/").is_empty() {
            let _ = timeout(SECOND, stream.event()).await;
        }
    };
    within(drain, "a dead letter").await;
    cluster.run(&event);
    until("the letter to go", || stage.in_folder("dead/").is_empty()).await;
    stream.stop().await.unwrap();
    assert!(stage.deliver().await.is_empty());
}

/// Written by a session that died before the service did what it had asked for.
#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_comes_late_itself_is_removed_when_its_workflow_is_there() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.put("a.csv");
    let mut stream = stage.start();
    let event = stream.event().await;
    cluster.run(&event);
    stream.until_done(1).await;
    let hex = event["id"].as_str().unwrap();
    stage.put_state(&format!("dead/{hex}.json"), "{}");
    until("the letter to go", || stage.in_folder("dead/").is_empty()).await;
    stream.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_overtaken_session_sends_nothing_more() {
    let (mut stage, cluster) = Stage::new().confirmed();
    let mut older = stage.start();
    older.until_sweeps(1).await;
    sleep(SECOND).await;
    let mut newer = stage.start();
    newer.until_sweeps(1).await;
    stage.put("a.csv");
    let ended = within(&mut older.session, "the older session's end")
        .await
        .unwrap();
    assert!(
        matches!(ended, Err(SessionError::TakenOver(_))),
        "{ended:?}"
    );
    assert!(older.events.recv().await.is_none());
    let event = newer.event().await;
    cluster.run(&event);
    newer.until_done(1).await;
    newer.stop().await.unwrap();
}

/// It has not noticed yet that it was overtaken, and the word that it would remove is the newer one's.
#[tokio::test(start_paused = true)]
async fn an_overtaken_session_leaves_the_word_of_a_stall_alone() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.config.interval = 60 * MINUTE;
    stage.put_all(["a.csv", "b.csv"]);
    let mut older = stage.start();
    let events = [older.event().await, older.event().await];
    until("a stall", || !stage.in_folder("stalled").is_empty()).await;
    let (_, others) = Stage::new().confirmed();
    stage.cluster = Some(others);
    let newer = stage.start();
    newer.until_sweeps(1).await;
    until("the older word to go", || {
        stage.in_folder("stalled").is_empty()
    })
    .await;
    stage.put_state("stalled.json", "the newer one's");
    for event in &events {
        cluster.run(event);
    }
    let ended = within(older.session, "the older session's end").await;
    assert!(matches!(ended.unwrap(), Err(SessionError::TakenOver(_))));
    sleep(MINUTE).await;
    assert_eq!(stage.in_folder("stalled"), ["stalled.json"]);
}
