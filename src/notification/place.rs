//! Which blob an event is about.
//!
//! `subject` holds the name as it is, and `data.url` percent-encoded. The subject is asked first: the URL of an
//! account with hierarchical namespace has another host, and that of an emulator a longer path.

use percent_encoding::percent_decode_str;

use crate::blob::is_name;

/// The container whose blobs have no container in their URLs.
const ROOT: &str = "$root";

/// A blob's name, and the container that it is in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) container: String,
    pub(super) name: String,
}

impl Place {
    /// The place that a subject or, where it is missing or damaged, a URL names.
    pub(super) fn of(subject: Option<&str>, url: Option<&str>, account_path: &str) -> Option<Self> {
        let from_subject = subject.and_then(Self::from_subject);
        // Event Grid has been seen to write each half of a character beyond U+FFFF as U+FFFD.
        if let Some(place) = &from_subject
            && !place.name.contains('\u{fffd}')
        {
            return from_subject;
        }
        let from_url = url.and_then(|url| Self::from_url(url, account_path));
        from_url.or(from_subject)
    }

    // The name may hold anything, `/blobs/` too; a container holds no slash.
    fn from_subject(subject: &str) -> Option<Self> {
        let subject = subject.strip_prefix('/').unwrap_or(subject);
        let rest = subject.strip_prefix("blobServices/default/containers/")?;
        let (container, rest) = rest.split_once('/')?;
        Self::new(container, rest.strip_prefix("blobs/")?)
    }

    // By hand: a URL parser would remove the segments `.` and `..`, which a name may have.
    fn from_url(url: &str, account_path: &str) -> Option<Self> {
        let (_, rest) = url.split_once("://")?;
        let (_, path) = rest.split_once('/')?;
        let path = path.split(['?', '#']).next()?;
        let path = within(path, account_path.trim_matches('/'));
        let (container, name) = path.split_once('/').unwrap_or((ROOT, path));
        Self::new(&decoded(container)?, &decoded(name)?)
    }

    fn new(container: &str, name: &str) -> Option<Self> {
        let is_container = !container.is_empty() && !container.contains('/');
        (is_container && is_name(name)).then(|| Self {
            container: container.to_owned(),
            name: name.to_owned(),
        })
    }
}

// The part of the path that is below the account, if it is below it.
fn within<'a>(path: &'a str, account_path: &str) -> &'a str {
    match path.strip_prefix(account_path) {
        Some(rest) if !account_path.is_empty() => rest.strip_prefix('/').unwrap_or(path),
        _ => path,
    }
}

fn decoded(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(text.into_owned())
}
