//! Storage accounts whose listings go nowhere: each is asked slowly, told, and recovered from.

use std::time::{Duration, Instant};

use testkit::{
    http::{HttpFault, HttpOp},
    lost::Lost,
};

use crate::{
    bad_storage::last_error,
    process::{Process, binary, wait_for},
    server::{EVENT, Server},
    storage::Place,
};

#[tokio::test]
async fn a_listing_that_goes_nowhere_is_slow_told_and_recovered_from() {
    for (lost, words) in [
        (
            Lost::EmptyCircle(1),
            "the service names the same page again as the next page",
        ),
        (Lost::Circle(2), "the listing repeats itself"),
        (Lost::Again(2), "the listing repeats itself"),
        (Lost::Empty, ""),
    ] {
        let (place, face) = Place::fake().await;
        let config = place.stateless_config() + "pattern: '*.csv'\n";
        place.put("a.csv").await;
        let server = Server::of(&place).await;
        let mut stream = server.stream(&config).await;
        assert_eq!(stream.name().await, "a.csv");
        server.reaches("done", 1).await;
        server.sweeps_more(2).await;
        face.storm(1, 1000, vec![HttpFault::Lost(lost)]);
        let (asked, began) = (face.requests(HttpOp::ListBlobs), Instant::now());
        wait_for("the fault on the status page", async || {
            let told = last_error(&server).await.contains(words);
            (told && began.elapsed() > Duration::from_secs(3)).then_some(())
        })
        .await;
        let asked = face.requests(HttpOp::ListBlobs) - asked;
        let a_second = asked as f64 / began.elapsed().as_secs_f64();
        println!("{lost:?}: {a_second:.1} requests a second");
        assert!(a_second < 40.0, "{lost:?}: {a_second:.1} requests a second");
        face.calm();
        place.put("b.csv").await;
        assert_eq!(stream.name().await, "b.csv");
        server.sweeps_more(2).await;
        assert_eq!(server.source().await["state"], "watching");
        assert!(stream.is_silent().await, "a.csv is not announced again");
    }
}

/// A command about a source whose container goes nowhere ends, and says why.
#[tokio::test]
async fn commands_are_not_caught_in_a_circle() {
    let (place, face) = Place::fake().await;
    place.put("a.csv").await;
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    stream.name().await;
    server.reaches("done", 1).await;
    server.crash();
    let file = place.config_file(&place.config());
    for command in [
        &["explain", "b.csv"][..],
        &["replay", "--all"],
        &["dead-letters", "list"],
    ] {
        face.storm(1, 1000, vec![HttpFault::Lost(Lost::EmptyCircle(2))]);
        let mut args: Vec<_> = command.iter().map(|&arg| arg.to_owned()).collect();
        args.extend(["--config", &file, "--name", EVENT].map(str::to_owned));
        args.extend(place.storage_args());
        let finished = Process::spawn(binary(&args)).finish().await;
        assert_eq!(finished.code(), 1, "{finished:?}");
        assert!(
            finished.stderr.contains("the listing repeats itself"),
            "{finished:?}"
        );
    }
}
