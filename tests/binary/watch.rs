//! `watch`, for people and for pipes.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use nix::sys::signal::Signal;
use serde_json::Value;
use testkit::http::HttpOp;

use crate::{
    process::{Process, binary, run, wait_for},
    server::{EVENT, Server},
    storage::Place,
};

/// The arguments that each watch of a place begins with.
fn watch(place: &Place, more: &[&str]) -> Vec<String> {
    let mut args = vec!["watch".to_owned(), "--config".to_owned()];
    args.push(place.config_file(&place.config()));
    args.extend(place.storage_args());
    args.extend(more.iter().map(|&arg| arg.to_owned()));
    args
}

/// The names of all blobs in the state container.
async fn ledger(place: &Place) -> Vec<String> {
    let query = [("restype", "container"), ("comp", "list")];
    let list = place
        .client
        .send(http::Method::GET, &place.state, &query, &[], "".into());
    let list = String::from_utf8(list.await.into_body().to_vec()).unwrap();
    let names = list.split("<Name>").skip(1);
    names
        .map(|name| name.split('<').next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn once_prints_each_event_as_a_line_and_records_nothing() {
    let place = Place::azurite().await;
    for name in ["raw/a.csv", "raw/b.csv"] {
        place.put(name).await;
    }
    // Twice the same, because a read-only view changes nothing.
    for _ in 0..2 {
        let finished = run(&watch(&place, &["--once", "--output", "json"])).await;
        assert_eq!(finished.code(), 0, "{finished:?}");
        let events = finished.stdout.lines().map(|line| {
            let event: Value = serde_json::from_str(line).unwrap();
            event["blobname"].as_str().unwrap().to_owned()
        });
        assert_eq!(events.collect::<Vec<_>>(), ["raw/a.csv", "raw/b.csv"]);
        assert!(finished.stderr.contains("nothing is recorded"));
    }
    assert_eq!(ledger(&place).await, [""; 0]);
}

#[tokio::test]
async fn a_sweep_that_is_interrupted_says_nothing_of_the_whole() {
    let (place, face) = Place::fake().await;
    face.set_latency(HttpOp::ListBlobs, Duration::from_secs(60));
    let watch = Process::spawn(binary(&watch(&place, &["--once", "--output", "json"])));
    wait_for("a listing", async || {
        (face.requests(HttpOp::ListBlobs) > 0).then_some(())
    })
    .await;
    watch.signal(Signal::SIGINT);
    let finished = watch.finish().await;
    assert_eq!(finished.code(), 0);
    assert!(!finished.stderr.contains("done already"), "{finished:?}");
}

#[tokio::test]
async fn what_is_to_end_does_not_wait_for_a_storage_account_that_is_away() {
    let (place, face) = Place::fake().await;
    drop(face);
    let finished = run(&watch(&place, &["--once", "--output", "json"])).await;
    assert_eq!(finished.code(), 1);
    assert!(
        finished.stderr.contains("nothing listens there"),
        "{finished:?}"
    );
}

#[tokio::test]
async fn looking_on_knows_what_is_done_and_disturbs_nobody() {
    let place = Place::azurite().await;
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    place.put("done").await;
    assert_eq!(stream.name().await, "done");
    server.reaches("done", 1).await;
    let names = ledger(&place).await;
    let [_begun, journal] = &names[..] else {
        panic!("{names:?}");
    };
    let before = place.client.get(&place.state, journal).await;
    let args = watch(&place, &["--once", "--name", EVENT, "--output", "json"]);
    let finished = run(&args).await;
    assert_eq!((finished.code(), finished.stdout.as_str()), (0, ""));
    assert_eq!(ledger(&place).await, names);
    assert_eq!(place.client.get(&place.state, journal).await, before);
    place.put("next").await;
    assert_eq!(stream.name().await, "next");
}

#[tokio::test]
async fn a_table_is_for_people_and_names_do_not_take_the_terminal_over() {
    let place = Place::azurite().await;
    place.put("raw/\u{202e}evil\t.csv").await;
    let finished = run(&watch(&place, &["--once", "--output", "table"])).await;
    assert_eq!(finished.code(), 0, "{finished:?}");
    let lines: Vec<_> = finished.stdout.lines().collect();
    let [header, row] = lines[..] else {
        panic!("{lines:?}");
    };
    assert_eq!(header, "TIME                       SIZE  BLOB");
    assert!(
        row.ends_with("       13 B  raw/\\u{202e}evil\\t.csv"),
        "{row}"
    );
    assert_eq!(row.find("raw/"), header.find("BLOB"));
}

#[tokio::test]
async fn a_watch_goes_on_until_it_is_interrupted() {
    let place = Place::azurite().await;
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let watch = Process::spawn(binary(&watch(&place, &["--output", "json"])));
        watch.says("read-only view").await;
        let name = format!("after-{signal}");
        place.put(&name).await;
        wait_for("the event", async || {
            let lines = watch.stdout();
            lines.iter().any(|line| line.contains(&name)).then_some(())
        })
        .await;
        watch.signal(signal);
        assert_eq!(watch.finish().await.code(), 0);
    }
}

#[tokio::test]
async fn connected_it_is_a_client_that_comes_back_when_the_server_does() {
    let place = Place::azurite().await;
    let server = Server::of(&place).await;
    let (url, address) = (server.url(), server.grpc.to_string());
    let more = [
        "--connect",
        &url,
        "--name",
        EVENT,
        "--take-over",
        "-o",
        "json",
    ];
    let watch = Process::spawn(binary(&watch(&place, &more)));
    let printed = async |name: &str| {
        let found = async || {
            let lines = watch.stdout();
            lines.iter().any(|line| line.contains(name)).then_some(())
        };
        wait_for(name, found).await;
    };
    place.put("first").await;
    printed("first").await;
    server.reaches("done", 1).await;
    server.process.signal(Signal::SIGTERM);
    assert_eq!(server.process.finish().await.code(), 0);
    watch
        .says("the server is shutting down; trying again in")
        .await;
    watch.says("nothing listens there: start the server").await;

    let mut args = place.storage_args().to_vec();
    args.extend(["--listen".to_owned(), address]);
    let again = Server::start(&args).await;
    place.put("second").await;
    printed("second").await;
    again.reaches("done", 1).await;
    assert_eq!(watch.stdout().len(), 2);
    watch.signal(Signal::SIGINT);
    assert_eq!(watch.finish().await.code(), 0);
}

/// Waits until a watch has printed the event of this blob.
async fn prints(watch: &Process, name: &str) {
    let found = async || {
        let lines = watch.stdout();
        lines.iter().any(|line| line.contains(name)).then_some(())
    };
    wait_for(name, found).await;
}

#[tokio::test]
async fn connected_without_a_name_it_disturbs_nobody() {
    let place = Place::azurite().await;
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    let url = server.url();
    let arguments = watch(&place, &["--connect", &url, "--output", "json"]);
    let one = Process::spawn(binary(&arguments));
    one.says("of the event `watch-connect`: other streams are not disturbed")
        .await;
    place.put("first").await;
    prints(&one, "first").await;
    // A second one does not take over the first.
    let two = Process::spawn(binary(&arguments));
    two.says("of the event `watch-connect-2`").await;
    place.put("second").await;
    prints(&one, "second").await;
    prints(&two, "second").await;
    assert_eq!(stream.names(2).await, ["first", "second"]);
    assert!(stream.is_silent().await);
    // That somebody watches is no refused stream.
    let status = server.admin("/status.json").await;
    assert!(!status.contains("did not ask to take it over"), "{status}");
}

#[tokio::test]
async fn where_only_somebody_watched_that_is_said() {
    let place = Place::azurite().await;
    let server = Server::of(&place).await;
    let url = server.url();
    place.put("raw/a.csv").await;
    let once = run(&watch(&place, &["--connect", &url, "--once"])).await;
    assert_eq!(once.code(), 0, "{once:?}");
    let file = place.config_file(&place.config());
    let storage = place.storage_args();
    let tail = ["--config", &file, &storage[0], &storage[1]];
    let only = "only `watch --connect` has: connect the EventSource";
    for (command, code) in [
        (&["explain", "raw/a.csv"][..], 1),
        (&["replay", "--all"], 2),
        (&["dead-letters", "list"], 2),
        (&["check"], 0),
    ] {
        let told = run(&[command, &tail].concat()).await;
        assert_eq!(told.code(), code, "{told:?}");
        let said = format!("{}{}", told.stdout, told.stderr);
        assert!(said.contains(only), "{command:?}: {said}");
        assert!(!said.contains("another container"), "{command:?}: {said}");
    }
    let chosen = [
        &["explain", "raw/a.csv", "--name", "watch-connect"],
        &tail[..],
    ];
    let chosen = run(&chosen.concat()).await;
    assert_eq!(chosen.code(), 0, "{chosen:?}");
}

// This server is in no cluster: it could not tell what became of an event.
#[tokio::test]
async fn connected_without_a_name_no_workflow_is_waited_for() {
    let place = Place::azurite().await.with(
        "existing: emit\nsource: {listing: {interval: 1s}}\nconfirm: {workflows: {}}\n\
         redelivery: {deadline: 1s, maxAttempts: 1}\nlimits: {settle: 0s, activeWorkflows: 1}\n",
    );
    let server = Server::of(&place).await;
    let url = server.url();
    for name in ["first", "second"] {
        place.put(name).await;
    }
    let args = watch(&place, &["--connect", &url, "--output", "json"]);
    let watching = Process::spawn(binary(&args));
    watching.says("`confirm` does not apply to them").await;
    prints(&watching, "second").await;
    server.reaches("done", 2).await;
    server.sweeps_more(2).await;
    assert_eq!(watching.stdout().len(), 2, "each is sent once");
}

#[tokio::test]
async fn a_source_is_taken_over_only_where_that_is_typed() {
    let place = Place::azurite().await;
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    place.put("first").await;
    assert_eq!(stream.name().await, "first");
    let url = server.url();
    let connect = ["--connect", &url, "--once", "--name", EVENT];
    let refused = run(&watch(&place, &connect)).await;
    assert_eq!(refused.code(), 2, "{refused:?}");
    for words in ["its stream would be taken over", "--take-over"] {
        assert!(refused.stderr.contains(words), "{refused:?}");
    }
    let named = place.config_file(&format!("{}id: mine\n", place.config()));
    let refused = run(&["watch", "-c", &named, "--connect", &url]).await;
    assert_eq!(refused.code(), 2, "{refused:?}");
    place.put("second").await;
    assert_eq!(stream.name().await, "second");

    let mistyped = [
        "--connect",
        &url,
        "--once",
        "--take-over",
        "--name",
        "datast",
    ];
    let refused = run(&watch(&place, &mistyped)).await;
    assert_eq!(refused.code(), 2, "{refused:?}");
    for words in [
        "no source of the event `datast` has run",
        "did you mean `dataset`?",
    ] {
        assert!(refused.stderr.contains(words), "{refused:?}");
    }
    place.put("third").await;
    assert_eq!(stream.name().await, "third");

    let taken = run(&watch(&place, &[&connect[..], &["--take-over"]].concat())).await;
    assert_eq!(taken.code(), 0, "{taken:?}");
    assert!(
        taken
            .stderr
            .starts_with("taking over the source of the event"),
        "{taken:?}"
    );
    assert_eq!(stream.last().await.code(), tonic::Code::Aborted);
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_told_with_its_address_and_the_cure() {
    let place = Place::azurite().await;
    let server = Server::of(&place).await;
    let https = server.url().replace("http://", "https://");
    let page = format!("http://{}", server.admin);
    let storage = place.endpoint.split("/devstoreaccount1").next().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    for (url, code, words) in [
        (nobody.as_str(), 1, format!("cannot connect to {nobody}: ")),
        (
            &nobody,
            1,
            "nothing listens there: start the server".to_owned(),
        ),
        (&https, 1, format!("cannot connect to {https}: ")),
        (
            &https,
            1,
            format!("does not use TLS: write `{}`", server.url()),
        ),
        (&page, 1, format!("no gRPC answer from {page} (")),
        (
            &page,
            1,
            "if it is no gRPC server, correct the port: gRPC is on port 50051".to_owned(),
        ),
        (storage, 1, "is no gRPC server".to_owned()),
        (
            "http://127.0.0.1:99999",
            2,
            "99999 is not a port number: allowed is 1 to 65535".to_owned(),
        ),
        (":50051", 2, "write `http://localhost:50051`".to_owned()),
        (
            "localhost:50052",
            2,
            "write `http://localhost:50052`".to_owned(),
        ),
    ] {
        let told = run(&watch(&place, &["--once", "--connect", url])).await;
        assert_eq!(told.code(), code, "{told:?}");
        assert!(told.stderr.contains(&words), "{words}: {told:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_and_ends_it() {
    let place = Place::azurite().await;
    let server = Server::of(&place).await;
    let url = server.url();
    let config = place.config_file(&place.config().replace(&place.container, "no-such"));
    let args = ["watch", "--config", &config, "--connect", &url];
    let finished = run(&args).await;
    assert_eq!(finished.code(), 1);
    assert!(
        finished
            .stderr
            .contains("\nerror: the container was not found: "),
        "{}",
        finished.stderr
    );
    assert!(finished.stderr.trim_end().ends_with("(NOT_FOUND)"));
}

#[tokio::test]
async fn a_reader_that_has_read_enough_is_no_failure() {
    let (place, face) = Place::fake().await;
    let blobs = face.account().create_synthetic_container("many", 5000);
    blobs.unwrap();
    let config = place.stateless_config().replace(&place.container, "many");
    let file = place.config_file(&config);
    let storage = place.storage_args();
    let args = [
        "watch",
        "--config",
        &file,
        "--output",
        "json",
        &storage[0],
        &storage[1],
    ];
    // As `| head -1` does: it reads a line, and goes.
    let mut child = binary(&args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let read = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        reader.read_line(&mut line).map(|_| line)
    });
    let line = read.await.unwrap().unwrap();
    assert!(line.contains("raw/part-000000001.csv"), "{line}");
    let status = wait_for("the end", async || child.try_wait().unwrap()).await;
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn a_mistake_is_told_on_stderr_with_status_2() {
    let place = Place::azurite().await;
    let file = place.config_file("acount: a\ncontainer: datasets\n");
    for args in [
        &["watch", "--config", &file, "--once"][..],
        &["watch", "--config", "no/such.yaml", "--once"],
        &["watch", "--config", &file, "--connect", "localhost:50051"],
        &["watch"],
    ] {
        let finished = run(args).await;
        assert_eq!(
            (finished.code(), finished.stdout.as_str()),
            (2, ""),
            "{args:?}"
        );
        assert!(
            finished.stderr.starts_with("error: "),
            "{}",
            finished.stderr
        );
    }
}

#[tokio::test]
async fn completions_are_scripts_that_the_shell_can_read() {
    let finished = run(&["completions", "bash"]).await;
    assert_eq!(finished.code(), 0);
    assert!(finished.stdout.contains("azure-blob-eventsource"));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), finished.stdout).unwrap();
    let mut bash = Command::new("bash");
    bash.arg("-n").arg(file.path());
    let checked = Process::spawn(bash).finish().await;
    assert_eq!(checked.code(), 0, "{checked:?}");
}
