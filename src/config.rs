//! The configuration of an event source: YAML in, a validated [`SourceConfig`] out.
//!
//! Text becomes a tree, the tree is read key by key, and every mistake is kept for the answer:
//! whoever has to edit an EventSource to try again wants all of them at once.
//!
//! ```
//! use azure_blob_eventsource::config::SourceConfig;
//!
//! let config = SourceConfig::parse(b"account: mlpipelinestore\ncontainer: datasets\n")?;
//! assert_eq!(config.container, "datasets");
//!
//! let error = SourceConfig::parse(b"account: mlpipelinestore\nconatiner: datasets\n").unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "unknown key `conatiner`; did you mean `container`?"
//! );
//! # Ok::<(), azure_blob_eventsource::config::ConfigError>(())
//! ```

mod batch;
mod blanks;
mod bounds;
#[cfg(test)]
mod canonical;
mod confirm;
mod cures;
mod delivery;
mod document;
mod endpoint;
mod foreign;
#[cfg(test)]
mod hostile;
mod keys;
mod lines;
mod meaning;
mod mistake;
mod names;
mod object;
mod origins;
mod place;
#[cfg(test)]
mod properties;
mod raw;
mod reader;
#[cfg(test)]
mod schema;
mod size;
mod source;
pub mod source_id;
mod span;
mod syntax;
#[cfg(test)]
mod tests;
mod unknown;
mod ways;
mod whole;
mod within;

pub(crate) use self::names::container as container_name;
pub use self::{
    mistake::{ConfigError, Mistake},
    source::{QueueSource, SourceConfig},
};

impl SourceConfig {
    /// Reads a configuration of at most 64 KiB.
    ///
    /// # Errors
    /// All that is wrong with it: text that is no YAML mapping, unknown keys, values of the wrong
    /// type or out of bounds. No message shows what looks like a secret.
    pub fn parse(text: &[u8]) -> Result<Self, ConfigError> {
        document::read(&raw::read(text)?).map_err(|error| lines::explained(error, text))
    }

    /// The effective configuration as YAML, defaults included. [`parse`](Self::parse) reads it to
    /// an equal one, which is what tests hold the reader against.
    #[cfg(test)]
    fn to_yaml(&self) -> String {
        canonical::write(self)
    }
}
