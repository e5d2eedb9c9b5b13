//! The server from the outside: with grpcurl, a client that shares no code with it.

use std::{env, path::PathBuf, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    process::{Finished, Process, wait_for},
    server::{EVENT, Server},
    storage::Place,
};

/// Where grpcurl is: on the path, or where Go installs it.
fn grpcurl() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let go = Command::new("go").args(["env", "GOPATH"]).output();
    let go = go.map(|it| String::from_utf8_lossy(&it.stdout).trim().to_owned());
    let found = env::split_paths(&path)
        .chain(go.map(|root| PathBuf::from(root).join("bin")))
        .map(|directory| directory.join("grpcurl"))
        .find(|file| file.is_file());
    if found.is_none() {
        println!(
            "SKIPPED: grpcurl is neither on PATH nor in $(go env GOPATH)/bin; install it with \
             `go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4`"
        );
    }
    found
}

fn call(grpcurl: &PathBuf, args: &[&str]) -> Process {
    let mut command = Command::new(grpcurl);
    command.arg("-plaintext").args(args);
    Process::spawn(command)
}

async fn answer(grpcurl: &PathBuf, args: &[&str]) -> Finished {
    let finished = call(grpcurl, args).finish().await;
    assert_eq!(finished.code(), 0, "{finished:?}");
    finished
}

#[tokio::test]
async fn grpcurl_finds_the_contract_and_the_health() {
    let Some(grpcurl) = grpcurl() else { return };
    let place = Place::azurite().await;
    let server = Server::of(&place).await;
    let address = server.grpc.to_string();
    let list = answer(&grpcurl, &[&address, "list"]).await;
    let services: Vec<_> = list.stdout.lines().collect();
    assert!(services.contains(&"generic.Eventing"), "{services:?}");
    assert!(services.contains(&"grpc.health.v1.Health"), "{services:?}");
    let service = answer(&grpcurl, &[&address, "describe", "generic.Eventing"]).await;
    let contract =
        "rpc StartEventSource ( .generic.EventSource ) returns ( stream .generic.Event );";
    assert!(service.stdout.contains(contract), "{}", service.stdout);
    let health = answer(&grpcurl, &[&address, "grpc.health.v1.Health/Check"]).await;
    let health: Value = serde_json::from_str(&health.stdout).unwrap();
    assert_eq!(health["status"], "SERVING");
}

#[tokio::test]
async fn grpcurl_receives_an_event() {
    let Some(grpcurl) = grpcurl() else { return };
    let place = Place::azurite().await;
    let server = Server::of(&place).await;
    let request = json!({"name": EVENT, "config": STANDARD.encode(place.config())}).to_string();
    let address = server.grpc.to_string();
    let method = "generic.Eventing/StartEventSource";
    let stream = call(&grpcurl, &["-d", &request, &address, method]);
    place.put("raw/a.csv").await;
    let event = wait_for("an event", async || {
        serde_json::from_str::<Value>(&stream.stdout().join("\n")).ok()
    })
    .await;
    assert_eq!(event["name"], EVENT);
    let payload = STANDARD.decode(event["payload"].as_str().unwrap()).unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(payload["blobname"], "raw/a.csv");
    // What a mistake looks like to whoever tries it this way.
    let request = json!({"name": EVENT, "config": STANDARD.encode("acount: a")}).to_string();
    let refused = call(&grpcurl, &["-d", &request, &address, method])
        .finish()
        .await;
    assert_ne!(refused.code(), 0);
    let said = "Message: several mistakes: (1) unknown key `acount`; did you mean `account`? (2)";
    assert!(
        refused.stderr.contains("Code: InvalidArgument"),
        "{refused:?}"
    );
    assert!(refused.stderr.contains(said), "{refused:?}");
}
