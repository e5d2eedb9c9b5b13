//! Waiting for what becomes true in a while, and saying what was missing when it does not.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How often is looked.
const PACE: Duration = Duration::from_millis(250);

/// Looks until `look` has an answer; gives up with its last word after `patience`. `look` answers
/// with `Err(why not yet)`.
pub(crate) async fn until<T>(
    what: &str,
    patience: Duration,
    mut look: impl AsyncFnMut() -> Result<T>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        let left = patience.saturating_sub(start.elapsed());
        let why = match tokio::time::timeout(left + PACE, look()).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(why)) => format!("{why:#}"),
            Err(_) => "no answer".to_owned(),
        };
        if start.elapsed() > patience {
            bail!("{what}: not within {} s: {why}", patience.as_secs());
        }
        tokio::time::sleep(PACE).await;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[tokio::test]
    async fn it_waits_and_then_says_what_was_missing() {
        let mut left = 2;
        let look = async || {
            left -= 1;
            if left == 0 {
                Ok(7)
            } else {
                Err(anyhow!("{left} left"))
            }
        };
        assert_eq!(until("x", Duration::from_secs(5), look).await.unwrap(), 7);
        let never = async || Err::<(), _>(anyhow!("two of three"));
        let error = until("x", Duration::ZERO, never).await.unwrap_err();
        assert!(error.to_string().ends_with("two of three"), "{error}");
    }
}
