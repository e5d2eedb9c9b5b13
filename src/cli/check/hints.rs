//! Why no blob matches, and what to write instead. Pure: each suggestion was tried on names of the container.

use self::{names::Names, written::change};
use crate::{
    filter::{Filter, FilterSpec, Rewrite, rewrites},
    text::plain::Plain,
};

mod names;
mod written;

/// What to write instead of a filter that takes none of these names, each of which is in this container.
pub(super) fn hint(filter: &FilterSpec, container: &str, names: &[String]) -> String {
    if let Some(placeholder) = placeholder(filter) {
        return format!(
            "`{}` is not replaced, because a configuration has no variables: write the text itself",
            Plain(placeholder)
        );
    }
    let all = Names(names);
    let mut meant = without_excludes(filter);
    meant.extend(rewrites(filter, container));
    if !all.begin_with(&filter.prefix) {
        meant.extend(all.prefixes(filter));
    }
    meant.push(all.patterns(filter));
    if !filter.prefix.is_empty() && !filter.patterns.is_empty() {
        meant.push(Rewrite {
            cause: all.no_prefix(filter),
            filter: FilterSpec {
                prefix: String::new(),
                patterns: filter.patterns.clone(),
            },
        });
    }
    let found = meant.into_iter().find_map(|it| {
        let count = matching(&it.filter, names)?;
        Some(format!(
            "{}. {}: {count} of {} blobs match with this change",
            it.cause,
            change(filter, &it.filter),
            names.len()
        ))
    });
    found.unwrap_or_else(|| all.compared(filter))
}

fn matching(filter: &FilterSpec, names: &[String]) -> Option<usize> {
    let filter = Filter::new(filter.clone()).ok()?;
    let count = names.iter().filter(|it| filter.matches(it)).count();
    (count > 0).then_some(count)
}

/// What some other tool was to replace by a text.
fn placeholder(filter: &FilterSpec) -> Option<&str> {
    let texts = std::iter::once(&filter.prefix).chain(&filter.patterns);
    texts.map(String::as_str).find_map(|text| {
        let marks = [("${", "}"), ("$(", ")"), ("{{", "}}")];
        marks.into_iter().find_map(|(open, close)| {
            let from = text.find(open)?;
            let length = text.get(from..)?.find(close)? + close.len();
            let found = text.get(from..from + length)?;
            // `{{a,b},c}` is a glob.
            (!found.contains(',')).then_some(found)
        })
    })
}

/// The filter without each of its excludes, and without all of them.
fn without_excludes(filter: &FilterSpec) -> Vec<Rewrite> {
    let excludes = |it: &&String| it.starts_with('!');
    let without = |cause: String, patterns: Vec<String>| Rewrite {
        cause,
        filter: FilterSpec {
            prefix: filter.prefix.clone(),
            patterns,
        },
    };
    let one = filter.patterns.iter().filter(excludes).map(|exclude| {
        let others = filter.patterns.iter().filter(|it| *it != exclude);
        without(
            format!("`{exclude}` excludes every name that the other patterns match"),
            others.cloned().collect(),
        )
    });
    let mut all: Vec<_> = one.collect();
    let wanted = filter.patterns.iter().filter(|it| !excludes(it));
    all.push(without(
        "the patterns with `!` exclude every name that the other patterns match".to_owned(),
        wanted.cloned().collect(),
    ));
    all
}

#[cfg(test)]
mod tests;
