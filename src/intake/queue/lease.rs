//! The lease on a message, kept for as long as its message is worked on.

use std::{future::Future, pin::pin};

use tokio::time::{Instant, sleep_until};

use super::setup::{HIDE, Queue};
use crate::ports::{
    error::StorageError,
    notifications::{Hidden, Lease},
};

/// Works for as long as it takes and renews the lease meanwhile: `None` when somebody else has the message by now, or
/// it comes again. What the work has begun goes on and is known to the ledger.
///
/// # Errors
/// What waiting does not fix.
pub(super) async fn during<T>(
    queue: &Queue,
    lease: &mut Lease,
    work: impl Future<Output = T>,
) -> Result<Option<T>, StorageError> {
    let mut work = pin!(work);
    loop {
        let renew = Instant::now() + HIDE / 2;
        tokio::select! {
            biased;
            worked = &mut work => return Ok(Some(worked)),
            () = sleep_until(renew) => {
                let hide = || queue.queue.hide(lease, HIDE);
                match queue.retry("renew the lease of a message").run(hide).await? {
                    Hidden::Yes(renewed) => *lease = renewed,
                    Hidden::Lost => return Ok(None),
                }
            }
        }
    }
}
