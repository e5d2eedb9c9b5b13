//! The program as a process of its own, and what Linux says of it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use azure_blob_eventsource::grpc::contract::{Event, EventSource, eventing_client::EventingClient};
use serde_json::Value;
use tokio::time::sleep;
use tonic::{Request, Streaming, transport::Channel};

use super::number_after;

/// How often a counter of the program is looked at while it is waited for.
const LOOK: Duration = Duration::from_millis(100);
/// A counter that does not move for so long never will.
const PATIENCE: Duration = Duration::from_secs(600);

/// `azure-blob-eventsource serve` on free ports. It is killed when this is dropped.
pub(crate) struct Program {
    process: Child,
    grpc: String,
    admin: String,
    /// Milliseconds from its start to its first answer.
    pub(crate) ready_after: f64,
}

/// What a process has had so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// Bytes that are resident now.
    pub(crate) resident: u64,
    /// The most that ever were.
    pub(crate) peak: u64,
    /// How often one of its threads went to sleep, and so was woken.
    pub(crate) wakeups: u64,
    /// Of all its threads.
    pub(crate) cpu_micros: f64,
}

impl Program {
    /// Starts it with these credentials, for at most so many streams.
    pub(crate) fn start(credentials: &Path, streams: usize) -> Self {
        let began = Instant::now();
        let mut process = Command::new(env!("CARGO_BIN_EXE_azure-blob-eventsource"))
            .env_clear()
            .args(["serve", "--log-format", "json"])
            .args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
            .args(["--max-streams", &streams.to_string()])
            .arg("--credentials-dir")
            .arg(credentials)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut lines = BufReader::new(process.stderr.take().expect("a pipe")).lines();
        let listening = lines
            .by_ref()
            .map(|line| line.expect("text"))
            .find(|line| line.contains("\"listening\""))
            .expect("a server that listens");
        let listening: Value = serde_json::from_str(&listening).expect("a line of JSON");
        let address = |name: &str| listening[name].as_str().expect("an address").to_owned();
        let admin = address("admin");
        while !get(&admin, "/readyz").starts_with("HTTP/1.1 200") {}
        let ready_after = began.elapsed().as_secs_f64() * 1000.0;
        // Who does not read what it says would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            process,
            grpc: format!("http://{}", address("grpc")),
            admin,
            ready_after,
        }
    }

    /// A stream of the source that `config` describes, on a connection of its own, as EventSources have one.
    pub(crate) async fn stream(&self, config: String) -> Streaming<Event> {
        let channel = Channel::from_shared(self.grpc.clone()).expect("a URL");
        let channel = channel.connect().await.expect("a connection");
        let request = EventSource {
            name: "bench".to_owned(),
            config: config.into_bytes(),
        };
        let mut client = EventingClient::new(channel);
        let stream = client.start_event_source(Request::new(request)).await;
        stream.expect("a stream").into_inner()
    }

    /// Waits until the counter `name`, of all sources together, is `least` or more, and returns it.
    pub(crate) async fn reaches(&self, name: &str, least: u64) -> u64 {
        let start = Instant::now();
        loop {
            let now = self.counter(name);
            if now >= least {
                return now;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{name} is {now} and not {least}"
            );
            sleep(LOOK).await;
        }
    }

    /// A counter of `/metrics`, of all sources together. `name` comes without the product's prefix.
    pub(crate) fn counter(&self, name: &str) -> u64 {
        let name = format!("azure_blob_eventsource_{name}");
        let metrics = get(&self.admin, "/metrics");
        let values = metrics.lines().filter_map(|line| {
            let rest = line.strip_prefix(&name)?;
            rest.starts_with(['{', ' '])
                .then(|| rest.rsplit(' ').next())?
        });
        values
            .map(|it| it.parse::<f64>().expect("a number") as u64)
            .sum()
    }

    /// What it has had so far.
    pub(crate) fn usage(&self) -> Usage {
        let process = format!("/proc/{}", self.process.id());
        let read = |path: String| fs::read_to_string(path).unwrap_or_default();
        let (mut wakeups, mut nanos) = (0, 0);
        for task in fs::read_dir(format!("{process}/task")).expect("this bench needs Linux") {
            let task = task.expect("a task").path().display().to_string();
            wakeups += number_after(&read(format!("{task}/status")), "voluntary_ctxt_switches:");
            nanos += number_after(&read(format!("{task}/schedstat")), "");
        }
        let status = read(format!("{process}/status"));
        Usage {
            resident: number_after(&status, "VmRSS:") << 10,
            peak: number_after(&status, "VmHWM:") << 10,
            wakeups,
            cpu_micros: nanos as f64 / 1000.0,
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn get(address: &str, path: &str) -> String {
    let mut connection = TcpStream::connect(address).expect("a connection");
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("an answer");
    answer
}
