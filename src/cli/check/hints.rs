//! Why no blob matches, and what to write instead. Pure: each suggestion was tried on names of the container.

use self::{
    names::Names,
    spelling::respelt,
    written::{change, quoted},
};
use super::survey::Sample;
use crate::{
    filter::{Filter, FilterSpec, Rewrite, rewrites},
    text::plain::Plain,
};

mod names;
mod spelling;
mod written;

/// What to write instead of a filter that takes none of these names, each of which is in this container.
pub(super) fn hint(filter: &FilterSpec, container: &str, sample: &Sample) -> String {
    if let Some(placeholder) = placeholder(filter) {
        return format!(
            "`{}` is not replaced, because a configuration has no variables: write the text itself",
            Plain(placeholder)
        );
    }
    let names = sample.names.as_slice();
    let all = Names(sample);
    let mut meant = without_excludes(filter, names);
    meant.extend(rewrites(filter, container));
    meant.extend(respelt(filter, names));
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
            "{}. {}: {} of {} blobs match with this change",
            it.cause,
            change(filter, &it.filter),
            sample.estimate(count),
            sample.of
        ))
    });
    found
        .or_else(|| excludes_all(filter, container, sample))
        .unwrap_or_else(|| all.compared(filter))
}

/// What is said of a pattern such as `!**`, where the other patterns match nothing either.
fn excludes_all(filter: &FilterSpec, container: &str, sample: &Sample) -> Option<String> {
    let with = |patterns: Vec<String>| FilterSpec {
        prefix: String::new(),
        patterns,
    };
    let takes_none = |exclude: &&String| {
        let alone = with(vec![(*exclude).clone()]);
        exclude.starts_with('!') && matching(&alone, &sample.names).is_none()
    };
    let exclude = filter.patterns.iter().find(takes_none)?;
    let others = filter.patterns.iter().filter(|it| *it != exclude);
    let others = FilterSpec {
        prefix: filter.prefix.clone(),
        patterns: others.cloned().collect(),
    };
    let then = hint(&others, container, sample);
    Some(format!(
        "{} excludes every name: remove it. Without it, no blob matches yet: {then}",
        quoted(exclude)
    ))
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

/// The filter without each of its excludes that leaves none of these names, and without all of them.
fn without_excludes(filter: &FilterSpec, names: &[String]) -> Vec<Rewrite> {
    let excludes = |it: &&String| it.starts_with('!');
    let without = |cause: String, patterns: Vec<String>| Rewrite {
        cause,
        filter: FilterSpec {
            prefix: filter.prefix.clone(),
            patterns,
        },
    };
    let wanted: Vec<_> = filter
        .patterns
        .iter()
        .filter(|it| !excludes(it))
        .cloned()
        .collect();
    let is_enough = |exclude: &&String| {
        let patterns = [wanted.clone(), vec![(*exclude).clone()]].concat();
        matching(&without(String::new(), patterns).filter, names).is_none()
    };
    let one = filter
        .patterns
        .iter()
        .filter(excludes)
        .filter(is_enough)
        .map(|exclude| {
            let others = filter.patterns.iter().filter(|it| *it != exclude);
            without(
                format!("`{exclude}` excludes every name that the other patterns match"),
                others.cloned().collect(),
            )
        });
    let mut all: Vec<_> = one.collect();
    all.push(without(
        "the patterns with `!` together exclude every name that the other patterns match"
            .to_owned(),
        wanted,
    ));
    all
}

#[cfg(test)]
mod tests;
