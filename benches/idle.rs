//! What a server takes that has nothing to do: time from its start to its first answer, memory, wake-ups and CPU, with no
//! source and with 1 and 100 of them.
//!
//! `cargo bench --bench idle`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use azure_blob_eventsource::grpc::contract::{EventSource, eventing_client::EventingClient};
use serde_json::Value;
use support::{
    median, megabytes, print_table, role, row, size,
    source::{self, CONTAINER, SERVE, Service},
    spread, verdict,
};
use tokio::time::sleep;
use tonic::{Request, Streaming, transport::Channel};

mod support;

/// From the start of the process to its first answer, in milliseconds.
const READY: f64 = 100.0;
/// Resident bytes without a source.
const RESIDENT: u64 = 20_000_000;
/// How many sources there are at once.
const SOURCES: [usize; 3] = [0, 1, 100];
/// All streams begin and the first sweeps end within it.
const SETTLING: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() {
    match role() {
        Some((role, arguments)) if role == SERVE => source::serve(&arguments).await,
        Some((role, _)) => panic!("no role {role}"),
        None => measure().await,
    }
}

async fn measure() {
    let (rounds, seconds) = size((20, 60), (1, 1));
    let service = Service::start(10);
    let directory = tempfile::tempdir().expect("a temporary directory");
    source::write_credential(directory.path(), &service.endpoint);
    let starts: Vec<f64> = (0..rounds)
        .map(|_| Server::start(directory.path()).ready_after)
        .collect();
    let mut rows = vec![row([
        "sources",
        "resident",
        "wake-ups a second",
        "us of CPU a second",
    ])];
    let mut least = 0;
    for sources in SOURCES {
        let server = Server::start(directory.path());
        let _streams = server.streams(&service.endpoint, sources).await;
        sleep(SETTLING).await;
        let before = server.usage();
        sleep(Duration::from_secs(seconds)).await;
        let after = server.usage();
        if sources == 0 {
            least = after.resident;
        }
        let each = |total: f64| format!("{:.1}", total / seconds as f64);
        rows.push(row([
            &sources.to_string(),
            &megabytes(after.resident),
            &each((after.wakeups - before.wakeups) as f64),
            &each(after.cpu_micros - before.cpu_micros),
        ]));
    }
    print_table(
        &format!("A server with nothing to do, for {seconds} s"),
        &rows,
    );
    print_table(
        "Targets",
        &[
            row(["", "", "target", ""]),
            row([
                "ms from the start to the first answer",
                &spread(&starts),
                &format!("< {READY}"),
                verdict(median(&starts) < READY),
            ]),
            row([
                "resident without a source",
                &megabytes(least),
                &format!("< {}", megabytes(RESIDENT)),
                verdict(least < RESIDENT),
            ]),
        ],
    );
}

/// The program as a process of its own. It is killed when this is dropped.
struct Server {
    process: Child,
    grpc: String,
    /// Milliseconds.
    ready_after: f64,
}

/// What a process has had so far.
struct Usage {
    resident: u64,
    /// How often one of its threads went to sleep, and so was woken.
    wakeups: u64,
    cpu_micros: f64,
}

impl Server {
    fn start(credentials: &Path) -> Self {
        let began = Instant::now();
        let mut process = Command::new(env!("CARGO_BIN_EXE_azure-blob-eventsource"))
            .env_clear()
            .args(["serve", "--log-format", "json"])
            .args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
            .args(["--max-streams", "200"])
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
        while !is_ready(&address("admin")) {}
        let ready_after = began.elapsed().as_secs_f64() * 1000.0;
        // Who does not read what it says would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            process,
            grpc: format!("http://{}", address("grpc")),
            ready_after,
        }
    }

    async fn streams(
        &self,
        endpoint: &str,
        count: usize,
    ) -> Vec<Streaming<azure_blob_eventsource::grpc::contract::Event>> {
        let channel = Channel::from_shared(self.grpc.clone()).expect("a URL");
        let mut streams = Vec::new();
        for number in 0..count {
            let config = format!(
                "{{endpoint: \"{endpoint}\", container: {CONTAINER}, credential: fake, id: idle-{number}, \
                 source: {{listing: {{interval: 1d}}}}}}"
            );
            let request = EventSource {
                name: "idle".to_owned(),
                config: config.into_bytes(),
            };
            // As EventSources do: each has a connection of its own.
            let channel = channel.connect().await.expect("a connection");
            let mut client = EventingClient::new(channel);
            let stream = client.start_event_source(Request::new(request)).await;
            streams.push(stream.expect("a stream").into_inner());
        }
        streams
    }

    fn usage(&self) -> Usage {
        let process = format!("/proc/{}", self.process.id());
        let number = |text: &str, field: &str| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix(field));
            let number = line.and_then(|rest| rest.split_whitespace().next());
            number.map_or(0, |number| number.parse().expect("a number"))
        };
        let read = |path: String| fs::read_to_string(path).unwrap_or_default();
        let (mut wakeups, mut nanos) = (0, 0);
        for task in fs::read_dir(format!("{process}/task")).expect("this bench needs Linux") {
            let task = task.expect("a task").path().display().to_string();
            wakeups += number(&read(format!("{task}/status")), "voluntary_ctxt_switches:");
            nanos += number(&read(format!("{task}/schedstat")), "");
        }
        Usage {
            resident: number(&read(format!("{process}/status")), "VmRSS:") << 10,
            wakeups,
            cpu_micros: nanos as f64 / 1000.0,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_ready(admin: &str) -> bool {
    let mut connection = TcpStream::connect(admin).expect("a connection");
    let request = "GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    connection.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("an answer");
    answer.starts_with("HTTP/1.1 200")
}
