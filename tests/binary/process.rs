//! A child process: its lines as they come, its end, and no way to outlive the test.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read},
    os::unix::process::ExitStatusExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// Longer than anything takes on a busy machine: who waits for this long waits in vain.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `found` finds something, and names `what` when it does not come.
pub(crate) async fn wait_for<T>(what: &str, mut found: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = found().await {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

type Lines = Arc<Mutex<Vec<String>>>;

/// A running child. It is killed, by its own id, when this is dropped.
pub(crate) struct Process {
    child: Child,
    stdout: Lines,
    stderr: Lines,
    readers: Vec<thread::JoinHandle<()>>,
}

/// How a child ended and all that it said.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// The exit status as shells give it.
    pub(crate) fn code(&self) -> i32 {
        let signal = self.status.signal().map(|signal| 128 + signal);
        self.status.code().or(signal).unwrap()
    }
}

/// The binary under test with no environment but the path to programs.
pub(crate) fn binary(args: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_azure-blob-eventsource"));
    command.env_clear().args(args);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

impl Process {
    /// Starts a child and reads along.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (stdout, stderr) = (Lines::default(), Lines::default());
        let readers = vec![
            read_along(child.stdout.take().unwrap(), &stdout),
            read_along(child.stderr.take().unwrap(), &stderr),
        ];
        Self {
            child,
            stdout,
            stderr,
            readers,
        }
    }

    /// The lines on stdout so far.
    pub(crate) fn stdout(&self) -> Vec<String> {
        self.stdout.lock().unwrap().clone()
    }

    /// The lines on stderr so far.
    pub(crate) fn stderr(&self) -> Vec<String> {
        self.stderr.lock().unwrap().clone()
    }

    /// Waits for a line on stderr that holds `words`.
    pub(crate) async fn says(&self, words: &str) -> String {
        let found = async || self.stderr().into_iter().find(|line| line.contains(words));
        wait_for(&format!("{words:?} on stderr"), found).await
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.id().try_into().unwrap()), signal).unwrap();
    }

    /// Kills it as a crash would, and waits until it is gone.
    pub(crate) fn crash(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the end and all that was said before it.
    pub(crate) async fn finish(mut self) -> Finished {
        let child = &mut self.child;
        let status = wait_for("the end of a process", async || child.try_wait().unwrap()).await;
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        Finished {
            status,
            stdout: self
                .stdout()
                .iter()
                .map(|line| format!("{line}\n"))
                .collect(),
            stderr: self
                .stderr()
                .iter()
                .map(|line| format!("{line}\n"))
                .collect(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended, or been stopped by SIGSTOP, which does not keep it from being killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("{} said:\n{}", self.id(), self.stderr().join("\n"));
        }
    }
}

/// Starts the binary and waits for its end.
pub(crate) async fn run(args: &[impl AsRef<OsStr>]) -> Finished {
    Process::spawn(binary(args)).finish().await
}

fn read_along(from: impl Read + Send + 'static, lines: &Lines) -> thread::JoinHandle<()> {
    let lines = Arc::clone(lines);
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            lines.lock().unwrap().push(line);
        }
    })
}
