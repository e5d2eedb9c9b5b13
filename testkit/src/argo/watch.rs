//! A watch over the fake cluster, as late and as incomplete as watches are.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use azure_blob_eventsource::{
    confirm::{error::ConfirmError, index::Index},
    event::{EventId, Place},
    ports::confirmation::Confirmation,
};
use tokio::{sync::Mutex, time::sleep};

use super::{Argo, Object, Progress, State};
use crate::rng::Rng;

/// In which way a watch lies, so that a wrong program's view can be shown to be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lies {
    /// It does not.
    None,
    /// What was there when it began it never shows.
    NothingWasThere,
    /// It takes each Workflow for one of this place's source.
    OfAnySource(Place),
    /// It takes each Workflow for a finished one.
    AllIsFinished,
}

/// The watch of one server process. It tells what happens late, twice, out of order among objects, or not
/// before the next list.
pub struct FakeWatch {
    index: Index,
    argo: Argo,
    rng: Mutex<Rng>,
    lies: Lies,
    hidden: Vec<EventId>,
}

impl FakeWatch {
    /// A watch that begins now.
    pub fn new(argo: &Argo, mut rng: Rng, lies: Lies) -> Arc<Self> {
        let there = argo
            .state()
            .workflows
            .values()
            .map(|object| object.id)
            .collect();
        Arc::new(Self {
            index: Index::default(),
            argo: argo.clone(),
            rng: Mutex::new(rng.fork()),
            hidden: if lies == Lies::NothingWasThere {
                there
            } else {
                Vec::new()
            },
            lies,
        })
    }

    /// Follows the cluster until it is dropped. While `raging`, much goes wrong.
    pub async fn follow(self: Arc<Self>, mut rng: Rng, raging: impl Fn() -> bool + Send) {
        loop {
            sleep(rng.duration(Duration::ZERO..Duration::from_secs(2))).await;
            let mut at = self.list();
            self.index.live();
            let rounds = rng.below(40);
            for _ in 0..rounds {
                sleep(rng.duration(Duration::from_millis(50)..Duration::from_secs(2))).await;
                at = self.tell(at, &mut rng, raging());
            }
            if raging() && rng.chance(300) {
                let gone = ConfirmError::Unreachable("the API server is away".to_owned());
                self.index.lost(gone);
                sleep(rng.duration(Duration::ZERO..Duration::from_secs(30))).await;
            }
        }
    }

    fn list(&self) -> usize {
        let state = self.argo.state();
        let all = state
            .workflows
            .values()
            .filter(|object| self.shows(object.id));
        self.index
            .replace(all.map(|object| self.told(&state, object)).collect());
        state.log.len()
    }

    fn shows(&self, id: EventId) -> bool {
        !self.hidden.contains(&id)
    }

    // An object as this watch tells it.
    fn told(&self, state: &State, object: &Object) -> Object {
        let mut object = object.clone();
        match &self.lies {
            Lies::OfAnySource(place) => {
                if let Some((name, etag)) = state.versions.get(&object.id) {
                    object.id = EventId::of(place, name, etag, None);
                }
            }
            Lies::AllIsFinished => object.state = Progress::Finished,
            Lies::None | Lies::NothingWasThere => {}
        }
        object
    }

    fn tell(&self, from: usize, rng: &mut Rng, raging: bool) -> usize {
        let state = self.argo.state();
        for change in state.log[from..]
            .iter()
            .filter(|change| self.shows(change.object.id))
        {
            // Until the next list nobody knows what was not told.
            if raging && rng.chance(100) {
                continue;
            }
            for _ in 0..1 + u32::from(rng.chance(100)) {
                let object = self.told(&state, &change.object);
                match change.deleted {
                    true => self.index.deleted(&object),
                    false => self.index.applied(object),
                }
            }
        }
        state.log.len()
    }
}

#[async_trait]
impl Confirmation for FakeWatch {
    fn index(&self) -> &Index {
        &self.index
    }

    fn namespace(&self) -> &str {
        "ml-pipelines"
    }

    async fn look(&self, id: EventId) -> Result<bool, ConfirmError> {
        let mut rng = self.rng.lock().await;
        sleep(rng.duration(Duration::ZERO..Duration::from_millis(50))).await;
        if rng.chance(50) {
            return Err(ConfirmError::Unreachable("a question got lost".to_owned()));
        }
        let state = self.argo.state();
        let mut all = state.workflows.values();
        let there = all.any(|object| self.told(&state, object).id == id);
        let there = there && self.lies != Lies::NothingWasThere;
        if there {
            self.index.found(id);
        }
        Ok(there)
    }
}
