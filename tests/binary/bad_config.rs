//! Mistakes in a configuration, as `kubectl logs` of the EventSource pod shows them: one sentence
//! each, with where it is, what was found, what is allowed, and what to do.

mod table;

use tonic::Code;

use crate::{
    process::{binary, wait_for},
    server::{EVENT, Server, assert_status},
    storage::Place,
};

#[tokio::test]
async fn each_mistake_is_answered_with_a_sentence_that_helps() {
    let (place, _face) = Place::fake().await;
    let server = Server::of(&place).await;
    for (config, message) in table::table() {
        println!("{config:?}\n  {message}");
        let code = if config.contains("credential: missing") {
            Code::FailedPrecondition
        } else {
            Code::InvalidArgument
        };
        assert_status(&server.refusal(&config).await, code, &message);
    }
    // None of them became a source.
    assert_eq!(server.source().await, serde_json::Value::Null);
    // But the last one is on the status page, and all are counted.
    let status: serde_json::Value = serde_json::from_str(&server.admin("/").await).unwrap();
    let (_, last) = table::table().pop().unwrap();
    let refused = &status["refused"][0];
    assert_eq!(
        (&refused["event"], &refused["reason"], &refused["times"]),
        (&EVENT.into(), &last.into(), &table::table().len().into())
    );
    let metrics = server.admin("/metrics").await;
    let (unmounted, mistaken): (Vec<_>, Vec<_>) = (table::table().into_iter())
        .partition(|(config, _)| config.contains("credential: missing"));
    for (reason, count) in [
        ("FAILED_PRECONDITION", unmounted.len()),
        ("INVALID_ARGUMENT", mistaken.len()),
    ] {
        let counted = format!("streams_refused_total{{reason=\"{reason}\"}} {count}\n");
        assert!(metrics.contains(&counted), "{counted} is not in {metrics}");
    }
    // Once the mistake is fixed, it is gone from there.
    let _stream = server.stream(&place.config()).await;
    let gone = async || {
        let status: serde_json::Value = serde_json::from_str(&server.admin("/").await).unwrap();
        (status["refused"] == serde_json::json!([])).then_some(())
    };
    wait_for("the refusal to be gone", gone).await;
}

#[tokio::test]
async fn all_mistakes_are_told_at_once() {
    let (place, _face) = Place::fake().await;
    let server = Server::of(&place).await;
    let config = "acount: mlpipelinestore\ncontainer: Datasets\npattern: 'a['\n\
                  source: {listing: {interval: 30}, queue: {}}\n";
    assert_status(
        &server.refusal(config).await,
        Code::InvalidArgument,
        "several mistakes: \
         (1) unknown key `acount`; did you mean `account`? \
         (2) container: found `Datasets`; allowed are 3 to 63 lower-case letters, digits and single \
         hyphens, a letter or digit first and last (or `$root`, `$web`, `$logs`): write `datasets` \
         (3) pattern: the pattern has a `[` at character 2 that is never closed; write `\\[` for the \
         character \
         (4) source.listing.interval: found the number 30; write a unit, such as 30s \
         (5) source.queue.name: is missing; give the name of the queue",
    );
}

#[tokio::test]
async fn a_configuration_that_is_too_long_is_told_so() {
    let (place, _face) = Place::fake().await;
    let server = Server::of(&place).await;
    let mut config = format!("{}# ", place.config());
    config += &"x".repeat(64 * 1024 + 1 - config.len());
    assert_status(
        &server.refusal(&config).await,
        Code::InvalidArgument,
        "the configuration has 65537 bytes; at most 65536 are allowed",
    );
    config.pop();
    assert!(server.ask(&config).await.is_ok());
    // Far beyond, the transport refuses before it has read it all.
    let status = server.refusal(&"x".repeat(8 << 20)).await;
    assert_eq!(status.code(), Code::OutOfRange, "{status:?}");
}

#[tokio::test]
async fn a_credential_that_is_of_no_use_is_told_without_its_content() {
    let (place, _face) = Place::fake().await;
    let server = Server::of(&place).await;
    let key = "c2VjcmV0";
    for (content, problem) in [
        ("", "it is empty: write the connection string into it"),
        (
            "hunter2",
            "it is not a connection string such as `AccountName=…;AccountKey=…`: copy it from the portal (Access keys) or with \
             `az storage account show-connection-string -o tsv`",
        ),
        (
            &format!("AccountKey={key}"),
            "the connection string has neither `AccountName` nor `BlobEndpoint`: copy all of it again, or put \
             `AccountName=ACCOUNT;` before it",
        ),
        (
            "AccountName=devstoreaccount1",
            "the connection string has neither `AccountKey` nor `SharedAccessSignature`: copy all of it again, or put \
             `;AccountKey=KEY` behind it",
        ),
        (
            "AccountName=devstoreaccount1;AccountKey=hunter2!",
            "`AccountKey` of the connection string is not base64: was it copied completely?",
        ),
    ] {
        place.write_credential("broken", content);
        let config = place
            .config()
            .replace("credential: storage", "credential: broken");
        assert_status(
            &server.refusal(&config).await,
            Code::FailedPrecondition,
            &format!("credential: the file `broken` cannot be used: {problem}"),
        );
    }
    let other = "AccountName=other;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:1/other";
    place.write_credential("other", other);
    let config = place
        .config()
        .replace("credential: storage", "credential: other");
    let endpoint = &place.endpoint;
    assert_status(
        &server.refusal(&config).await,
        Code::InvalidArgument,
        &format!(
            "`endpoint` is {endpoint}, but the credential `other` is for the account `other` at \
             http://127.0.0.1:1/other: write `endpoint: http://127.0.0.1:1/other`, or ask \
             whoever manages the credential to put `BlobEndpoint={endpoint}` into it"
        ),
    );
    let azure = "AccountName=mlpipelinestore;AccountKey=c2VjcmV0";
    place.write_credential("azure", azure);
    let config = place
        .config()
        .replace(&format!("endpoint: {endpoint}"), "account: another")
        .replace("credential: storage", "credential: azure");
    assert_status(
        &server.refusal(&config).await,
        Code::InvalidArgument,
        "`account` is `another`, but the credential `azure` is for the account `mlpipelinestore` at \
         https://mlpipelinestore.blob.core.windows.net: write `account: mlpipelinestore`, or name the \
         credential of the account `another`",
    );
}

#[tokio::test]
async fn what_clients_send_breaks_no_line_of_the_log() {
    let (place, _face) = Place::fake().await;
    let server = Server::of(&place).await;
    let status = server.refusal("\"\\e[31m\\r\\n\\u202e\": a\n").await;
    assert!(
        !status.message().chars().any(char::is_control),
        "{status:?}"
    );
    assert!(
        status
            .message()
            .contains(r"unknown key `\u{1b}[31m\r\n\u{202e}`"),
        "{status:?}"
    );
    server.process.says("a stream was refused").await;
    for line in server.process.stderr() {
        serde_json::from_str::<serde_json::Value>(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_told_with_an_example() {
    for (args, words) in [
        (
            ["--listen", ":50051"],
            "`0.0.0.0:50051` for all addresses of this machine",
        ),
        (["--listen", "localhost:50051"], "`127.0.0.1:50051`"),
        (
            ["--port", "50051"],
            "tip: `serve` takes addresses: --listen 0.0.0.0:50051",
        ),
        (
            ["--metrics-port", "9090"],
            "tip: `serve` takes addresses: --listen 0.0.0.0:50051",
        ),
        (["--admin-listen", "[::]"], "`[::]:9090`"),
        (
            ["--config", "source.yaml"],
            "tip: the server takes no configuration",
        ),
    ] {
        let finished = crate::process::run(&[&["serve"][..], &args].concat()).await;
        assert_eq!(finished.code(), 2, "{finished:?}");
        assert!(finished.stderr.contains(words), "{words}: {finished:?}");
        assert!(finished.stderr.matches("tip:").count() <= 1, "{finished:?}");
    }
}

#[tokio::test]
async fn a_wrong_value_of_a_variable_is_told_with_its_name() {
    for (variable, value, words) in [
        (
            "AZURE_BLOB_EVENTSOURCE_LISTEN",
            ":50051",
            "tip: the value is that of the environment variable AZURE_BLOB_EVENTSOURCE_LISTEN",
        ),
        (
            "AZURE_BLOB_EVENTSOURCE_MAX_STREAMS",
            "",
            "tip: the environment variable AZURE_BLOB_EVENTSOURCE_MAX_STREAMS is empty: remove it",
        ),
        (
            "AZURE_BLOB_EVENTSOURCE_LOG_FORMAT",
            "xml",
            "tip: the value is that of the environment variable AZURE_BLOB_EVENTSOURCE_LOG_FORMAT",
        ),
    ] {
        let mut command = binary(&["serve"]);
        command.env(variable, value);
        let finished = crate::process::Process::spawn(command).finish().await;
        assert_eq!(finished.code(), 2, "{finished:?}");
        assert!(finished.stderr.contains(words), "{words}: {finished:?}");
    }
    let mut typed = binary(&["serve", "--listen", "x"]);
    typed.env("AZURE_BLOB_EVENTSOURCE_LISTEN", "0.0.0.0:1");
    let typed = crate::process::Process::spawn(typed).finish().await;
    assert!(!typed.stderr.contains("variable"), "{typed:?}");
}

#[tokio::test]
async fn both_ports_cannot_be_one() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().to_string();
    drop(free);
    let args = ["serve", "--listen", &port, "--admin-listen", &port];
    let finished = crate::process::run(&args).await;
    assert_eq!(finished.code(), 1, "{finished:?}");
    let said = format!(
        "error: cannot listen on {port} (--admin-listen): --listen has this port already: write `--admin-listen 127.0.0.1:"
    );
    assert!(finished.stderr.contains(&said), "{finished:?}");
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why_and_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (args, said) in [
        (
            ["--listen", &taken, "--admin-listen", "127.0.0.1:0"],
            format!(
                "error: cannot listen on {taken} (--listen): another process already uses this port: stop it, or use another port, such as `--listen 127.0.0.1:"
            ),
        ),
        (
            ["--listen", "127.0.0.1:0", "--token-file", "no/such/token"],
            "error: the token file no/such/token cannot be read".to_owned(),
        ),
    ] {
        let all = [&["serve"][..], &args].concat();
        let finished = crate::process::Process::spawn(binary(&all)).finish().await;
        assert_eq!(finished.code(), 1);
        assert!(finished.stderr.contains(&said), "{}", finished.stderr);
    }
}
