//! Reads configurations beside the threads that serve everybody.

use std::sync::Arc;

use tokio::{sync::Semaphore, task::spawn_blocking};

use super::status::End;
use crate::config::SourceConfig;

/// How many configurations are read at the same time. Reading a hostile one takes some ten
/// milliseconds of a processor, and more of them at once would take it from all others.
const AT_ONCE: usize = 2;

/// Reads configurations, a few at a time.
#[derive(Debug)]
pub struct ConfigReader(Arc<Semaphore>);

impl Default for ConfigReader {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl ConfigReader {
    /// The configuration that a text says.
    ///
    /// # Errors
    /// [`End::Config`] with all mistakes.
    pub async fn read(&self, text: Vec<u8>) -> Result<SourceConfig, End> {
        let turn = Arc::clone(&self.0).acquire_owned().await;
        // The turn goes along, for a client that goes away does not end the reading.
        let read = spawn_blocking(move || {
            let _turn = turn;
            SourceConfig::parse(&text)
        });
        Ok(read.await.map_err(|_| End::Defect)??)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::{pin::pin, time::Duration};

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn what_is_read_is_as_without() {
        let reader = ConfigReader::default();
        let text = b"account: mlpipelinestore\ncontainer: datasets\n";
        let config = reader.read(text.to_vec()).await.unwrap();
        assert_eq!(config, SourceConfig::parse(text).unwrap());
        let refused = reader.read(b"nonsense".to_vec()).await;
        assert!(matches!(refused, Err(End::Config(_))));
    }

    #[tokio::test]
    async fn who_comes_while_others_are_read_waits_for_a_turn() {
        let reader = ConfigReader::default();
        let all = reader.0.clone().acquire_many_owned(AT_ONCE as u32).await;
        let mut waiting = pin!(reader.read(b"nonsense".to_vec()));
        let early = timeout(Duration::from_millis(200), &mut waiting).await;
        assert!(early.is_err(), "{early:?}");
        drop(all);
        assert!(waiting.await.is_err());
    }
}
