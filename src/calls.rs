//! How ports are called: with patience, and page by page.

mod progress;
pub mod retry;
pub mod walk;
