//! Storage accounts whose answers have no end, whatever was asked: none fills the memory.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use testkit::{
    account::NewBlob,
    http::{HttpFault, HttpOp, connection_string},
    lost::Lost,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tonic::Code;

use crate::{
    bad_storage::{assert_small, host, last_error},
    server::Server,
    storage::Place,
};

#[tokio::test]
async fn answers_without_end_to_whatever_is_asked_fill_no_memory() {
    use HttpOp::{AppendBlock, BlobProperties, DeleteBlob, GetBlob, ListBlobs, PutBlob};
    let refusal = |status, code| HttpFault::EndlessRefusal { status, code };
    let refusals = [refusal(503, "ServerBusy"), refusal(429, "TooManyRequests")];
    let (place, face) = Place::fake().await;
    place.put("a.csv").await;
    let all = |faults: &[HttpFault]| {
        for op in [
            ListBlobs,
            GetBlob,
            BlobProperties,
            PutBlob,
            AppendBlock,
            DeleteBlob,
        ] {
            faults
                .iter()
                .for_each(|fault| face.fault(op, fault.clone()));
        }
    };
    all(&refusals);
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    assert_eq!(stream.name().await, "a.csv");
    server.reaches("done", 1).await;
    let of_listing = face.requests(ListBlobs);
    all(&[
        HttpFault::EndlessAnswer { silent: false },
        refusals[0].clone(),
    ]);
    // Past the faults, which are for the server.
    let account = face.account();
    account
        .put(&place.container, "b.csv", NewBlob::new("x"))
        .unwrap();
    assert_eq!(stream.name().await, "b.csv");
    server.reaches("done", 2).await;
    assert!(face.requests(ListBlobs) >= of_listing + 2);
    assert_small(&server);
    server.crash();

    // A start reads the ledger as well.
    let of_reading = face.requests(GetBlob);
    all(&refusals);
    let server = Server::of(&place).await;
    let _stream = server.stream(&place.config()).await;
    server.reaches("sweeps", 1).await;
    assert!(face.requests(GetBlob) > of_reading + 2);
    assert_small(&server);
}

#[tokio::test]
async fn a_folder_without_end_in_the_state_container_is_told_with_the_cure() {
    let (place, face) = Place::fake().await;
    let server = Server::of(&place).await;
    face.storm(1, 1000, vec![HttpFault::Lost(Lost::Invented(5000))]);
    let status = server.refusal(&place.config()).await;
    assert_eq!(status.code(), Code::FailedPrecondition);
    for words in [
        &format!("listing container `{}` at {}: ", place.state, host(&place)),
        "more than 250000 names start with `",
        "delete dead letters and other blobs there that nobody needs",
    ] {
        assert!(status.message().contains(words), "{status:?}");
    }
    assert_small(&server);
}

/// Answers each request with `start`, and then with `more` again and again; counts the bytes.
async fn speaks(start: &'static str, more: String) -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/devstoreaccount1", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&sent);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(speak(stream, start, more.clone(), Arc::clone(&count)));
        }
    });
    (endpoint, sent)
}

async fn speak(
    mut stream: TcpStream,
    start: &str,
    more: String,
    sent: Arc<AtomicU64>,
) -> std::io::Result<()> {
    let mut request = [0; 4096];
    // What it asks makes no difference.
    let _ = stream.read(&mut request).await?;
    stream.write_all(start.as_bytes()).await?;
    loop {
        stream.write_all(more.as_bytes()).await?;
        sent.fetch_add(more.len() as u64, Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_speaks_http_without_end_fills_no_memory() {
    const OK: &str = "HTTP/1.1 200 OK\r\n";
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\ndate: Thu, 01 Jan 2026 00:00:00 GMT\r\ntransfer-encoding: chunked\r\n\r\n";
    let long = "x".repeat(4096);
    for (start, more) in [
        (OK.to_owned(), format!("x-{long}: {long}\r\n")),
        (OK.to_owned(), long.clone()),
        ("HTTP/1.1 ".to_owned(), long.clone()),
        (String::new(), "HTTP/1.1 100 Continue\r\n\r\n".repeat(100)),
        (format!("{CHUNKED}1;"), long.clone()),
        (format!("{CHUNKED}0\r\n"), format!("{long}: x\r\n")),
    ] {
        let (place, _face) = Place::fake().await;
        let shown = format!("{start:?} and {:.20?} …", more);
        let (endpoint, sent) = speaks(start.leak(), more).await;
        place.write_credential("storage", &connection_string(&endpoint));
        let config = place.config().replace(&place.endpoint, &endpoint);
        let server = Server::of(&place).await;
        let mut stream = server.stream(&config).await;
        // Told, ended, or still being spoken to: all of it in little memory.
        let end = Instant::now() + Duration::from_secs(4);
        while Instant::now() < end && last_error(&server).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let sent = sent.load(Relaxed);
        println!("{shown}: {sent} bytes, then: {}", last_error(&server).await);
        assert!(sent >= 4096, "{shown}");
        assert_small(&server);
        let _ = tokio::time::timeout(Duration::from_millis(10), stream.last()).await;
    }
}
