//! Work on all processors, with results in the order of the work.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result};

/// From how many values on a second thread is worth its start.
pub const MANY_VALUES: usize = 50_000;

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
    let threads = processors().min(count);
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

/// Lets `work` change what belongs to each item, `width` values for each, on all processors at once if there are
/// [`MANY_VALUES`].
///
/// # Errors
///
/// If a thread ends early.
pub fn chunks<I: Sync, T: Send>(
    items: &[I],
    (values, width): (&mut [T], usize),
    work: impl Fn(&[I], &mut [T]) + Sync,
) -> Result<()> {
    if values.len() < MANY_VALUES {
        work(items, values);
        return Ok(());
    }
    let count = items.len().div_ceil(processors()).max(1);
    let parts = items.chunks(count).zip(values.chunks_mut(count * width));
    thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = parts
            .map(|(items, values)| scope.spawn(move || work(items, values)))
            .collect();
        workers
            .into_iter()
            .try_for_each(|it| it.join().ok().context("a thread did not end"))
    })
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
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

    #[test]
    fn each_item_changes_its_own_values() -> Result<()> {
        for count in [7, MANY_VALUES + 1] {
            let items: Vec<_> = (0..count).collect();
            let mut values = vec![0; 2 * count];
            chunks(&items, (&mut values, 2), |items, values| {
                for (item, values) in items.iter().zip(values.chunks_exact_mut(2)) {
                    values[1] += item;
                }
            })?;
            let expected: Vec<_> = items.iter().flat_map(|&item| [0, item]).collect();
            assert_eq!(values, expected);
        }
        chunks(&[0; 0], (&mut [0; 0], 2), |_, _| ())
    }
}
