//! Health as gRPC defines it: what probes of the cluster ask.

use tonic_health::{
    ServingStatus,
    pb::health_server::HealthServer,
    server::{HealthReporter, HealthService},
};

use super::{contract::eventing_server::SERVICE_NAME, limits::HEALTH_BYTES};

/// The server as a whole, and the one service that it is there for.
const NAMES: [&str; 2] = ["", SERVICE_NAME];

/// Says whether the server serves.
#[derive(Debug, Clone)]
pub struct Health {
    reporter: HealthReporter,
}

impl Health {
    /// A server that serves.
    pub async fn serving() -> Self {
        let health = Self {
            reporter: HealthReporter::new(),
        };
        health.report(ServingStatus::Serving).await;
        health
    }

    /// The server is on its way out: send it nobody new.
    pub async fn not_serving(&self) {
        self.report(ServingStatus::NotServing).await;
    }

    /// Ends the streams of those who watch the health, who would hold the server up for ever.
    pub async fn dismiss_watchers(&self) {
        let mut reporter = self.reporter.clone();
        for name in NAMES {
            reporter.clear_service_status(name).await;
        }
    }

    /// The gRPC service.
    pub fn service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
            .max_decoding_message_size(HEALTH_BYTES)
    }

    async fn report(&self, status: ServingStatus) {
        for name in NAMES {
            self.reporter.set_service_status(name, status).await;
        }
    }
}
