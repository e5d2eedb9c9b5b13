//! Whether the ledger can be written.

use bytes::Bytes;

use super::{connect::advice, patience::in_time};
use crate::{
    cli::report::Step,
    config::SourceConfig,
    journal::number::unused_number,
    ports::{
        connect::Opened,
        error::StorageError,
        state::{Appended, StateStore},
    },
};

/// Whether the ledger can be written: tries it, and leaves nothing behind.
pub(super) async fn step(opened: &Opened, config: &SourceConfig, id: &str) -> Step {
    let Some(state) = &opened.state else {
        return Step::warn(
            "state",
            "none is configured: after a restart the server does not know what was announced before".to_owned(),
            "create a container for it, and write its name as `state`",
        );
    };
    let probe = format!("{id}/check-{:016x}", unused_number());
    let written = in_time(write(state.as_ref(), &probe)).await;
    // Leave nothing behind, whether it worked or not.
    let deleted = in_time(state.delete(&probe)).await;
    match written.and_then(|fenced| deleted.map(|()| fenced)) {
        Ok(true) => Step::ok("state", format!("wrote and deleted {probe}")),
        Ok(false) => Step::fail(
            "state",
            "an append at an occupied position was accepted".to_owned(),
            "this is not Azure Storage, or it is an incomplete emulator: two servers could both write the ledger",
        ),
        Err(error) => Step::fail(
            "state",
            error.to_string(),
            advice(
                error.kind,
                config,
                "Storage Blob Data Contributor",
                "state container",
            ),
        ),
    }
}

/// Whether an append at a position that is taken is refused, as it must be.
async fn write(state: &dyn StateStore, probe: &str) -> Result<bool, StorageError> {
    let bytes = Bytes::from_static(b"check");
    state.create_append(probe).await?;
    let first = state.append(probe, 0, bytes.clone()).await?;
    let second = state.append(probe, 0, bytes).await?;
    Ok((first, second) == (Appended::Yes, Appended::PositionMoved))
}
