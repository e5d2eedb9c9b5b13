//! What makes blobs one event: `batch`.

use std::time::Duration;

use super::{
    bounds,
    keys::{BATCH, BY},
    mistake::Mistakes,
    raw::Value,
    reader::Section,
    size, span,
};
use crate::batch::rules::{BatchRules, By, KEEP};

const MINUTE: Duration = Duration::from_secs(60);

const MAX_BLOBS: usize = 1_000;

/// The rules of batches, when there are to be any.
pub(super) fn batch(root: &Section<'_>, m: &mut Mistakes) -> Option<BatchRules> {
    let section = root.section("batch", &BATCH, m)?;
    if !root.has("state") {
        m.add(
            "batch",
            "needs `state`, where the list of each batch's blobs is kept; add `state: {container: …}`",
        );
    }
    let by = section.value("by", m).map(|value| by(&section, value, m));
    let max_blobs = section.optional("maxBlobs", m, |v| v.whole_number(bounds::MAX_BLOBS));
    let max_bytes = section.optional("maxBytes", m, size::read);
    let max_wait = section.optional("maxWait", m, |v| span::read(v, bounds::MAX_WAIT));
    let quiet = section.optional("quiet", m, |v| span::read(v, bounds::QUIET));
    let keep = section.optional("keep", m, |v| span::read(v, bounds::KEEP));
    if let (Some(wait), Some(quiet)) = (max_wait, quiet)
        && wait <= quiet
    {
        m.add(
            &section.path_of("quiet"),
            format!(
                "has no effect: `maxWait` closes a batch after {}; give less than that, or a longer `maxWait`",
                span::write(wait)
            ),
        );
    }
    // Who waits for a folder to be quiet does not want it cut after a minute.
    let default_wait = quiet.is_none().then_some(MINUTE);
    Some(BatchRules {
        by: by.flatten().unwrap_or(By::All),
        max_blobs: max_blobs.unwrap_or(MAX_BLOBS),
        max_bytes,
        max_wait: max_wait.or(default_wait),
        quiet,
        keep: keep.unwrap_or(KEEP),
    })
}

fn by(section: &Section<'_>, value: &Value, m: &mut Mistakes) -> Option<By> {
    match value {
        Value::Text(text) if text == "all" => Some(By::All),
        Value::Text(text) if text == "folder" => Some(By::Folder),
        Value::Map(entries) => {
            let by = Section::new(&section.path_of("by"), entries, &BY, m);
            let wanted = "how many folders of a name make a group";
            by.required("depth", wanted, m, |v| v.whole_number(bounds::DEPTH))
                .map(By::Depth)
        }
        other => {
            let found = other.described();
            m.add(
                &section.path_of("by"),
                format!("found {found}; allowed: `all`, `folder` or `{{depth: 2}}`"),
            );
            None
        }
    }
}
