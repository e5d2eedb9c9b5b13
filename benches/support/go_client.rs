//! A client in Go, built of `benches/go-client`: Argo Events reads streams with grpc-go.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// The program, for as long as this lives.
pub(crate) struct GoClient {
    program: PathBuf,
    _directory: TempDir,
}

/// What one stream of it saw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// How many events.
    pub(crate) events: u64,
    /// Seconds until the last one.
    pub(crate) seconds: f64,
}

impl GoClient {
    /// Builds it; `None` where there is no Go.
    pub(crate) fn build() -> Option<Self> {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let program = directory.path().join("go-client");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/go-client");
        let mut build = Command::new("go");
        build.args(["build", "-o"]).arg(&program).arg(".");
        let status = build.current_dir(source).status().ok()?;
        assert!(status.success(), "the client in Go does not build");
        Some(Self {
            program,
            _directory: directory,
        })
    }

    /// Reads `streams` streams at once, of which the first `stopped` read one event and nothing more. `config` has
    /// `NUMBER` where the number of a stream goes. What the others saw.
    pub(crate) fn read(
        &self,
        url: &str,
        (streams, stopped): (usize, usize),
        config: &str,
    ) -> Vec<Seen> {
        let address = url.trim_start_matches("http://");
        let output = Command::new(&self.program)
            .args([address, &streams.to_string(), &stopped.to_string(), config])
            .stderr(Stdio::inherit())
            .output()
            .expect("the client runs");
        assert!(output.status.success(), "the client in Go failed");
        let text = String::from_utf8(output.stdout).expect("text");
        let seen = |line: &str| {
            let (events, seconds) = line.split_once(' ').expect("two numbers");
            Seen {
                events: events.parse().expect("a number"),
                seconds: seconds.parse().expect("a number"),
            }
        };
        text.lines().map(seen).collect()
    }
}
