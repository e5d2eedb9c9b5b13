//! What feeds a reader, and what is expected of each.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use testkit::{rng::Rng, seeds};

/// The longest that any input may take: some are 64 KiB, on a machine that does other things as well.
const SLOWEST: Duration = Duration::from_secs(5);

/// What a reader made of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It said what is wrong.
    Refused,
    /// It read it.
    Read,
}

/// Feeds a reader until time is up. `next` makes an input, to be shown when it breaks the reader, and the reading of it.
pub(crate) fn feed<R: FnOnce() -> Outcome>(mut next: impl FnMut(&mut Rng) -> (Vec<u8>, R)) {
    let seed = seeds::number("FUZZ_SEED").unwrap_or(1);
    let time = Duration::from_secs(seeds::number("FUZZ_SECONDS").unwrap_or(2));
    let (mut rng, start, mut counts) = (Rng::new(seed), Instant::now(), [0_u64; 2]);
    while start.elapsed() < time {
        let (input, read) = next(&mut rng);
        let began = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(read));
        let took = began.elapsed();
        let input = String::from_utf8_lossy(&input);
        match outcome {
            Ok(outcome) => counts[outcome as usize] += 1,
            Err(_) => panic!("seed {seed}, after {counts:?}: {input:?}"),
        }
        assert!(took < SLOWEST, "seed {seed}: {took:?} for {input:?}");
    }
    println!("seed {seed}: {} refused, {} read", counts[0], counts[1]);
    assert!(
        counts.iter().all(|count| *count > 0),
        "it tries one side only: {counts:?}"
    );
}

/// A message that people can read at once, whatever was in the input.
pub(crate) fn is_a_sentence(message: &str) {
    is_a_sentence_of(600, message);
}

/// The same of a message that repeats something long, such as a URL.
pub(crate) fn is_a_sentence_of(most: usize, message: &str) {
    let is_plain = !message.is_empty() && !message.contains('\n');
    assert!(is_plain && message.len() < most, "{message}");
}

/// One of `documents`, cut, repeated, and with `words` in it that mean something to its reader.
pub(crate) fn mutated(rng: &mut Rng, documents: &[&str], words: &[&str]) -> Vec<u8> {
    let bytes = rng.pick(documents).as_bytes().to_vec();
    mutate(rng, bytes, words)
}

/// The same of one document.
pub(crate) fn mutate(rng: &mut Rng, mut bytes: Vec<u8>, words: &[&str]) -> Vec<u8> {
    for _ in 0..=rng.below(6) {
        let at = rng.below(bytes.len() as u64 + 1) as usize;
        let end = (at + rng.below(24) as usize).min(bytes.len());
        match rng.below(6) {
            0 => drop(bytes.drain(at..end)),
            1 => bytes.truncate(at),
            2 => bytes.splice(at..at, rng.pick(words).bytes()).for_each(drop),
            3 => bytes
                .splice(at..end, rng.pick(words).bytes())
                .for_each(drop),
            4 => {
                let part = bytes[at..end].repeat(1 + rng.below(300) as usize);
                bytes.splice(at..at, part).for_each(drop);
            }
            _ => bytes[at..end]
                .iter_mut()
                .for_each(|byte| *byte ^= 1 << rng.below(8)),
        }
    }
    bytes
}
