//! Why no blob matches, and what to write instead. Pure: each suggestion was tried on names of the container.

use crate::{
    filter::{Filter, FilterSpec},
    text::plain::Plain,
};

/// How many folders are named where nothing else helps.
const FOLDERS: usize = 3;

/// What to write instead of a filter that takes none of these names, each of which is in the container.
pub(super) fn hint(filter: &FilterSpec, names: &[String]) -> String {
    let found = candidates(filter).into_iter().find_map(|it| {
        let count = it.matching(names)?;
        Some(format!(
            "{}. Write {}: {count} of {} blobs that were tried match then",
            it.cause,
            written(&it.filter),
            names.len()
        ))
    });
    found.unwrap_or_else(|| {
        let first = names.first().map_or("", String::as_str);
        format!(
            "the names begin with {}, as in {}: compare them with `prefix` and `pattern` letter by letter",
            folders(names),
            Plain(first)
        )
    })
}

/// Another filter, and what may be wrong with the one that is there.
struct Candidate {
    cause: String,
    filter: FilterSpec,
}

impl Candidate {
    fn matching(&self, names: &[String]) -> Option<usize> {
        let filter = Filter::new(self.filter.clone()).ok()?;
        let count = names.iter().filter(|it| filter.matches(it)).count();
        (count > 0).then_some(count)
    }
}

// The most specific first.
fn candidates(filter: &FilterSpec) -> Vec<Candidate> {
    let mut all = Vec::new();
    let changed = |cause: &str, prefix: &str, patterns: Vec<String>| Candidate {
        cause: cause.to_owned(),
        filter: FilterSpec {
            prefix: prefix.to_owned(),
            patterns,
        },
    };
    let FilterSpec { prefix, patterns } = filter;
    let each = |change: fn(&str) -> String| -> Vec<String> {
        let change = |it: &String| match it.strip_prefix('!') {
            Some(rest) => format!("!{}", change(rest)),
            None => change(it),
        };
        patterns.iter().map(change).collect()
    };
    let without_slash = |it: &str| it.trim_start_matches('/').to_owned();
    let prefix_without_slash = without_slash(prefix);
    if prefix.starts_with('/')
        || patterns
            .iter()
            .any(|it| it.trim_start_matches('!').starts_with('/'))
    {
        let cause = "the name of a blob does not begin with `/`";
        let patterns = each(|it| it.trim_start_matches('/').to_owned());
        all.push(changed(cause, &prefix_without_slash, patterns));
    }
    if prefix.contains(['*', '?', '[']) {
        let cause = "`prefix` is plain text: a text with `*` belongs in `pattern`";
        let literal = prefix_without_slash
            .split(['*', '?', '['])
            .next()
            .unwrap_or_default();
        let folder = literal.rfind('/').map_or("", |at| &literal[..=at]);
        all.push(changed(cause, "", vec![prefix_without_slash.clone()]));
        all.push(changed(cause, folder, vec![format!("{folder}**")]));
    }
    if patterns.iter().any(|it| looks_like_regex(it)) {
        let cause = "`pattern` is a glob and not a regular expression";
        all.push(changed(cause, prefix, each(glob_of_regex)));
        all.push(changed(cause, prefix, each(|it| deep(&glob_of_regex(it)))));
    }
    if !patterns.is_empty() {
        let cause = "`pattern` is about the whole name, and `*` stays within a folder";
        if !prefix.is_empty() {
            let below = |it: &String| match it.strip_prefix('!') {
                Some(rest) => format!("!{prefix}**/{rest}"),
                None => format!("{prefix}**/{it}"),
            };
            all.push(changed(cause, prefix, patterns.iter().map(below).collect()));
        }
        all.push(changed(cause, prefix, each(deep)));
        all.push(changed(
            "no name matches both `prefix` and `pattern`",
            "",
            patterns.clone(),
        ));
    }
    let cause = "upper and lower case are different";
    all.push(changed(
        cause,
        &prefix.to_lowercase(),
        each(str::to_lowercase),
    ));
    all.push(changed(
        cause,
        &prefix.to_uppercase(),
        each(str::to_uppercase),
    ));
    all.push(changed(cause, prefix, each(lower_ending)));
    all.push(changed(cause, prefix, each(upper_ending)));
    if let Some(folder) = prefix.strip_suffix('/') {
        let cause = "nothing is in a folder of that name";
        all.push(changed(cause, folder, patterns.clone()));
    }
    all
}

fn looks_like_regex(pattern: &str) -> bool {
    pattern.contains(".*")
        || pattern.contains(".+")
        || pattern.contains("\\.")
        || pattern.contains("\\d")
        || pattern.starts_with('^')
        || pattern.ends_with('$')
        || pattern.contains('(')
}

fn glob_of_regex(regex: &str) -> String {
    let mut glob = regex
        .trim_start_matches('^')
        .trim_end_matches('$')
        .to_owned();
    for (from, to) in [
        ("/.*/", "/**/"),
        ("\\.", "."),
        ("\\d+", "*"),
        ("\\w+", "*"),
        ("\\d", "?"),
        ("[^/]+", "*"),
        ("[^/]*", "*"),
        (".*", "*"),
        (".+", "*"),
        ("(", "{"),
        (")", "}"),
        ("|", ","),
    ] {
        glob = glob.replace(from, to);
    }
    glob
}

// Whatever the folder.
fn deep(glob: &str) -> String {
    match glob.rsplit_once('/') {
        Some((folder, file)) if !folder.ends_with("**") => format!("{folder}/**/{file}"),
        Some(_) => glob.to_owned(),
        None => format!("**/{glob}"),
    }
}

fn with_ending(glob: &str, change: fn(&str) -> String) -> String {
    match glob.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}.{}", change(ending)),
        None => glob.to_owned(),
    }
}

fn lower_ending(glob: &str) -> String {
    with_ending(glob, str::to_lowercase)
}

fn upper_ending(glob: &str) -> String {
    with_ending(glob, str::to_uppercase)
}

fn written(filter: &FilterSpec) -> String {
    let FilterSpec { prefix, patterns } = filter;
    let prefix = (!prefix.is_empty()).then(|| format!("`prefix: {prefix}`"));
    let patterns = match patterns.as_slice() {
        [] => None,
        [one] => Some(format!("`pattern: \"{one}\"`")),
        many => Some(format!("`pattern: {many:?}`")),
    };
    match (prefix, patterns) {
        (Some(prefix), Some(patterns)) => format!("{prefix} and {patterns}"),
        (one, other) => one
            .or(other)
            .unwrap_or_else(|| "neither `prefix` nor `pattern`".to_owned()),
    }
}

fn folders(names: &[String]) -> String {
    let mut folders: Vec<&str> = names
        .iter()
        .map(|it| it.find('/').map_or("", |at| &it[..=at]))
        .collect();
    folders.sort_unstable();
    folders.dedup();
    let told = folders.iter().take(FOLDERS).map(|it| match it.is_empty() {
        true => "no folder".to_owned(),
        false => format!("{}", Plain(it)),
    });
    let told: Vec<_> = told.collect();
    match folders.len() > FOLDERS {
        true => format!(
            "{} and {} other folders",
            told.join(", "),
            folders.len() - FOLDERS
        ),
        false => told.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = [
        "raw/2026/a.csv",
        "raw/2026/b.CSV",
        "raw/c.csv",
        "Images/d.png",
    ];

    fn told(prefix: &str, patterns: &[&str]) -> String {
        let filter = FilterSpec {
            prefix: prefix.to_owned(),
            patterns: patterns.iter().map(|it| (*it).to_owned()).collect(),
        };
        let names: Vec<_> = NAMES.iter().map(|it| (*it).to_owned()).collect();
        hint(&filter, &names)
    }

    #[test]
    fn what_people_type_gets_the_form_that_works() {
        for (prefix, patterns, cause, form) in [
            (
                "/raw/",
                &[][..],
                "does not begin with `/`",
                "`prefix: raw/`: 3 of 4",
            ),
            (
                "",
                &["/raw/*.csv"],
                "does not begin with `/`",
                "`pattern: \"raw/*.csv\"`",
            ),
            (
                "raw/*",
                &[],
                "`prefix` is plain text",
                "`pattern: \"raw/*\"`",
            ),
            (
                "raw/20*/",
                &[],
                "`prefix` is plain text",
                "`prefix: raw/` and `pattern: \"raw/**\"`",
            ),
            (
                "",
                &["^raw/.*\\.csv$"],
                "not a regular expression",
                "`pattern: \"raw/*.csv\"`",
            ),
            (
                "",
                &[".*\\.png"],
                "not a regular expression",
                "`pattern: \"**/*.png\"`",
            ),
            (
                "",
                &["raw/.*/(a|b)\\.csv"],
                "not a regular expression",
                "`pattern: \"raw/**/{a,b}.csv\"`",
            ),
            (
                "raw/",
                &["*.csv"],
                "about the whole name",
                "`prefix: raw/` and `pattern: \"raw/**/*.csv\"`",
            ),
            (
                "",
                &["*.csv"],
                "about the whole name",
                "`pattern: \"**/*.csv\"`",
            ),
            (
                "data/",
                &["raw/*.csv"],
                "no name matches both `prefix` and `pattern`",
                "`pattern: \"raw/*.csv\"`",
            ),
            ("images/", &[], "compare them", "Images/, raw/"),
            ("RAW/", &[], "upper and lower case", "`prefix: raw/`"),
            (
                "",
                &["raw/*.CSV", "!x"],
                "about the whole name",
                "raw/**/*.CSV",
            ),
            ("raw/c/", &[], "nothing is in a folder", "`prefix: raw/c`"),
        ] {
            let told = told(prefix, patterns);
            assert!(told.contains(cause), "{prefix} {patterns:?}: {told}");
            assert!(told.contains(form), "{prefix} {patterns:?}: {told}");
        }
    }
}
