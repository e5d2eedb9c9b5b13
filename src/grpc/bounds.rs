//! Requests that last, and that a client can make without a token: at most so many at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;

use super::limits::{CONNECTION_WATCHES, REFLECTIONS, WATCHES};

const WATCH: &str = "/grpc.health.v1.Health/Watch";
const REFLECTION: &str = "/grpc.reflection.";

/// What may last at once.
#[derive(Debug, Clone)]
pub struct Bounds {
    watches: Arc<Semaphore>,
    watches_here: Arc<Semaphore>,
    reflections: Arc<Semaphore>,
}

/// The right of one request to last, for as long as this lives.
#[derive(Debug, Default)]
pub struct Permits {
    _all: Option<OwnedSemaphorePermit>,
    _here: Option<OwnedSemaphorePermit>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            watches: Arc::new(Semaphore::new(WATCHES)),
            watches_here: Arc::new(Semaphore::new(CONNECTION_WATCHES)),
            reflections: Arc::new(Semaphore::new(REFLECTIONS)),
        }
    }
}

impl Bounds {
    /// The same for another connection: what all share is shared, its own is new.
    pub fn on_a_connection(&self) -> Self {
        Self {
            watches_here: Arc::new(Semaphore::new(CONNECTION_WATCHES)),
            ..self.clone()
        }
    }

    /// Whether a request for `path` may begin: any may that ends by itself, a check of the health above all.
    pub fn permit(&self, path: &str) -> Result<Permits, Status> {
        let mut permits = Permits::default();
        if path == WATCH {
            permits._here = Some(take(&self.watches_here, || {
                format!(
                    "a connection may have {CONNECTION_WATCHES} health watches, and this one has"
                )
            })?);
            permits._all = Some(take(&self.watches, || {
                format!(
                    "this server has {WATCHES} health watches, the largest number; `Check` always answers"
                )
            })?);
        } else if path.starts_with(REFLECTION) {
            permits._all = Some(take(&self.reflections, || {
                format!("{REFLECTIONS} clients use reflection, the largest number; try again later")
            })?);
        }
        Ok(permits)
    }
}

fn take(from: &Arc<Semaphore>, why: impl Fn() -> String) -> Result<OwnedSemaphorePermit, Status> {
    let permit = from.clone().try_acquire_owned();
    permit.map_err(|_| Status::resource_exhausted(why()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tonic::Code;

    use super::*;

    fn code(bounds: &Bounds, path: &str) -> Code {
        let permit = bounds.permit(path);
        permit.map_or_else(|status| status.code(), |_| Code::Ok)
    }

    #[test]
    fn watches_have_a_bound_on_a_connection_and_in_all() {
        let all = Bounds::default();
        let mut held = Vec::new();
        while held.len() < WATCHES {
            let connection = all.on_a_connection();
            held.extend((0..CONNECTION_WATCHES).map(|_| connection.permit(WATCH).unwrap()));
            assert_eq!(code(&connection, WATCH), Code::ResourceExhausted);
        }
        let connection = all.on_a_connection();
        assert_eq!(code(&connection, WATCH), Code::ResourceExhausted);
        held.pop();
        assert_eq!(code(&connection, WATCH), Code::Ok);
    }

    #[test]
    fn reflection_has_a_bound_and_what_ends_by_itself_has_none() {
        let bounds = Bounds::default();
        let v1 = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
        let _held: Vec<_> = (0..REFLECTIONS)
            .map(|_| bounds.permit(v1).unwrap())
            .collect();
        assert_eq!(
            code(&bounds, &v1.replace("v1", "v1alpha")),
            Code::ResourceExhausted
        );
        for path in [
            "/grpc.health.v1.Health/Check",
            "/generic.Eventing/StartEventSource",
            "/",
        ] {
            assert_eq!(code(&bounds, path), Code::Ok);
        }
    }
}
