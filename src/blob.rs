//! A blob version as a listing shows it, and a page of them in two allocations.

mod access;
mod page;
mod properties;
pub mod url;
mod version;

pub use access::{Access, Unreadable};
pub use page::{Continuation, ListPage};
pub use properties::{Blob, BlobRef, BlobType, MAX_NAME, characters, is_name, marks_folder};
pub use version::Version;
