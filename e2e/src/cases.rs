//! What is promised, a case each.

use futures::future::LocalBoxFuture;

use crate::{
    install::{Bus, Setup, Steps},
    stage::Stage,
};

mod basics;
mod batches;
mod bus;
mod chaos;
mod chart;
mod control_plane;
mod fed;
mod flow;
mod jobs;
mod latency;
mod migrate;
mod mistakes;
mod names;
mod notified;
mod overlays;
mod pipeline;
mod poison;
mod refusals;
mod replicas;
mod restarts;
mod secrets;
mod two_pipelines;

/// One case.
pub(crate) struct Case {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// What happens in it.
    pub(crate) about: &'static str,
    /// Whether it is one of the short selection.
    pub(crate) short: bool,
    /// What it needs beyond a cluster.
    pub(crate) needs: &'static [Need],
    /// What is different from what is shipped.
    pub(crate) setup: Setup,
    /// Plays it.
    pub(crate) play: for<'a> fn(&'a Stage) -> LocalBoxFuture<'a, anyhow::Result<()>>,
}

/// What not everybody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// A cluster with this process in its network, which can kill its control plane and cut its pods off.
    AtHand,
    /// Python with onnxruntime and scikit-learn.
    Python,
}

/// Redelivery that is quick enough for a test.
const IMPATIENT: &str = "redelivery: {deadline: 5s, maxAttempts: 3}";

const USUAL: Setup = Setup::USUAL;

/// All of them, in the order in which they run.
pub(crate) const CASES: &[Case] = &[
    Case {
        name: "twenty",
        about: "20 blobs become 20 Workflows, a second version another, the same ones again none",
        short: true,
        needs: &[],
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
        needs: &[],
        setup: Setup {
            steps: Steps::Pipeline,
            ..USUAL
        },
        play: |stage| Box::pin(pipeline::dataset(stage)),
    },
    Case {
        name: "names",
        about: "names that templates would evaluate: each dataset runs as itself, and nothing is evaluated",
        short: false,
        needs: &[],
        setup: Setup {
            steps: Steps::Pipeline,
            active_workflows: 4,
            ..USUAL
        },
        play: |stage| Box::pin(names::are_not_code(stage)),
    },
    Case {
        name: "server_killed",
        about: "all servers are killed in the middle of a burst, twice: each blob has its one Workflow",
        short: true,
        needs: &[],
        setup: USUAL,
        play: |stage| Box::pin(restarts::server_killed(stage)),
    },
    Case {
        name: "eventsource_before_sensor",
        about: "the EventSource is back before the Sensor, and what it publishes is lost: all of it comes again",
        short: true,
        needs: &[],
        setup: USUAL,
        play: |stage| Box::pin(restarts::eventsource_before_sensor(stage)),
    },
    Case {
        name: "bus_lost",
        about: "a bus without persistence loses its pods: the source stalls with the cure, gives nothing up, and then loses nothing",
        short: false,
        needs: &[],
        setup: Setup {
            redelivery: IMPATIENT,
            bus: Bus::Forgetful,
            ..USUAL
        },
        play: |stage| Box::pin(bus::lost(stage)),
    },
    Case {
        name: "bus_killed_empty",
        about: "a bus is killed before its first message: what comes afterwards is read and becomes Workflows",
        short: true,
        needs: &[],
        setup: USUAL,
        play: |stage| Box::pin(bus::killed_empty(stage)),
    },
    Case {
        name: "poison",
        about: "one dataset is refused by a policy: a dead letter for that one alone, retried after the fix",
        short: true,
        needs: &[],
        setup: Setup {
            redelivery: IMPATIENT,
            kubernetes_events: true,
            ..USUAL
        },
        play: |stage| Box::pin(poison::poison(stage)),
    },
    Case {
        name: "sensor_forbidden",
        about: "the Sensor may not make Workflows: the source stalls with the cure, and gives nothing up until it may",
        short: false,
        needs: &[],
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
        needs: &[],
        setup: USUAL,
        play: |stage| Box::pin(basics::deleted_by_hand(stage)),
    },
    Case {
        name: "listing_blank",
        about: "a proxy shows an empty listing for a while, and nothing runs again though its Workflow is gone",
        short: false,
        needs: &[],
        setup: Setup {
            proxy: true,
            ..USUAL
        },
        play: |stage| Box::pin(basics::listing_blank(stage)),
    },
    Case {
        name: "takeover",
        about: "the server that streams is killed, and the other one goes on within 10 s of the reconnect",
        short: false,
        needs: &[],
        setup: USUAL,
        play: |stage| Box::pin(restarts::takeover(stage)),
    },
    Case {
        name: "apiserver_killed",
        about: "the API server is killed twice while blobs arrive: each has its one Workflow",
        short: false,
        needs: &[Need::AtHand],
        setup: USUAL,
        play: |stage| Box::pin(control_plane::killed(stage, "apiserver")),
    },
    Case {
        name: "etcd_killed",
        about: "etcd is killed twice while blobs arrive: each has its one Workflow",
        short: false,
        needs: &[Need::AtHand],
        setup: USUAL,
        play: |stage| Box::pin(control_plane::killed(stage, "etcd")),
    },
    Case {
        name: "two_sensors",
        about: "examples/two-sensors: a Workflow of each Sensor for each blob, though the second one is away at first",
        short: false,
        needs: &[],
        setup: two_pipelines::SENSORS,
        play: |stage| Box::pin(two_pipelines::second_sensor_is_away(stage)),
    },
    Case {
        name: "two_sources",
        about: "two sources over one container, with a Sensor each: a Workflow of each for each blob, the old ones too",
        short: true,
        needs: &[],
        setup: USUAL,
        play: |stage| Box::pin(two_pipelines::second_source_has_all_of_its_own(stage)),
    },
    Case {
        name: "notified",
        about: "notifications from a queue, every third withheld, and a sweep now and then; all servers are killed twice: each blob has its one Workflow",
        short: true,
        needs: &[Need::AtHand],
        setup: Setup {
            source: "source: {queue: {name: dataset-events}, listing: {interval: 20s}}",
            ..USUAL
        },
        play: |stage| Box::pin(notified::with_losses(stage)),
    },
    Case {
        name: "notified_alone",
        about: "notifications from a queue and no sweep, while pods of every part are killed at random: each blob has its one Workflow",
        short: false,
        needs: &[Need::AtHand],
        setup: Setup {
            source: "source: {queue: {name: dataset-events}}",
            ..USUAL
        },
        play: |stage| Box::pin(notified::alone(stage)),
    },
    Case {
        name: "fed",
        about: "a change feed, and a queue that loses every third notification; all servers are killed twice: each blob has its one Workflow",
        short: false,
        needs: &[Need::AtHand],
        setup: Setup {
            source: "source: {queue: {name: dataset-events}, changeFeed: {}}",
            ..USUAL
        },
        play: |stage| Box::pin(fed::beside_a_queue(stage)),
    },
    Case {
        name: "fed_alone",
        about: "a change feed alone, and no sweep, while pods of every part are killed at random: each blob has its one Workflow",
        short: false,
        needs: &[],
        setup: Setup {
            source: "source: {changeFeed: {}}",
            ..USUAL
        },
        play: |stage| Box::pin(fed::alone(stage)),
    },
    Case {
        name: "batches",
        about: "3,000 files in 30 folders while pods of every part are killed: each file is in one batch, and each batch has its one Workflow",
        short: true,
        needs: &[],
        setup: Setup {
            batch: "batch: {by: folder, quiet: 15s, maxBlobs: 1000}",
            ..USUAL
        },
        play: |stage| Box::pin(batches::folders(stage)),
    },
    Case {
        name: "batches_timed",
        about: "5,000 files in batches of 1,000, and blobs that come alone: how long it takes to their Workflows",
        short: false,
        needs: &[],
        setup: Setup {
            source: "source: {listing: {interval: 1s}}",
            batch: "batch: {by: all, maxWait: 20s, maxBlobs: 1000}",
            ..USUAL
        },
        play: |stage| Box::pin(batches::timed(stage)),
    },
    Case {
        name: "batches_storm",
        about: "2,000 files in 20 folders arrive while everything is killed and cut at random for ten minutes: each is in one batch with its one Workflow",
        short: false,
        needs: &[],
        setup: Setup {
            batch: "batch: {by: folder, quiet: 15s, maxWait: 1m}",
            ..USUAL
        },
        play: |stage| Box::pin(batches::storm(stage)),
    },
    Case {
        name: "batches_names",
        about: "folders with names that Argo would evaluate, with sensors/ml-batch as it is: one Workflow each, which succeeds",
        short: false,
        needs: &[],
        // A pod of that Sensor's Workflows has seven containers. With twenty at once two cores are so busy that Argo's
        // controller loses its lease.
        setup: Setup {
            active_workflows: 4,
            ..USUAL
        },
        play: |stage| Box::pin(batches::names(stage)),
    },
    Case {
        name: "two_event_sources",
        about: "two EventSource replicas elect a leader, which is killed twice: the other one goes on, and each blob has its one Workflow",
        short: false,
        needs: &[],
        setup: USUAL,
        play: |stage| Box::pin(replicas::two_event_sources(stage)),
    },
    Case {
        name: "upgrade",
        about: "the server is upgraded twice while a blob arrives every half a second: each has its one Workflow",
        short: false,
        needs: &[],
        setup: USUAL,
        play: |stage| Box::pin(replicas::upgrade(stage)),
    },
    Case {
        name: "secret_rotated",
        about: "the account's key stops to work, and the Secret gets another: the server takes it without a restart",
        short: false,
        needs: &[Need::AtHand],
        setup: USUAL,
        play: |stage| Box::pin(secrets::rotated(stage)),
    },
    Case {
        name: "mistakes",
        about: "misspelled configuration, missing container, missing credential, wrong key, missing Role, missing Secret: the logs say reason and cure",
        short: false,
        needs: &[],
        setup: USUAL,
        play: |stage| Box::pin(mistakes::are_told(stage)),
    },
    Case {
        name: "overlays",
        about: "the API server takes the overlays and EventSources of examples",
        short: true,
        needs: &[],
        setup: USUAL,
        play: |stage| Box::pin(overlays::are_taken(stage)),
    },
    Case {
        name: "chart",
        about: "the Helm chart with the values of its quick start: install, test, a dataset, upgrade, uninstall",
        short: true,
        needs: &[],
        setup: USUAL,
        play: |stage| Box::pin(chart::is_installed(stage)),
    },
    Case {
        name: "jobs",
        about: "examples/kubernetes-job: a Kubernetes Job for each blob, and no Argo Workflows",
        short: false,
        needs: &[],
        setup: USUAL,
        play: |stage| Box::pin(jobs::jobs(stage)),
    },
    Case {
        name: "migrate",
        about: "two AzureBlobWatchers of the old operator, migrated: what they ran runs for each blob since its last check, and for none before",
        short: false,
        needs: &[],
        setup: USUAL,
        play: |stage| Box::pin(migrate::from_the_operator(stage)),
    },
    Case {
        name: "datasets",
        about: "five real datasets become models that onnxruntime predicts with",
        short: false,
        needs: &[Need::Python],
        setup: Setup {
            steps: Steps::Pipeline,
            ..USUAL
        },
        play: |stage| Box::pin(pipeline::datasets(stage)),
    },
    Case {
        name: "bounded",
        about: "200 datasets at once, and never more than 5 unfinished Workflows",
        short: false,
        needs: &[],
        setup: Setup {
            active_workflows: flow::ACTIVE,
            ..USUAL
        },
        play: |stage| Box::pin(flow::bounded(stage)),
    },
    Case {
        name: "latency",
        about: "how long it takes from an upload to its Workflow, beside Argo Events' own azureQueueStorage",
        short: false,
        needs: &[Need::AtHand],
        setup: Setup {
            active_workflows: 1000,
            steps: Steps::None,
            ..USUAL
        },
        play: |stage| Box::pin(latency::beside_queue_storage(stage)),
    },
    Case {
        name: "latency_notified",
        about: "how long it takes from an upload and its notification to its Workflow",
        short: false,
        needs: &[Need::AtHand],
        setup: Setup {
            source: "source: {queue: {name: dataset-events}, listing: {interval: 20s}}",
            active_workflows: 1000,
            steps: Steps::None,
            ..USUAL
        },
        play: |stage| Box::pin(latency::notified(stage)),
    },
    Case {
        name: "storm",
        about: "ten minutes of killed pods and API servers, cuts and a full bus, while 260 blobs arrive: each has its one Workflow",
        short: false,
        needs: &[],
        setup: Setup {
            bus: Bus::Small,
            ..USUAL
        },
        play: |stage| Box::pin(chaos::storm(stage)),
    },
];
