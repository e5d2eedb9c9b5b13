//! `serve` as a process, its admin port, and streams from it.

use std::{net::SocketAddr, process::Command, time::Duration};

use azure_blob_eventsource::{
    event::encoded::decoded,
    grpc::contract::{EventSource, eventing_client::EventingClient},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tonic::{Code, Request, Status, Streaming, transport::Channel};

use super::{
    process::{PATIENCE, Process, binary, wait_for},
    storage::Place,
};

/// The name under which streams are asked for.
pub(crate) const EVENT: &str = "dataset";

/// A server that listens.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) grpc: SocketAddr,
    pub(crate) admin: SocketAddr,
}

impl Server {
    /// A server with the credentials of `place`.
    pub(crate) async fn of(place: &Place) -> Self {
        Self::start(&place.storage_args()).await
    }

    /// A server with these arguments, on free ports where they name none.
    pub(crate) async fn start(args: &[impl AsRef<str>]) -> Self {
        Self::start_as(|args| binary(args), args).await
    }

    /// The same, as a process that `command` makes of its arguments.
    pub(crate) async fn start_as(
        command: impl Fn(&[&str]) -> Command,
        args: &[impl AsRef<str>],
    ) -> Self {
        let mut all = vec!["serve", "--log-format", "json"];
        all.extend(args.iter().map(AsRef::as_ref));
        for port in ["--listen", "--admin-listen"] {
            if !all.contains(&port) {
                all.extend([port, "127.0.0.1:0"]);
            }
        }
        let process = Process::spawn(command(&all));
        let line = process.says("\"listening\"").await;
        let line: Value = serde_json::from_str(&line).unwrap();
        let port = |name: &str| line[name].as_str().unwrap().parse().unwrap();
        Self {
            grpc: port("grpc"),
            admin: port("admin"),
            process,
        }
    }

    /// Where plain gRPC is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.grpc)
    }

    pub(crate) async fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(self.url()).unwrap();
        endpoint.connect().await.unwrap()
    }

    /// Asks for a stream.
    pub(crate) async fn ask(&self, config: &str) -> Result<Stream, Status> {
        Stream::ask(self.channel().await, config.as_bytes(), None).await
    }

    /// A stream that must start.
    pub(crate) async fn stream(&self, config: &str) -> Stream {
        self.ask(config).await.unwrap()
    }

    /// The refusal of a stream, whether it comes at once or from the stream.
    pub(crate) async fn refusal(&self, config: &str) -> Status {
        match self.ask(config).await {
            Ok(mut stream) => stream.end().await,
            Err(status) => status,
        }
    }

    /// What a path of the admin port answers.
    pub(crate) async fn admin(&self, path: &str) -> String {
        let mut connection = TcpStream::connect(self.admin).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\nconnection: close\r\n\r\n"
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    /// What the status page says of the one source.
    pub(crate) async fn source(&self) -> Value {
        let status: Value = serde_json::from_str(&self.admin("/").await).unwrap();
        status["sources"][0].clone()
    }

    /// Waits until a number of the one source is `least` or more.
    pub(crate) async fn reaches(&self, field: &str, least: u64) {
        let what = format!("{field} >= {least}");
        let found = async || {
            let value = self.source().await[field].as_u64();
            value.filter(|value| *value >= least)
        };
        wait_for(&what, found).await;
    }

    /// Waits until the one source has swept `sweeps` times more.
    pub(crate) async fn sweeps_more(&self, sweeps: u64) {
        let now = self.source().await["sweeps"].as_u64().unwrap();
        self.reaches("sweeps", now + sweeps).await;
    }

    /// Kills it as a crash would.
    pub(crate) fn crash(self) {
        self.process.crash();
    }
}

/// A stream as a client reads it.
pub(crate) struct Stream(Streaming<azure_blob_eventsource::grpc::contract::Event>);

impl Stream {
    /// Asks for a stream, with a token if one is given.
    pub(crate) async fn ask(
        channel: Channel,
        config: &[u8],
        token: Option<&str>,
    ) -> Result<Self, Status> {
        let mut request = Request::new(EventSource {
            name: EVENT.to_owned(),
            config: config.to_vec(),
        });
        if let Some(token) = token {
            let value = format!("Bearer {token}").parse().unwrap();
            request.metadata_mut().insert("authorization", value);
        }
        let mut client = EventingClient::new(channel);
        let answer = timeout(PATIENCE, client.start_event_source(request)).await;
        Ok(Self(answer.expect("an answer in time")?.into_inner()))
    }

    /// The next event's payload.
    pub(crate) async fn event(&mut self) -> Value {
        let next = timeout(PATIENCE, self.next()).await;
        let event = next.expect("an event in time").unwrap();
        event.expect("an event, not the end")
    }

    /// The next event's payload, however long it takes; `None` at an end without a status.
    pub(crate) async fn next(&mut self) -> Result<Option<Value>, Status> {
        let event = self.0.message().await?;
        Ok(event.map(|event| {
            assert_eq!(event.name, EVENT);
            serde_json::from_slice(&event.payload).unwrap()
        }))
    }

    /// The name of the next event's blob.
    pub(crate) async fn name(&mut self) -> String {
        let event = self.event().await;
        decoded(event["blobname"].as_str().unwrap()).into_owned()
    }

    /// The names of the next events' blobs, sorted.
    pub(crate) async fn names(&mut self, count: usize) -> Vec<String> {
        let mut names = Vec::new();
        for _ in 0..count {
            names.push(self.name().await);
        }
        names.sort();
        names
    }

    /// Whether nothing comes for a while: to be asked only once the server has said, by other
    /// means, that it had the occasion to send.
    pub(crate) async fn is_silent(&mut self) -> bool {
        let next = timeout(Duration::from_millis(300), self.0.message()).await;
        next.is_err()
    }

    /// The status with which the stream ends, whatever comes before it.
    pub(crate) async fn last(&mut self) -> Status {
        let drain = async {
            loop {
                if let Err(status) = self.0.message().await {
                    return status;
                }
            }
        };
        timeout(PATIENCE, drain).await.expect("an end in time")
    }

    /// The status with which the stream ends, now.
    pub(crate) async fn end(&mut self) -> Status {
        let next = timeout(PATIENCE, self.0.message()).await;
        match next.expect("an end in time") {
            Ok(next) => panic!("no error but {next:?}"),
            Err(status) => status,
        }
    }
}

/// Holds a refusal against what is promised: one sentence.
#[track_caller]
pub(crate) fn assert_status(status: &Status, code: Code, message: &str) {
    assert_eq!((status.code(), status.message()), (code, message));
}
