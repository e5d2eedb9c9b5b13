//! A message that tells of a blob, as Event Grid puts it.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use time::OffsetDateTime;

use crate::event::rfc3339;

/// The text of a message that tells of a blob, which came to be where it is at `time`: CloudEvents, as base64.
pub fn tell(container: &str, name: &str, etag: &str, time: OffsetDateTime) -> String {
    let event = json!({
        "specversion": "1.0",
        "type": "Microsoft.Storage.BlobCreated",
        "source": "azure-blob-eventsource",
        "id": format!("replay-{etag}"),
        "time": rfc3339(time),
        "subject": format!("/blobServices/default/containers/{container}/blobs/{name}"),
        "data": {"api": "Replay", "eTag": etag},
    });
    STANDARD.encode(event.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        blob::is_name,
        notification::{Kind, parse},
    };

    proptest! {
        #[test]
        fn what_is_told_is_read(
            name in any::<String>().prop_filter("a name", |name| is_name(name) && !name.contains('\u{fffd}')),
            etag in "0x[0-9A-F]{16}",
            seconds in 0..4_000_000_000_i64,
        ) {
            let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            let told = parse(&tell("datasets", &name, &etag, time), "").unwrap().remove(0);
            prop_assert_eq!((told.kind, told.container.as_str()), (Kind::Created, "datasets"));
            prop_assert_eq!(told.name, name);
            prop_assert_eq!((told.etag, told.time), (Some(etag), Some(time)));
        }
    }
}
