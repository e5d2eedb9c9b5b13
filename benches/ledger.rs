//! What it costs to know a blob: resident bytes, look-ups, and reading the ledger back.
//!
//! `cargo bench --bench ledger`
//!
//! Each figure of memory comes from a process that does nothing else. The sweep lists a fake Azure
//! in a process of its own over HTTP, so what a page takes on its way is in the figures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::HashSet,
    fs::{self, File},
    hint::black_box,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use azure_blob_eventsource::{
    journal::{
        recover::recover,
        source_store::{Rollover, SourceStore},
        writer::Journal,
    },
    ledger::{Ledger, Standing, fingerprint::Fingerprint, frame::MAX_DONE},
    metrics::SourceStats,
    ports::{
        error::{StorageError, StorageErrorKind},
        state::{Appended, Chunk, Put, StateStore},
    },
};
use bytes::Bytes;
use support::{
    Memory, Other, cpu, megabytes, micros_each, print_table, role, row, size,
    source::{self, SERVE, Service, Sweep},
    verdict,
};
use testkit::account::Synthetic;

mod support;

/// The most bytes that knowing so many blobs may take: 16 a blob, and the process.
fn target(blobs: u64) -> u64 {
    16 * blobs + 32_000_000
}

#[tokio::main]
async fn main() {
    match role() {
        None => measure(),
        Some((role, arguments)) => {
            let number = |at: usize| arguments[at].parse().expect("a number");
            match role.as_str() {
                SERVE => source::serve(&arguments).await,
                "know" => know(number(0), &arguments[1], Path::new(&arguments[2])).await,
                "recover" => restart(number(0), &arguments[1], Path::new(&arguments[2])).await,
                "names" => names(number(0)),
                _ => panic!("no role {role}"),
            }
        }
    }
}

/// A process that has just learnt of the blobs, and one that read them back after a restart.
const PROCESSES: [(&str, &str); 2] = [("know", "grown"), ("recover", "restarted")];

fn measure() {
    let mut memory = vec![row([
        "blobs known",
        "process",
        "resident",
        "a blob",
        "peak",
        "target",
        "resident",
        "peak",
    ])];
    let mut work = Vec::new();
    let sizes = size([1_000_000, 10_000_000], [1_000, 100_000]);
    for blobs in sizes {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let dir = dir.path().to_str().expect("a path in UTF-8");
        let service = Service::start(blobs);
        let arguments = [blobs.to_string(), service.endpoint.clone(), dir.to_owned()];
        for (role, process) in PROCESSES {
            let mut other = Other::start(role, &arguments);
            memory.push(memory_row(blobs, process, &other.numbers()));
            loop {
                let line = other.line();
                if line == END {
                    break;
                }
                work.push(row([&blobs.to_string(), process, &line]));
            }
            other.end();
        }
    }
    print_table(
        "Memory of a process that knows blobs, after a sweep over all of them",
        &memory,
    );
    print_table("Work", &work);
    print_names(sizes[0]);
}

fn memory_row(blobs: u64, process: &str, numbers: &[f64]) -> Vec<String> {
    let [resident, peak] = [0, 1].map(|at| numbers[at] as u64);
    let target = target(blobs);
    row([
        &blobs.to_string(),
        process,
        &megabytes(resident),
        &format!("{:.1} B", resident as f64 / blobs as f64),
        &megabytes(peak),
        &format!("<= {}", megabytes(target)),
        verdict(resident <= target),
        verdict(peak <= target),
    ])
}

fn print_names(blobs: u64) {
    let mut keeper = Other::start("names", &[blobs.to_string()]);
    let bytes = keeper.numbers()[0];
    keeper.end();
    let each = format!("{:.1} B a blob", bytes / blobs as f64);
    let title = "For comparison: std's HashSet<(String, String)> of names and ETags";
    print_table(
        title,
        &[row([&blobs.to_string(), &megabytes(bytes as u64), &each])],
    );
}

/// The last line that a child prints.
const END: &str = "end";

fn print_memory() {
    let Memory { resident, peak } = Memory::now();
    println!("{resident} {peak}");
}

/// Learns of `blobs` blobs, sweeps, looks each up, and compacts the ledger.
async fn know(blobs: u64, endpoint: &str, dir: &Path) {
    let config = source::config(endpoint);
    let contents = source::contents(&config, blobs);
    let mut sweep = Sweep::new(source::listing(endpoint), &config, contents);
    let start = cpu();
    assert_eq!(sweep.run().await, blobs, "the sweep saw not every blob");
    let swept = cpu() - start;
    print_memory();
    println!(
        "{:.1} s CPU of a sweep ({:.2} us a blob)",
        swept.as_secs_f64(),
        micros_each(swept, blobs)
    );
    let looked = look_up_all(&mut sweep.ledger.lock(), blobs);
    println!(
        "{:.1} million look-ups a second and core",
        blobs as f64 / 1e6 / looked.as_secs_f64()
    );
    compact(&sweep, dir).await;
    let peak = megabytes(Memory::now().peak);
    println!("{peak} peak of a compaction, which holds a sixteenth of the snapshot as well\n{END}");
}

fn look_up_all(ledger: &mut Ledger, blobs: u64) -> Duration {
    let mut took = Duration::ZERO;
    ledger.start_sweep();
    for start in (0..blobs).step_by(MAX_DONE) {
        let end = blobs.min(start + MAX_DONE as u64);
        let batch: Vec<Fingerprint> = (start..end).map(source::fingerprint).collect();
        let before = cpu();
        for fingerprint in batch {
            assert_eq!(ledger.shown(fingerprint), Standing::Done);
        }
        took += cpu() - before;
    }
    let swept = ledger.finish_sweep("", 0, tokio::time::Instant::now());
    assert_eq!(swept.gone, 0);
    took
}

fn source_store(dir: &Path) -> SourceStore {
    SourceStore {
        store: Arc::new(Files(dir.to_owned())),
        source_id: "bench".to_owned(),
        writer: 1,
        rollover: Rollover::default(),
        stats: Arc::new(SourceStats::default()),
    }
}

async fn compact(sweep: &Sweep, dir: &Path) {
    let (mut journal, _) = Journal::open(&source_store(dir)).await.expect("a journal");
    let ledger = Arc::clone(&sweep.ledger);
    let others = tokio::spawn(async move {
        let mut longest = Duration::ZERO;
        loop {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let asked = Instant::now();
            let open = ledger.lock().contents().facts.is_some();
            longest = longest.max(asked.elapsed());
            LONGEST.fetch_max(longest.as_micros() as u64, Relaxed);
            assert!(open, "a ledger without facts");
        }
    });
    let begun = Instant::now();
    let draft = tokio::spawn(journal.draft(Arc::clone(&sweep.ledger)));
    let draft = draft.await.expect("no panic").expect("a draft");
    let (drafted, sealed) = (begun.elapsed(), Instant::now());
    let count = sweep.ledger.lock().contents().done.len() as u64;
    let compacted = journal.compact_to(draft, Vec::new(), count).await;
    compacted.expect("a compaction");
    others.abort();
    println!(
        "{} ms of a compaction, of which others wait for the ledger at most {:.1} ms at a time, and appends {:.1} ms",
        begun.elapsed().as_millis(),
        LONGEST.load(Relaxed) as f64 / 1e3,
        (begun.elapsed() - drafted)
            .min(sealed.elapsed())
            .as_secs_f64()
            * 1e3
    );
}

/// The longest that somebody waited for the ledger's lock, in microseconds.
static LONGEST: AtomicU64 = AtomicU64::new(0);

/// Reads back what [`know`] compacted, and sweeps.
async fn restart(blobs: u64, endpoint: &str, dir: &Path) {
    let config = source::config(endpoint);
    let (start, clock) = (cpu(), Instant::now());
    let recovered = recover(&source_store(dir)).await.expect("a ledger");
    let (took, wall) = (cpu() - start, clock.elapsed());
    assert_eq!(recovered.contents.done.len() as u64, blobs);
    let mut sweep = Sweep::new(source::listing(endpoint), &config, recovered.contents);
    assert_eq!(sweep.run().await, blobs, "the sweep saw not every blob");
    print_memory();
    println!(
        "{:.2} s CPU ({:.2} s by the clock) of reading the ledger back\n{END}",
        took.as_secs_f64(),
        wall.as_secs_f64()
    );
}

/// The obvious way to know blobs.
fn names(blobs: u64) {
    let before = Memory::now();
    let name_and_etag = |index| (Synthetic::name(index), Synthetic::etag(index));
    let known: HashSet<(String, String)> = (0..blobs).map(name_and_etag).collect();
    println!("{}", Memory::now().resident - before.resident);
    black_box(known);
}

/// A state container in a directory, so that its content is not in the memory that is measured.
struct Files(PathBuf);

impl Files {
    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name.replace('/', "~"))
    }
}

#[async_trait]
impl StateStore for Files {
    async fn list(&self, prefix: &str) -> Result<Vec<String>, StorageError> {
        let entries = fs::read_dir(&self.0).map_err(failed)?;
        let names = entries.flatten().map(|entry| {
            let name = entry.file_name();
            name.to_string_lossy().replace('~', "/")
        });
        let mut names: Vec<_> = names.filter(|name| name.starts_with(prefix)).collect();
        names.sort();
        Ok(names)
    }

    async fn read(&self, name: &str, from: u64, limit: u64) -> Result<Option<Chunk>, StorageError> {
        let Ok(mut file) = File::open(self.path(name)) else {
            return Ok(None);
        };
        let total = file.metadata().map_err(failed)?.len();
        let mut bytes = vec![0; limit.min(total.saturating_sub(from)) as usize];
        file.seek(SeekFrom::Start(from)).map_err(failed)?;
        file.read_exact(&mut bytes).map_err(failed)?;
        Ok(Some(Chunk {
            bytes: bytes.into(),
            total,
        }))
    }

    async fn create_append(&self, name: &str) -> Result<(), StorageError> {
        self.put_new(name, Bytes::new()).await.map(drop)
    }

    async fn append(&self, name: &str, at: u64, bytes: Bytes) -> Result<Appended, StorageError> {
        let path = self.path(name);
        if fs::metadata(&path).map_err(failed)?.len() != at {
            return Ok(Appended::PositionMoved);
        }
        let mut file = File::options().append(true).open(path).map_err(failed)?;
        file.write_all(&bytes).map_err(failed)?;
        Ok(Appended::Yes)
    }

    async fn put_new(&self, name: &str, bytes: Bytes) -> Result<Put, StorageError> {
        match File::create_new(self.path(name)) {
            Ok(mut file) => file.write_all(&bytes).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Put::Existed),
            Err(error) => return Err(failed(error)),
        }
        Ok(Put::Written)
    }

    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), StorageError> {
        fs::write(self.path(name), bytes).map_err(failed)
    }

    async fn put_part(&self, name: &str, part: &str, bytes: Bytes) -> Result<(), StorageError> {
        self.put(&format!("{name}.{part}"), bytes).await
    }

    async fn put_parts(&self, name: &str, parts: &[String]) -> Result<Put, StorageError> {
        let mut whole = File::create(self.path(name)).map_err(failed)?;
        for part in parts {
            let part = self.path(&format!("{name}.{part}"));
            let mut bytes = File::open(&part).map_err(failed)?;
            io::copy(&mut bytes, &mut whole).map_err(failed)?;
            fs::remove_file(part).map_err(failed)?;
        }
        Ok(Put::Written)
    }

    async fn delete(&self, name: &str) -> Result<(), StorageError> {
        fs::remove_file(self.path(name)).map_err(failed)
    }
}

fn failed(error: io::Error) -> StorageError {
    StorageError::new(StorageErrorKind::Rejected, error.to_string())
}
