//! What simulations do with seeds.

use std::{env, fmt::Debug};

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
