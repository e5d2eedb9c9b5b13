//! How many files and connections the system lets this process have, and who may use them.

use std::io;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tracing::warn;

/// The places that a port has when there are enough descriptors. A cluster needs few at a time:
/// probes, and clients on their way to a live stream. Each costs some 20 kB of memory.
const GRPC: usize = 128;
/// The same of the admin port: probes, Prometheus, people.
const ADMIN: usize = 64;
/// What a live stream needs: its own connection, and those to the storage account and to the cluster.
const OF_A_STREAM: usize = 4;
/// What the process needs beside: the runtime, both ports, logs, files of credentials.
const OWN: usize = 32;

/// How many connections without a live stream each port may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// Of the gRPC port.
    pub grpc: usize,
    /// Of the admin port.
    pub admin: usize,
}

impl Shares {
    // Strangers get a third at most: the rest is for live streams and for calls to the storage account.
    fn of(limit: usize) -> Self {
        Self {
            grpc: GRPC.min(limit * 2 / 9).max(1),
            admin: ADMIN.min(limit / 9).max(1),
        }
    }
}

/// Asks the system for all the descriptors that it allows, and shares them out. Warns when they are
/// too few for `streams` live streams.
pub fn share(streams: usize) -> Shares {
    let limit = match raise() {
        Ok(limit) => limit,
        Err(error) => {
            warn!(%error, "the limit of open files cannot be read");
            usize::MAX
        }
    };
    let needed = needed(streams);
    if limit < needed {
        warn!(
            limit,
            "this process may open {limit} files and connections, and needs up to {needed}: \
             raise the limit (`ulimit -n`), or lower --max-streams, which is {streams}"
        );
    }
    Shares::of(limit)
}

fn needed(streams: usize) -> usize {
    let of_streams = streams.saturating_mul(OF_A_STREAM);
    of_streams.saturating_add(GRPC + ADMIN + OWN)
}

// Shells and service managers set a low limit for programs that count descriptors in old ways, and
// let all others raise it.
fn raise() -> io::Result<usize> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    }
    Ok(usize::try_from(hard).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use crate::listener::descriptors::*;

    #[test]
    fn with_few_descriptors_strangers_get_a_third() {
        let shares = |grpc, admin| Shares { grpc, admin };
        assert_eq!(Shares::of(1024), shares(128, 64));
        assert_eq!(Shares::of(usize::MAX / 2), shares(128, 64));
        assert_eq!(Shares::of(180), shares(40, 20));
        assert_eq!(Shares::of(0), shares(1, 1));
    }

    #[test]
    fn the_defaults_fit_into_a_common_limit() {
        assert!(needed(64) < 1024);
        assert!(needed(usize::MAX) > 1024);
    }
}
