//! An attack and what must hold while it is under way and afterwards.
//!
//! ```ignore
//! let victim = Victim::start(&[]).await;
//! victim.endures("what is done to it", async |victim| { … }).await;
//! ```

use std::{
    env, fs,
    net::SocketAddr,
    process::Command,
    time::{Duration, Instant},
};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    binary::{
        process::{binary, wait_for},
        server::Server,
    },
    bystanders::{Bystanders, Tally},
    measure::{Peak, crowd, descriptors, resident},
};

/// The token that the server wants.
pub(crate) const TOKEN: &str = "s3cret";
/// The most that the server may ever take, in KiB.
pub(crate) const MOST_KIB: u64 = 100 * 1024;
/// How much more than before an attack may be left after it, in KiB.
const LEFT_KIB: u64 = 12 * 1024;
/// The longest that a probe may wait for its answer.
const PROBE: Duration = Duration::from_secs(1);

/// One large attack at a time, because the machine's load is part of what is measured. Small ones leave
/// room for each other.
static TURN: Semaphore = Semaphore::const_new(SMALL);
const SMALL: usize = 4;

/// Whether attacks are as large as they get (`ATTACK=full`).
pub(crate) fn full() -> bool {
    env::var("ATTACK").is_ok_and(|size| size == "full")
}

/// A number for a small attack, as `cargo test` makes it, and one for a large attack.
pub(crate) fn sized<T>(small: T, large: T) -> T {
    if full() { large } else { small }
}

/// Where the server is, and how to speak to it.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) grpc: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// The certificate that the gRPC port presents, in PEM, when it serves TLS.
    pub(crate) certificate: Option<String>,
}

impl Target {
    /// The gRPC port as a URL.
    pub(crate) fn url(&self) -> String {
        let scheme = self.certificate.as_ref().map_or("http", |_| "https");
        format!("{scheme}://{}", self.grpc)
    }
}

/// A server with a token, a client that streams from it, and probes that look at it.
pub(crate) struct Victim {
    pub(crate) server: Server,
    pub(crate) target: Target,
    pub(crate) bystanders: Bystanders,
    _turn: SemaphorePermit<'static>,
}

impl Victim {
    /// Starts a server with these arguments beside those for storage and token.
    pub(crate) async fn start(more: &[&str]) -> Self {
        Self::with(more, None, |args| binary(args)).await
    }

    /// Starts a server that serves TLS.
    pub(crate) async fn with_tls() -> Self {
        let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        Self::with(&[], Some(made), |args| binary(args)).await
    }

    /// Starts a server that may have so many descriptors and not more.
    pub(crate) async fn with_descriptors(limit: u32) -> Self {
        let command = |args: &[&str]| {
            let script = format!("ulimit -n {limit}; exec \"$0\" \"$@\"");
            let mut command = Command::new("sh");
            let program = binary(args).get_program().to_owned();
            command
                .env_clear()
                .arg("-c")
                .arg(script)
                .arg(program)
                .args(args);
            command
        };
        Self::with(&[], None, command).await
    }

    async fn with(
        more: &[&str],
        tls: Option<CertifiedKey<rcgen::KeyPair>>,
        command: impl Fn(&[&str]) -> Command,
    ) -> Self {
        let turn = TURN.acquire_many(sized(1, SMALL as u32)).await.unwrap();
        let bystanders = Bystanders::move_in().await;
        let write = |name: &str, text: &str| {
            let path = bystanders.place.credentials().join(name);
            fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let mut args = bystanders.place.storage_args().to_vec();
        args.extend(["--token-file".to_owned(), write("token", TOKEN)]);
        if let Some(made) = &tls {
            args.extend(["--tls-cert".to_owned(), write("tls.crt", &made.cert.pem())]);
            let key = made.signing_key.serialize_pem();
            args.extend(["--tls-key".to_owned(), write("tls.key", &key)]);
        }
        args.extend(more.iter().map(|arg| (*arg).to_owned()));
        let server = Server::start_as(command, &args).await;
        let target = Target {
            grpc: server.grpc,
            admin: server.admin,
            certificate: tls.map(|made| made.cert.pem()),
        };
        bystanders.begin(&target).await;
        Self {
            server,
            target,
            bystanders,
            _turn: turn,
        }
    }

    /// Attacks it, and holds it against what is promised: probes are answered in time, the stream goes
    /// on, memory stays below [`MOST_KIB`] and comes down again. FingerprintSet a row of the table.
    pub(crate) async fn endures(&self, name: &str, attack: impl AsyncFnOnce(&Self)) {
        let process = self.server.process.id();
        let (before, crowd_before) = (resident(process), crowd());
        self.bystanders.take();
        let (peak, began) = (Peak::watch(process), Instant::now());
        attack(self).await;
        let took = began.elapsed();
        let tally = self.bystanders.rest().await;
        // What else the machine does makes every answer late.
        let crowd = crowd().max(crowd_before);
        let allowed = PROBE.mul_f64(crowd) + 4 * peak.late();
        // The attack's own end may cost memory as well, so the peak goes on being watched.
        let after = self.calms_down(before).await;
        println!(
            "| {name} | {:.1} s | {} | {} | {} | {} of {}, {:.0} ms | {} | {crowd:.1} |",
            took.as_secs_f64(),
            mib(before),
            mib(peak.most()),
            mib(after),
            tally.probes,
            tally.probes as usize + tally.failed.len(),
            tally.slowest.as_secs_f64() * 1000.0,
            tally.events,
        );
        if env::var_os("ATTACK_REPORT_ONLY").is_some() {
            return;
        }
        assert!(peak.most() < MOST_KIB, "{} at most", mib(peak.most()));
        assert!(after < before + LEFT_KIB, "{} are left", mib(after));
        all_is_well(&tally, allowed);
        self.bystanders.take();
        self.bystanders
            .wait("events after the attack", |tally| tally.events > 1)
            .await;
    }

    // What memory comes down to, within the time in which a server gives back what it does not need.
    async fn calms_down(&self, before: u64) -> u64 {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let now = resident(self.server.process.id());
            if now < before + LEFT_KIB || Instant::now() > end {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until the server has no more than `most` descriptors open.
    pub(crate) async fn descriptors_fall_to(&self, most: usize) {
        let few = async || {
            let now = descriptors(self.server.process.id());
            (now <= most).then_some(())
        };
        wait_for("descriptors to be given back", few).await;
    }
}

#[track_caller]
fn all_is_well(tally: &Tally, allowed: Duration) {
    assert_eq!(tally.ended, None, "the stream ended");
    assert_eq!(tally.failed, [""; 0], "probes failed");
    assert!(
        tally.slowest < allowed,
        "{:?} of {allowed:?}",
        tally.slowest
    );
}

fn mib(kib: u64) -> String {
    format!("{} MiB", kib / 1024)
}
