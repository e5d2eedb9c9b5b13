//! What a process takes, as the system tells it.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

/// The clock ticks of a second in `/proc/PID/stat` (Linux shows 100 to programs on every machine).
const TICKS: f64 = 100.0;

/// The resident memory of a process, in KiB; zero once it has ended.
pub(crate) fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.map_or(0, |number| number.parse().unwrap())
}

/// How many descriptors a process has open.
pub(crate) fn descriptors(process: u32) -> usize {
    fs::read_dir(format!("/proc/{process}/fd")).unwrap().count()
}

/// The processor time that a process has had.
fn processor(process: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name in parentheses may hold anything; what follows has a fixed order (proc(5)).
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    Duration::from_secs_f64(ticks / TICKS)
}

/// The share of one core that a process takes while nothing but `time` passes.
pub(crate) async fn busy(process: u32, time: Duration) -> f64 {
    let (before, began) = (processor(process), Instant::now());
    tokio::time::sleep(time).await;
    (processor(process) - before).as_secs_f64() / began.elapsed().as_secs_f64()
}

/// How many times as long as on an idle machine a program takes here and now, because others compute too.
pub(crate) fn crowd() -> f64 {
    // The time that this thread was on a processor, in nanoseconds (Documentation/scheduler/sched-stats).
    let on_processor = || -> f64 {
        let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        stat.split_whitespace().next().unwrap().parse().unwrap()
    };
    let (began, before) = (Instant::now(), on_processor());
    while began.elapsed() < Duration::from_millis(100) {
        std::hint::spin_loop();
    }
    let had = (on_processor() - before) / 1e9;
    (began.elapsed().as_secs_f64() / had.max(0.001)).max(1.0)
}

/// Looks at a process every few milliseconds and keeps the most memory that it had.
pub(crate) struct Peak {
    most: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    /// How late this thread was woken at worst: how busy the machine is with other things.
    late: Arc<AtomicU64>,
}

impl Peak {
    const EVERY: Duration = Duration::from_millis(20);

    /// Starts to look.
    pub(crate) fn watch(process: u32) -> Self {
        let peak = Self {
            most: Arc::new(AtomicU64::new(resident(process))),
            stop: Arc::default(),
            late: Arc::default(),
        };
        let (most, stop, late) = (peak.most.clone(), peak.stop.clone(), peak.late.clone());
        thread::spawn(move || {
            while !stop.load(Relaxed) {
                let asleep = Instant::now();
                thread::sleep(Self::EVERY);
                let over = asleep.elapsed().saturating_sub(Self::EVERY);
                late.fetch_max(over.as_millis() as u64, Relaxed);
                most.fetch_max(resident(process), Relaxed);
            }
        });
        peak
    }

    /// The most so far, in KiB.
    pub(crate) fn most(&self) -> u64 {
        self.most.load(Relaxed)
    }

    /// How late a thread was woken at worst.
    pub(crate) fn late(&self) -> Duration {
        Duration::from_millis(self.late.load(Relaxed))
    }
}

impl Drop for Peak {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}
