//! Many blobs as the files of one directory.

use std::{
    fs::{self, create_dir_all},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, ensure};
use futures::{StreamExt, stream};

use super::failure::told;
use crate::{
    azure::{Account, DownloadError},
    cli::{
        counts::counted,
        say::{report, say, say_error},
    },
    event::encoded::encoded,
    text::plain::Plain,
};

/// How many are downloaded at once.
const AT_ONCE: usize = 8;
/// The longest part of a blob's name in that of its file, in bytes: file systems have at most 255.
const NAME: usize = 200;

/// A blob that is wanted.
#[derive(Debug, Clone)]
pub(super) struct Member {
    /// Its number in the order of names, from 1.
    pub(super) number: usize,
    pub(super) name: String,
    /// The version that is wanted; without one, that which is there.
    pub(super) etag: Option<String>,
}

impl Member {
    /// The name of its file, which no other blob's has: the number, so that the order of files is that of names, and
    /// the end of its name as one part.
    fn file_name(&self) -> String {
        let flat = encoded(&self.name).replace('/', "-");
        let mut start = flat.len().saturating_sub(NAME);
        while !flat.is_char_boundary(start) {
            start += 1;
        }
        format!("{:06}-{}", self.number, &flat[start..])
    }
}

/// Downloads all of them to the directory `dir`. What was overwritten or deleted meanwhile is left out and told: no
/// Workflow can have that version any more, and the others are not to wait for it. That nothing is left is a failure, but for
/// a part of a batch, whose other parts go on.
pub(super) async fn save(
    account: &Account,
    container: &str,
    members: &[Member],
    is_part: bool,
    dir: &Path,
) -> anyhow::Result<ExitCode> {
    prepare(dir)?;
    let mut ended = stream::iter(members)
        .map(|member| async move {
            let (name, etag) = (&member.name, member.etag.as_deref());
            let to = dir.join(member.file_name());
            let ended = account.download(container, name, etag, &to).await;
            (member, ended)
        })
        .buffered(AT_ONCE);
    let (mut saved, mut bytes) = (0, 0);
    while let Some((member, ended)) = ended.next().await {
        match ended {
            Ok(done) => {
                saved += 1;
                bytes += done.bytes;
                let (name, size) = (Plain(&member.name), counted(done.bytes, "byte"));
                let (etag, file) = (Plain(&done.etag), member.file_name());
                report(format_args!("{name}: {size}, ETag {etag}, as {file}"));
            }
            Err(error @ (DownloadError::Overwritten { .. } | DownloadError::Gone(_))) => {
                let (told, advice) = (Plain(&error.to_string()).to_string(), advice(&error));
                say(format_args!("skipped: {told}{advice}"));
            }
            Err(error) => {
                let to = dir.join(member.file_name());
                say_error(told(&error, &to));
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    let all = counted(members.len() as u64, "blob");
    report(format_args!("{saved} of {all}, {}", counted(bytes, "byte")));
    if saved == 0 && !is_part {
        say_error(format_args!(
            "no blob of {all} could be downloaded: each was overwritten or deleted, or --endpoint or --container is not \
             that of the event source."
        ));
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Files of two batches in one directory would be taken for one.
fn prepare(dir: &Path) -> anyhow::Result<()> {
    let shown = dir.display();
    create_dir_all(dir).with_context(|| format!("the directory {shown} cannot be made"))?;
    let mut files = fs::read_dir(dir).with_context(|| format!("cannot read {shown}"))?;
    ensure!(
        files.next().is_none(),
        "the directory {shown} is not empty: name another one with --out, or one that does not exist yet"
    );
    Ok(())
}

fn advice(error: &DownloadError) -> &'static str {
    match error {
        DownloadError::Overwritten { .. } => {
            ". The version that is there now belongs to another batch."
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file_name(number: usize, name: &str) -> String {
        let (name, etag) = (name.to_owned(), None);
        Member { number, name, etag }.file_name()
    }

    #[test]
    fn files_have_a_number_and_the_end_of_the_name() {
        assert_eq!(file_name(1, "raw/2026/a b.csv"), "000001-raw-2026-a b.csv");
        assert_eq!(file_name(42, "../../etc/passwd"), "000042-..-..-etc-passwd");
        assert_eq!(file_name(7, "a/{{=1}}\n"), "000007-a-%7B%7B=1%7D%7D%0A");
        let long = format!("{}/part-1.csv", "ü".repeat(600));
        let name = file_name(1_000_000, &long);
        assert!(
            name.ends_with("ü-part-1.csv") && name.len() <= 208,
            "{name}"
        );
    }

    proptest! {
        #[test]
        fn any_name_is_the_name_of_a_file(name in any::<String>(), number in 1_usize..1_000_000) {
            let file = file_name(number, &name);
            prop_assert!(file.len() <= 207 && !file.contains(['/', '\0']));
            prop_assert_eq!(file.split_once('-').map(|it| it.0.parse()), Some(Ok(number)));
        }
    }
}
