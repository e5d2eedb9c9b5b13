//! What strangers may take of the gRPC port. Each number has its reason; none is an option, because
//! nothing a well-meaning client does comes near them.

use std::time::Duration;

use crate::listener::activity::Times;

/// How long a connection may take, or do nothing.
pub const TIMES: Times = Times {
    // A probe and Argo's client ask as soon as they are connected; a slow network takes a second.
    hello: Duration::from_secs(10),
    // Long enough for a person with grpcurl's like; all clients reconnect by themselves.
    idle: Duration::from_secs(60),
    // Health watches and reflection are the only requests of length without a live stream.
    busy: Duration::from_secs(300),
};
/// How long a TLS handshake may take. It is two round trips.
pub const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a request may take from its first header to its last byte. It has 256 KiB at most.
pub const REQUEST: Duration = Duration::from_secs(10);

/// Streams that a client may have open on one connection. RFC 9113 (section 6.5.2) advises at least 100.
pub const STREAMS: u32 = 100;
/// Unanswered requests of all connections without a live stream together. Each takes some 12 kB.
pub const REQUESTS: usize = 1024;
/// The headers of a request, uncompressed. A token and what proxies add have 2 kB.
pub const HEADERS: u32 = 8 * 1024;
/// What a client may send ahead on one stream, in bytes: a whole configuration.
pub const STREAM_WINDOW: u32 = 64 * 1024;
/// What a client may send ahead on one connection, in bytes. So much may wait unread, times the places.
pub const CONNECTION_WINDOW: u32 = 128 * 1024;

/// The longest request about health, in bytes: a service's name.
pub const HEALTH_BYTES: usize = 1024;
/// The longest request of reflection, in bytes: a file's or symbol's name.
pub const REFLECTION_BYTES: usize = 4 * 1024;
/// Health watches at once. A client has one for each connection, if any.
pub const WATCHES: usize = 64;
/// Health watches at once on one connection.
pub const CONNECTION_WATCHES: usize = 8;
/// Reflection streams at once. A person has one or two.
pub const REFLECTIONS: usize = 32;
/// Requests for streams that are read and begun at once. All streams of a server come back at once
/// after a restart, each within milliseconds; a request takes 256 KiB at most.
pub const STARTS: usize = 64;
/// Requests for streams that wait for their turn.
pub const STARTS_WAITING: usize = 256;

/// The longest configuration that is read.
pub const CONFIG_BYTES: usize = 64 * 1024;
/// The longest name of an event. A Kubernetes name has at most 253; each event bears this one.
pub const NAME_BYTES: usize = 256;
/// Within so long a newcomer proves itself while the stream before it looks alive. Longer than
/// [`DEAD_FOUND`]: by then a stream that only looked alive is in nobody's way.
pub const PROOF: Duration = Duration::from_secs(15);
/// So many take-overs of a live stream are let pass within a minute.
pub const TAKE_OVERS: usize = 3;
/// The longest request. It leaves room above [`CONFIG_BYTES`], so that a configuration that is
/// somewhat too long is told so in our words and not in the library's.
pub const REQUEST_BYTES: usize = 4 * CONFIG_BYTES;
/// The request metadata that asks, when it is `1`, for one sweep and then the end.
pub const ONCE_METADATA: &str = "azure-blob-eventsource-once";
/// The request metadata that says, when it is `1`, that the client only watches: no live stream ends for it, and nothing
/// is made of its events, so none is waited for.
pub const WATCH_METADATA: &str = "azure-blob-eventsource-watch";
/// The request metadata that says, when it is `1`, that the client takes over a source that has run: a name that none has is
/// refused.
pub const TAKE_OVER_METADATA: &str = "azure-blob-eventsource-take-over";

/// A ping after so long without a word, and no longer than this for its answer: a dead client is
/// found within 8 s. That must be less than `limits.settle` (10 s by default), or an event that a
/// dead client never received would settle and count as done.
pub const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// Within so long a client that went without a word is found.
pub const DEAD_FOUND: Duration = Duration::from_secs(8);
