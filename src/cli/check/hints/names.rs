//! What the names of a container say of a filter that takes none of them. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cli::check::survey::Sample,
    filter::{FilterSpec, Rewrite},
    text::{nearest::close, plain::Plain},
};

/// How many folders and endings are named.
const SHOWN: usize = 3;

/// What the names of a sample say.
pub(super) struct Names<'a>(pub(super) &'a Sample);

impl Names<'_> {
    /// Whether one of them begins so.
    pub(super) fn begin_with(&self, prefix: &str) -> bool {
        self.0.names.iter().any(|it| it.starts_with(prefix))
    }

    /// Other prefixes, for one with which no name begins.
    pub(super) fn prefixes(&self, filter: &FilterSpec) -> Vec<Rewrite> {
        let prefix = filter.prefix.as_str();
        let mut all = Vec::new();
        let mut add = |cause: String, prefix: &str| {
            all.push(Rewrite {
                cause,
                filter: FilterSpec {
                    prefix: prefix.to_owned(),
                    patterns: filter.patterns.clone(),
                },
            });
        };
        let within = format!("/{prefix}");
        if let Some(name) = self.0.names.iter().find(|it| it.contains(&within)) {
            let end = name.find(&within).unwrap_or_default() + within.len();
            let whole = "`prefix` is the beginning of the whole name";
            add(whole.to_owned(), name.get(..end).unwrap_or_default());
        }
        let none = self.none_begins_with(prefix);
        let folders = self.all_folders();
        if let Some(start) = prefix.strip_suffix('/') {
            add("no blob is in a folder of that name".to_owned(), start);
        }
        if let Some(near) = close(prefix, &folders) {
            add(none.clone(), near);
        }
        for (at, _) in prefix.trim_end_matches('/').rmatch_indices('/') {
            add(none.clone(), &prefix[..=at]);
        }
        all
    }

    /// The patterns with names and folders that are there, in place of those that are nearly so called.
    pub(super) fn patterns(&self, filter: &FilterSpec) -> Rewrite {
        let meant = |pattern: &String| self.near(pattern).unwrap_or_else(|| pattern.clone());
        Rewrite {
            cause: "no blob has this name".to_owned(),
            filter: FilterSpec {
                prefix: filter.prefix.clone(),
                patterns: filter.patterns.iter().map(meant).collect(),
            },
        }
    }

    fn near(&self, pattern: &str) -> Option<String> {
        let start = pattern.split(['*', '?', '[', '{', '!']).next()?;
        if start == pattern {
            let names: Vec<_> = self.0.names.iter().map(String::as_str).collect();
            let files: Vec<_> = names.iter().map(|it| file_of(it)).collect();
            let near = close(pattern, &names).or_else(|| {
                let file = close(pattern, &files)?;
                names.iter().copied().find(|it| file_of(it) == file)
            });
            return near.map(str::to_owned);
        }
        let folder = &start[..=start.rfind('/')?];
        let near = close(folder, &self.all_folders()).filter(|it| *it != folder)?;
        Some(format!("{near}{}", pattern.get(folder.len()..)?))
    }

    /// That no name begins with the prefix, or that none of these matches.
    pub(super) fn no_prefix(&self, filter: &FilterSpec) -> String {
        let prefix = &filter.prefix;
        match self.begin_with(prefix) {
            true => format!(
                "no name that begins with `{}` matches `pattern`",
                Plain(prefix)
            ),
            false => self.none_begins_with(prefix),
        }
    }

    fn none_begins_with(&self, prefix: &str) -> String {
        format!(
            "no name begins with `{}`; the container has {}",
            Plain(prefix),
            self.folders()
        )
    }

    /// How they differ from what the filter wants, where nothing is known to write instead.
    pub(super) fn compared(&self, filter: &FilterSpec) -> String {
        let prefix = &filter.prefix;
        if !prefix.is_empty() && !self.begin_with(prefix) {
            return format!("{}: correct `prefix`", self.no_prefix(filter));
        }
        let wanted: BTreeSet<_> = filter
            .patterns
            .iter()
            .filter(|it| !it.starts_with('!'))
            .filter_map(|it| ending(it))
            .filter(|it| it.chars().all(char::is_alphanumeric))
            .collect();
        let there = self.endings();
        if !wanted.is_empty() && !there.iter().any(|(it, _)| wanted.contains(it)) {
            let wanted: Vec<_> = wanted.iter().map(|it| format!(".{it}")).collect();
            return format!(
                "no name ends in {}; the names end in {}: correct `pattern`",
                wanted.join(" or "),
                listed(there.iter().map(|(it, count)| match *it {
                    "" => format!("no ending ({})", self.0.estimate(*count)),
                    it => format!(".{} ({})", Plain(it), self.0.estimate(*count)),
                }))
            );
        }
        let first = self.0.names.first().map_or("", String::as_str);
        format!(
            "the container has {}, for example the blob {}: compare the names with `prefix` and `pattern` letter by letter",
            self.folders(),
            Plain(first)
        )
    }

    /// All folders that there are, in their order.
    fn all_folders(&self) -> Vec<&str> {
        let names = self.0.names.iter();
        let folders: BTreeSet<_> = names.flat_map(|it| folders_of(it)).collect();
        folders.into_iter().collect()
    }

    /// The folders that the names begin with, as people read them, the largest first.
    fn folders(&self) -> String {
        let folders = self.counted(|name| name.split_once('/').map_or("", |(folder, _)| folder));
        listed(folders.into_iter().map(|(folder, count)| {
            let count = self.0.estimate(count);
            match folder {
                "" => format!("names without a folder ({count})"),
                folder => format!("{}/ ({count})", Plain(folder)),
            }
        }))
    }

    /// The endings with how often each is there, the most frequent first.
    fn endings(&self) -> Vec<(&str, usize)> {
        self.counted(|name| ending(name).unwrap_or_default())
    }

    /// What the names have, with how often each is there, the most frequent first.
    fn counted(&self, part: impl Fn(&str) -> &str) -> Vec<(&str, usize)> {
        let mut counts = BTreeMap::new();
        for name in &self.0.names {
            *counts.entry(part(name)).or_insert(0) += 1;
        }
        let mut all: Vec<_> = counts.into_iter().collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        all
    }
}

/// All folders that a name is in, each with its `/`.
fn folders_of(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(at, _)| &name[..=at])
}

/// What stands behind the last folder.
fn file_of(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// What stands behind the last point of a file's name.
fn ending(name: &str) -> Option<&str> {
    let (_, ending) = file_of(name).rsplit_once('.')?;
    Some(ending)
}

fn listed(mut all: impl ExactSizeIterator<Item = String>) -> String {
    let shown: Vec<_> = all.by_ref().take(SHOWN).collect();
    match all.len() {
        0 => shown.join(", "),
        others => format!("{} and {others} more", shown.join(", ")),
    }
}
