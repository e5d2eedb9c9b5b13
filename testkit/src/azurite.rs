//! A real Azurite, installed from the committed lock file and started on a free port.
//!
//! One instance serves a whole test process, and each test has containers of its own. The child
//! ends when its standard input does, which is when this process ends in whatever way.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use tokio::sync::OnceCell;

use crate::http::connection_string;

/// The oldest Node that this Azurite runs on.
const NODE: u32 = 20;
/// How long a start may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What Azurite says before its address once it takes requests.
const READY: &str = "successfully listens on ";

/// A running Azurite service with nothing in it. It ends when it is dropped.
#[derive(Debug)]
pub struct Azurite {
    child: Child,
    address: String,
}

impl Azurite {
    /// The instance that all tests of this process share.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<Azurite> = OnceCell::const_new();
        SHARED.get_or_init(Self::start).await
    }

    /// The queue service that all tests of this process share.
    pub async fn shared_queues() -> &'static Self {
        static SHARED: OnceCell<Azurite> = OnceCell::const_new();
        SHARED.get_or_init(|| Self::start_queues_at(0)).await
    }

    /// Starts a blob service of one's own, and installs Azurite first where that was not done yet.
    pub async fn start() -> Self {
        Self::start_at(0).await
    }

    /// As [`Self::start`], on a given port of loopback; 0 is a free one.
    pub async fn start_at(port: u16) -> Self {
        Self::start_service(Service::Blob, port).await
    }

    /// As [`Self::start_at`], a queue service, which knows nothing of the blobs of another.
    pub async fn start_queues_at(port: u16) -> Self {
        Self::start_service(Service::Queue, port).await
    }

    async fn start_service(service: Service, port: u16) -> Self {
        let start = tokio::task::spawn_blocking(move || {
            require_node();
            install(&folder());
            launch(&folder(), service, port)
        });
        start.await.expect("a start that explains itself above")
    }

    /// The service's URL, without a trailing slash.
    pub fn endpoint(&self) -> String {
        format!("{}/{}", self.address, crate::http::ACCOUNT)
    }

    /// A connection string with the development account's published key, of a blob service.
    pub fn connection_string(&self) -> String {
        connection_string(&self.endpoint())
    }
}

/// What an Azurite serves.
#[derive(Debug, Clone, Copy)]
enum Service {
    Blob,
    Queue,
}

impl Service {
    /// As Azurite's folders and options call it.
    fn name(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Queue => "queue",
        }
    }
}

impl Drop for Azurite {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the lock file is, and what is installed from it.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("azurite")
}

fn require_node() {
    let output = Command::new("node").arg("--version").output();
    let version = output.map(|it| String::from_utf8_lossy(&it.stdout).trim().to_owned());
    let major = version.as_deref().ok().and_then(major_version);
    assert!(
        major.is_some_and(|major| major >= NODE),
        "Node {NODE} is needed for the tests against Azurite, and `node --version` says: {version:?}"
    );
}

/// 20 of `v20.1.2`.
fn major_version(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Installs what the lock file says unless exactly that is installed. Test processes take turns.
fn install(folder: &Path) {
    let turn = File::create(folder.join(".install.lock")).expect("a writable testkit/azurite");
    turn.lock().expect("a turn");
    let wanted =
        fs::read(folder.join("package-lock.json")).expect("testkit/azurite/package-lock.json");
    let stamp = folder.join("node_modules/.installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return;
    }
    eprintln!("installing Azurite as testkit/azurite/package-lock.json has it");
    let output = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(folder)
        .output()
        .expect("npm, which comes with Node");
    assert!(
        output.status.success(),
        "npm ci in {} failed: {}",
        folder.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    fs::write(stamp, wanted).expect("a writable node_modules");
}

fn launch(folder: &Path, service: Service, port: u16) -> Azurite {
    let name = service.name();
    let mut child = Command::new("node")
        .args(["run.cjs", name])
        .args([&format!("--{name}Host"), "127.0.0.1"])
        .args([&format!("--{name}Port"), &port.to_string()])
        .args(["--inMemoryPersistence", "--skipApiVersionCheck"])
        .args(["--silent", "--disableTelemetry"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node, whose version was just asked for");
    let (said, listens) = mpsc::channel();
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    // It reads on after the address has come, or Azurite's next word would break its pipe.
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if let Some((_, address)) = line.split_once(READY) {
                let _ = said.send(address.trim().to_owned());
            }
        }
    });
    match listens.recv_timeout(PATIENCE) {
        Ok(address) => Azurite { child, address },
        Err(_) => {
            let _ = child.kill();
            panic!("azurite did not start: {:?}", child.wait());
        }
    }
}
