//! Work on all processors, with results in the order of the work.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result};

/// What `work` makes of each number below `count`, in their order, whoever was done first.
///
/// The greatest number is begun first: where jobs grow, no thread is left with the longest at the end.
///
/// # Errors
///
/// The error of a job, if one fails.
pub fn map<T: Send>(count: usize, work: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
    let left = AtomicUsize::new(count);
    let take = || {
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        })
    };
    let worker = || -> Result<Vec<(usize, T)>> {
        let mut done = Vec::new();
        while let Ok(left) = take() {
            done.push((left - 1, work(left - 1)?));
        }
        Ok(done)
    };
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(count);
    let mut done = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let ended = workers
            .into_iter()
            .map(|it| it.join().ok().context("a thread did not end")?);
        ended
            .collect::<Result<Vec<_>>>()
            .map(|parts| parts.into_iter().flatten().collect::<Vec<_>>())
    })?;
    done.sort_by_key(|(job, _)| *job);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn results_stand_in_the_order_of_the_work_and_an_error_is_told() -> Result<()> {
        assert_eq!(
            map(100, |job| Ok(job * 2))?,
            (0..100).map(|job| job * 2).collect::<Vec<_>>()
        );
        assert!(map(0, Ok)?.is_empty());
        assert!(map(9, |job| if job == 4 { bail!("no") } else { Ok(job) }).is_err());
        Ok(())
    }
}
