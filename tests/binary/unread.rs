//! What is said to people and never read is no failure: the pipe is closed, the disk is full.

use std::{
    fs::File,
    os::{
        fd::OwnedFd,
        unix::{net::UnixStream, process::ExitStatusExt},
    },
    process::{Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::net::TcpStream;

use crate::{
    process::{binary, wait_for},
    storage::Place,
};

/// Where nothing can be written: a pipe that nobody reads, and a disk that is full.
fn unwritable() -> [Stdio; 2] {
    let (reader, writer) = UnixStream::pair().unwrap();
    drop(reader);
    let full = File::options().write(true).open("/dev/full").unwrap();
    [OwnedFd::from(writer).into(), full.into()]
}

fn code(mut command: Command) -> i32 {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null());
    let status = status.status().unwrap();
    status
        .code()
        .unwrap_or_else(|| panic!("{:?}", status.signal()))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_needs_a_reader_of_its_errors() {
    let place = Place::azurite().await;
    place.put("raw/a.csv").await;
    let config = place.config_file(&place.config());
    let storage = place.storage_args();
    let source = ["--config", &config, &storage[0], &storage[1]];
    let key = place.credentials().join("storage");
    let out = place.credentials().join("out.csv");
    let fetch = [
        "fetch",
        "--endpoint",
        &place.endpoint,
        "--container",
        &place.container,
        "--key-file",
        key.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    for (command, expected) in [
        (vec!["checkk"], 2),
        (vec!["serve", "--port", "1"], 2),
        (vec!["check", "--config", "no/such.yaml"], 2),
        (vec!["serve", "--token-file", "no/such"], 1),
        (vec!["migrate", "examples/azureblobwatcher.yaml"], 0),
        ([&["watch", "--once"], &source[..]].concat(), 0),
        (
            [&["watch", "--once", "--log", "debug"], &source[..]].concat(),
            0,
        ),
        ([&["replay", "--all"], &source[..]].concat(), 2),
        ([&["dead-letters", "list"], &source[..]].concat(), 2),
        ([&fetch, &["no.csv"][..]].concat(), 1),
    ] {
        for stderr in unwritable() {
            let mut command_line = binary(&command);
            command_line.stderr(stderr);
            assert_eq!(code(command_line), expected, "{command:?}");
        }
    }
    // The file is the result, and not the line about it.
    for stdout in unwritable() {
        let mut command = binary(&[&fetch, &["raw/a.csv"][..]].concat());
        let status = command
            .stdin(Stdio::null())
            .stdout(stdout)
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(0), "{status:?}");
        assert_eq!(std::fs::read_to_string(&out).unwrap().len(), 13);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_goes_on_when_its_log_cannot_be_written() {
    for stderr in unwritable() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let admin = free.local_addr().unwrap().to_string();
        drop(free);
        let args = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", &admin];
        let mut child = binary(&args)
            .args(["--log", "debug"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .unwrap();
        wait_for("the admin port", async || {
            TcpStream::connect(&admin).await.ok()
        })
        .await;
        kill(
            Pid::from_raw(child.id().try_into().unwrap()),
            Signal::SIGTERM,
        )
        .unwrap();
        let ended = wait_for("its end", async || child.try_wait().unwrap()).await;
        assert_eq!(ended.code(), Some(0), "{ended:?}");
    }
}
