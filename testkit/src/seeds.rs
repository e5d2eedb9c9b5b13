//! What simulations do with seeds.

use std::{env, fmt::Debug, ops::Range};

/// The seeds that an environment variable names: `1000` is the first thousand, `1000..2000` the second, so that
/// several processes can share a million. Without it, the first `usual` ones.
///
/// # Panics
/// If it says something else.
pub fn range(variable: &str, usual: u64) -> Range<u64> {
    let Ok(text) = env::var(variable) else {
        return 0..usual;
    };
    let (first, end) = text.split_once("..").unwrap_or(("0", &text));
    match (first.parse(), end.parse()) {
        (Ok(first), Ok(end)) if first < end => first..end,
        _ => panic!("{variable}={text} names no seeds: write `1000` or `1000..2000`"),
    }
}

/// The number that an environment variable says, if it says one.
pub fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

/// Runs a world on paused time, alone on this thread.
pub fn on_paused_time<T>(world: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(world)
}

/// One seed, with all that it logs.
pub fn tell<T: Debug>(seed: u64, run: impl FnOnce(u64) -> Result<T, String>) {
    let _ = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .without_time()
        .try_init();
    let tally = run(seed).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
    println!("seed {seed}: {tally:?}");
}

/// That the same seeds tell the same stories.
pub fn replay<T: Debug>(run: impl Fn(u64) -> Result<T, String>) {
    for seed in [3, 14, 15] {
        let stories = [(); 2].map(|()| format!("{:?}", run(seed)));
        assert_eq!(stories[0], stories[1]);
    }
}

/// That one of the first `seeds` shows that `mutant` is wrong.
pub fn catch<T: Debug>(mutant: impl Debug, seeds: u64, run: impl Fn(u64) -> Result<T, String>) {
    let caught = (0..seeds).find_map(|seed| Some((seed, run(seed).err()?)));
    let (seed, broken) = caught
        .unwrap_or_else(|| panic!("{mutant:?} was not caught: the simulation proves nothing"));
    println!("{mutant:?} is caught by seed {seed}: {broken}");
}
