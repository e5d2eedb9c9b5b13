//! A fake account with containers, and the program beside it.

use std::time::Duration;

use azure_blob_eventsource::grpc::contract::Event;
use tempfile::TempDir;
use testkit::{
    account::FakeAccount,
    http::{HttpFace, HttpOp},
};
use tonic::Streaming;

use super::{program::Program, source};

/// The account, in this process, and the program, in another one.
pub(crate) struct Place {
    /// The program.
    pub(crate) program: Program,
    account: FakeAccount,
    containers: Vec<String>,
    face: HttpFace,
    _credentials: TempDir,
}

impl Place {
    /// Containers of these names with so many blobs in each. A page of a listing takes `latency`.
    pub(crate) async fn new(containers: Vec<String>, blobs: u64, latency: Duration) -> Self {
        let account = FakeAccount::new();
        for name in &containers {
            let made = account.create_synthetic_container(name, blobs);
            made.expect("a new container");
        }
        let made = account.create_container(source::STATE);
        made.expect("a new container");
        let face = HttpFace::start_with(account.clone(), 0, source::cache(blobs)).await;
        let face = face.expect("a free port");
        face.set_latency(HttpOp::ListBlobs, latency);
        let credentials = tempfile::tempdir().expect("a temporary directory");
        source::write_credential(credentials.path(), &face.endpoint());
        Self {
            program: Program::start(credentials.path(), containers.len()),
            account,
            containers,
            face,
            _credentials: credentials,
        }
    }

    /// A stream of a source for each container, with these lines in its configuration. Blobs that are there are no news.
    pub(crate) async fn streams(&self, lines: &str) -> Vec<Streaming<Event>> {
        let mut streams = Vec::new();
        for container in &self.containers {
            let config = format!(
                "{{endpoint: \"{}\", container: {container}, credential: fake, existing: skip, id: {container}, \
                 state: {{container: {}}}, {lines}}}",
                self.face.endpoint(),
                source::STATE
            );
            streams.push(self.program.stream(config).await);
        }
        streams
    }

    /// The container has so many blobs from now on.
    pub(crate) fn resize(&self, container: &str, blobs: u64) {
        let resized = self.account.resize_synthetic_container(container, blobs);
        resized.expect("a larger container");
    }

    /// How many requests of these kinds there were.
    pub(crate) fn requests(&self, ops: &[HttpOp]) -> u64 {
        ops.iter().map(|op| self.face.requests(*op)).sum()
    }
}
