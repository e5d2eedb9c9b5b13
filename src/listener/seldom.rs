//! Log lines about what a stranger can cause as often as they like.

use std::time::Duration;

use tokio::time::Instant;

use crate::shared::Shared;

/// At most one line in so long.
const EVERY: Duration = Duration::from_secs(10);

/// Says when it is time for a line again, and for how many cases it stands.
#[derive(Debug, Default)]
pub struct Seldom(Shared<State>);

#[derive(Debug, Default)]
struct State {
    said: Option<Instant>,
    cases: u64,
}

impl Seldom {
    /// Counts a case. The number is that of all cases since the last line; `None`: no line now.
    pub fn case(&self) -> Option<u64> {
        // A holder cannot leave it half written.
        let mut state = self.0.lock();
        state.cases += 1;
        let now = Instant::now();
        if state.said.is_some_and(|said| now < said + EVERY) {
            return None;
        }
        state.said = Some(now);
        Some(std::mem::take(&mut state.cases))
    }
}

#[cfg(test)]
mod tests {
    use crate::listener::seldom::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_case_is_told_and_the_others_are_counted() {
        let seldom = Seldom::default();
        assert_eq!(seldom.case(), Some(1));
        assert_eq!(seldom.case(), None);
        assert_eq!(seldom.case(), None);
        tokio::time::advance(EVERY).await;
        assert_eq!(seldom.case(), Some(3));
        assert_eq!(seldom.case(), None);
    }
}
