//! What the benches share: CPU time and memory of this process, other processes of this very
//! binary, medians and tables.
//!
//! Machines are noisy and differ, so what counts is CPU time (not the clock's), ratios within one
//! run, and medians of rounds that take turns.

// Each bench uses another part of this.
#![allow(dead_code)]

use std::{
    env, fs,
    io::{BufRead, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use nix::sys::resource::{UsageWho, getrusage};

pub(crate) mod go_client;
pub(crate) mod place;
pub(crate) mod plot;
pub(crate) mod program;
pub(crate) mod queue;
pub(crate) mod server;
pub(crate) mod source;

/// What a child process of a bench is told to be, before its own arguments.
const ROLE: &str = "--role";

/// Whether figures are wanted. Without cargo's `--bench`, as `cargo test --benches` starts it, a
/// bench goes once through everything with small numbers.
pub(crate) fn is_measured() -> bool {
    env::args().any(|argument| argument == "--bench")
}

/// `large` when figures are wanted, else `small`.
pub(crate) fn size<T>(large: T, small: T) -> T {
    if is_measured() { large } else { small }
}

/// The role and the arguments of a child process; `None` in the bench itself.
pub(crate) fn role() -> Option<(String, Vec<String>)> {
    let mut arguments = env::args().skip_while(|argument| argument != ROLE).skip(1);
    Some((arguments.next()?, arguments.collect()))
}

/// CPU time of this process so far, the system's on its behalf included.
pub(crate) fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("a process may ask for its own usage");
    [usage.user_time(), usage.system_time()]
        .map(|time| Duration::new(time.tv_sec() as u64, time.tv_usec() as u32 * 1000))
        .iter()
        .sum()
}

/// CPU time per piece of work, in microseconds.
pub(crate) fn micros_each(cpu: Duration, count: u64) -> f64 {
    cpu.as_secs_f64() * 1e6 / count as f64
}

/// Memory of this process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// Bytes that are resident now.
    pub(crate) resident: u64,
    /// The most that ever were.
    pub(crate) peak: u64,
}

impl Memory {
    /// Now, and the peak is counted from here on.
    pub(crate) fn start_peak() -> Self {
        fs::write("/proc/self/clear_refs", "5").expect("this bench needs Linux");
        Self::now()
    }

    /// Now, as Linux counts it.
    pub(crate) fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").expect("this bench needs Linux");
        Self {
            resident: number_after(&status, "VmRSS:") << 10,
            peak: number_after(&status, "VmHWM:") << 10,
        }
    }
}

/// The number behind `field`, at the beginning of a line of one of Linux's files about a process; 0 without such a line.
pub(crate) fn number_after(text: &str, field: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number.map_or(0, |number| number.parse().expect("a number"))
}

/// The one in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[half]
    } else {
        (sorted[half - 1] + sorted[half]) / 2.0
    }
}

/// The median with the least and the greatest, as text.
pub(crate) fn spread(values: &[f64]) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{:.2} ({least:.2} to {greatest:.2})", median(values))
}

/// How a figure stands to its target.
pub(crate) fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

/// Bytes as megabytes of a million.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Prints rows in columns under a title. The first row is the head.
pub(crate) fn print_table(title: &str, rows: &[Vec<String>]) {
    println!("\n{title}");
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let line: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        println!("  {}", line.join("  ").trim_end());
    }
}

/// A row of a table.
pub(crate) fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// This very binary in another role. It ends when it is dropped: a server sees its input end.
pub(crate) struct Other {
    child: Child,
    input: Option<ChildStdin>,
    lines: BufReader<ChildStdout>,
}

impl Other {
    /// Starts it.
    pub(crate) fn start(role: &str, arguments: &[String]) -> Self {
        let mut command = Command::new(env::current_exe().expect("this binary has a path"));
        if is_measured() {
            command.arg("--bench");
        }
        let mut child = command
            .arg(ROLE)
            .arg(role)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this binary runs");
        Self {
            input: child.stdin.take(),
            lines: BufReader::new(child.stdout.take().expect("a pipe")),
            child,
        }
    }

    /// The next line that it prints.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line of text");
        assert!(!line.is_empty(), "the other process ended early");
        line.trim().to_owned()
    }

    /// The next line as numbers.
    pub(crate) fn numbers(&mut self) -> Vec<f64> {
        let line = self.line();
        let words = line.split_whitespace();
        words.map(|word| word.parse().expect("a number")).collect()
    }

    /// Waits for its end, which must be a good one.
    pub(crate) fn end(mut self) {
        drop(self.input.take());
        let status = self.child.wait().expect("a child of ours");
        assert!(status.success(), "the other process failed: {status}");
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
