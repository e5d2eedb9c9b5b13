//! What is promised, a case each.

use futures::future::LocalBoxFuture;

use crate::{install::Setup, stage::Stage};

mod basics;
mod bus;
mod chaos;
mod control_plane;
mod pipeline;
mod poison;
mod refusals;
mod restarts;

/// One case.
pub(crate) struct Case {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// What happens in it.
    pub(crate) about: &'static str,
    /// Whether it is one of the short selection.
    pub(crate) short: bool,
    /// Whether it kills parts of the control plane.
    pub(crate) needs_faults: bool,
    /// What is different from what is shipped.
    pub(crate) setup: Setup,
    /// Plays it.
    pub(crate) play: for<'a> fn(&'a Stage) -> LocalBoxFuture<'a, anyhow::Result<()>>,
}

/// Redelivery that is quick enough for a test.
const IMPATIENT: &str = "redelivery: {deadline: 5s, maxAttempts: 3}";

const USUAL: Setup = Setup {
    redelivery: "redelivery: {deadline: 10s}",
    forgetful_bus: false,
    pipeline: false,
    at_once: false,
};

/// All of them, in the order in which they run.
pub(crate) const CASES: &[Case] = &[
    Case {
        name: "twenty",
        about: "20 blobs become 20 Workflows, a second version another, the same ones again none",
        short: true,
        needs_faults: false,
        setup: Setup {
            at_once: true,
            ..USUAL
        },
        play: |stage| Box::pin(basics::twenty(stage)),
    },
    Case {
        name: "pipeline",
        about: "a dataset becomes a model and a report, and the Workflow says the score",
        short: true,
        needs_faults: false,
        setup: Setup {
            pipeline: true,
            ..USUAL
        },
        play: |stage| Box::pin(pipeline::dataset(stage)),
    },
    Case {
        name: "server_killed",
        about: "the server is killed in the middle of a burst, twice",
        short: true,
        needs_faults: false,
        setup: USUAL,
        play: |stage| Box::pin(restarts::server_killed(stage)),
    },
    Case {
        name: "eventsource_before_sensor",
        about: "the EventSource is back before the Sensor, and what it publishes is lost",
        short: true,
        needs_faults: false,
        setup: USUAL,
        play: |stage| Box::pin(restarts::eventsource_before_sensor(stage)),
    },
    Case {
        name: "bus_lost",
        about: "a bus without persistence loses its pods; the source stalls until the cure is applied",
        short: false,
        needs_faults: false,
        setup: Setup {
            redelivery: IMPATIENT,
            forgetful_bus: true,
            ..USUAL
        },
        play: |stage| Box::pin(bus::lost(stage)),
    },
    Case {
        name: "poison",
        about: "one dataset is refused by a policy: a dead letter for that one alone, retried after the fix",
        short: true,
        needs_faults: false,
        setup: Setup {
            redelivery: IMPATIENT,
            ..USUAL
        },
        play: |stage| Box::pin(poison::poison(stage)),
    },
    Case {
        name: "sensor_forbidden",
        about: "the Sensor may not make Workflows; the source stalls until it may",
        short: false,
        needs_faults: false,
        setup: Setup {
            redelivery: IMPATIENT,
            ..USUAL
        },
        play: |stage| Box::pin(refusals::sensor_forbidden(stage)),
    },
    Case {
        name: "deleted_by_hand",
        about: "a Workflow that a person deletes after it was confirmed never comes again",
        short: false,
        needs_faults: false,
        setup: USUAL,
        play: |stage| Box::pin(basics::deleted_by_hand(stage)),
    },
    Case {
        name: "takeover",
        about: "the server that streams is killed, and the other one goes on within 10 s of the reconnect",
        short: false,
        needs_faults: false,
        setup: USUAL,
        play: |stage| Box::pin(restarts::takeover(stage)),
    },
    Case {
        name: "apiserver_killed",
        about: "the API server is killed while blobs arrive",
        short: false,
        needs_faults: true,
        setup: USUAL,
        play: |stage| Box::pin(control_plane::killed(stage, "apiserver")),
    },
    Case {
        name: "etcd_killed",
        about: "etcd is killed while blobs arrive",
        short: false,
        needs_faults: true,
        setup: USUAL,
        play: |stage| Box::pin(control_plane::killed(stage, "etcd")),
    },
    Case {
        name: "random_deletions",
        about: "60 blobs through five minutes of pods that are deleted at random",
        short: false,
        needs_faults: false,
        setup: USUAL,
        play: |stage| Box::pin(chaos::random_deletions(stage)),
    },
];
