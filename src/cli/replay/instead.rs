//! What may have been meant when no blob has the name, or the beginning of one, that was typed.

use crate::{
    cli::{
        blob_name::meant_by_prefix,
        nearby::{Nearby, in_other_case, nearby},
        source::OpenedSource,
    },
    ports::error::StorageError,
    state::request::Replay,
    text::plain::Plain,
};

/// What to type instead, as the end of a sentence; empty when nothing is near.
///
/// # Errors
/// The container cannot be listed.
pub(super) async fn of(source: &OpenedSource, replay: &Replay) -> Result<String, StorageError> {
    let container = &source.config.container;
    Ok(match &replay.blob {
        Some(name) => of_blob(name, container, &nearby(source, name).await?),
        None => match of_prefix(&replay.prefix, container) {
            told if !told.is_empty() => told,
            _ => of_case(in_other_case(source, &replay.prefix).await?),
        },
    })
}

fn of_case(meant: Option<String>) -> String {
    let told = |it: String| {
        format!(
            "; upper and lower case are different: did you mean `--prefix {}`?",
            Plain(&it)
        )
    };
    meant.map_or(String::new(), told)
}

fn of_blob(name: &str, container: &str, nearby: &Nearby) -> String {
    if let Some(meant) = &nearby.meant {
        return format!("; did you mean `--blob {}`?", Plain(meant));
    }
    if name.contains(['*', '?']) {
        let all = meant_by_prefix(name, container);
        let all = all.map(|it| format!("`--prefix {}`", Plain(&it)));
        return format!(
            "; a name is taken as it is, without `*` and `?`: for several blobs, use {}",
            all.unwrap_or_else(|| "`--prefix`".to_owned())
        );
    }
    let neighbours = nearby.neighbours.iter();
    let neighbours: Vec<_> = neighbours.map(|it| Plain(it).to_string()).collect();
    match neighbours.as_slice() {
        [] => String::new(),
        some => format!("; in the same folder are: {}", some.join(", ")),
    }
}

fn of_prefix(prefix: &str, container: &str) -> String {
    match meant_by_prefix(prefix, container) {
        Some(meant) if prefix.contains(['*', '?']) => format!(
            "; it is taken as it is, without `*` and `?`: write `--prefix {}`",
            Plain(&meant)
        ),
        Some(meant) => format!("; did you mean `--prefix {}`?", Plain(&meant)),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_type_instead_is_told() {
        let nothing = Nearby::default();
        let meant = Nearby {
            meant: Some("raw/a.csv".to_owned()),
            ..Nearby::default()
        };
        let others = Nearby {
            neighbours: vec!["raw/b.csv".to_owned(), "raw/c.csv".to_owned()],
            ..Nearby::default()
        };
        for (name, nearby, told) in [
            ("a.csv", &meant, "; did you mean `--blob raw/a.csv`?"),
            (
                "raw/*.csv",
                &others,
                "; a name is taken as it is, without `*` and `?`: for several blobs, use `--prefix raw/`",
            ),
            (
                "raw/xyz.csv",
                &others,
                "; in the same folder are: raw/b.csv, raw/c.csv",
            ),
            ("raw/xyz.csv", &nothing, ""),
        ] {
            assert_eq!(of_blob(name, "datasets", nearby), told, "{name}");
        }
        for (prefix, told) in [
            ("/raw/", "; did you mean `--prefix raw/`?"),
            (
                "raw/*",
                "; it is taken as it is, without `*` and `?`: write `--prefix raw/`",
            ),
            ("nothing/", ""),
        ] {
            assert_eq!(of_prefix(prefix, "datasets"), told, "{prefix}");
        }
    }
}
