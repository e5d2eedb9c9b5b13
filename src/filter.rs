//! Which blob names a source announces: a prefix and globs.
//!
//! A name is announced when it starts with the prefix, at least one positive glob matches the
//! *whole* name (or there is none), and no `!` glob does.
//!
//! | Glob       | Stands for                                                       |
//! |------------|------------------------------------------------------------------|
//! | `?`        | one character but `/`                                            |
//! | `*`        | any characters but `/`, or none                                  |
//! | `**/`      | any number of directories, or none                               |
//! | `/**`      | at the end: everything below                                     |
//! | `[a-z_]`   | one of these; `[!a-z]` one of the others; never `/`              |
//! | `{csv,tsv}`| either                                                           |
//! | `\`        | makes the next character an ordinary one                         |
//!
//! ```
//! use azure_blob_eventsource::filter::{Filter, FilterSpec};
//!
//! let filter = Filter::new(FilterSpec {
//!     prefix: "raw/".into(),
//!     patterns: vec!["**/*.csv".into(), "!**/tmp/**".into()],
//! })?;
//! assert!(filter.matches("raw/2026/june.csv"));
//! assert!(!filter.matches("raw/tmp/june.csv"));
//! # Ok::<(), azure_blob_eventsource::filter::FilterError>(())
//! ```

mod automaton;
#[cfg(test)]
mod bounds;
mod builder;
mod compiled;
mod contradiction;
mod glob;
mod matcher;
mod mixed;
#[cfg(test)]
mod properties;
mod regex;
mod rewrite;
mod rewrites;
mod slips;
mod spec;
#[cfg(test)]
mod tests;
mod unreadable;

pub(crate) use self::builder::Builder;
pub use self::compiled::Filter;
pub(crate) use self::rewrite::Rewrite;
pub(crate) use self::rewrites::rewrites;
pub(crate) use self::spec::check_count;
pub use self::spec::{FilterError, FilterSpec, MAX_PATTERNS, Why};

impl Filter {
    /// Compiles a filter.
    ///
    /// # Errors
    /// The first pattern that is not a glob, that can match no name because of the prefix, or with
    /// which the patterns are too long or have too many alternatives all together; or more than
    /// [`MAX_PATTERNS`] patterns.
    pub fn new(spec: FilterSpec) -> Result<Self, FilterError> {
        check_count(spec.patterns.len())?;
        let mut builder = Builder::new(spec.prefix);
        for (index, pattern) in spec.patterns.iter().enumerate() {
            builder.add(pattern).map_err(|problem| FilterError {
                pattern: Some(index),
                problem,
            })?;
        }
        Ok(builder.build())
    }
}
