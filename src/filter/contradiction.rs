//! What is said of a prefix and a pattern that have no name in common, with what to write instead. Pure.

use super::{
    automaton::Automaton,
    glob,
    rewrite::Rewrite,
    rewrites::{WITHIN, likely},
    spec::FilterSpec,
};

/// How long the two may be together for a cure to be looked for, which takes time.
const LONGEST: usize = 300;

/// The problem, and its cure where there is one.
pub(super) fn told(prefix: &str, pattern: &str) -> String {
    let problem = format!(
        "prefix `{}` and pattern `{}` have no name in common",
        brief(prefix),
        brief(pattern)
    );
    let filter = FilterSpec {
        prefix: prefix.to_owned(),
        patterns: vec![pattern.to_owned()],
    };
    let meant = match filter.bytes() {
        0..LONGEST => likely(&filter, "").into_iter().find(can_take_names),
        _ => None,
    };
    match meant {
        Some(meant) => format!("{problem}: {}; {}", meant.cause, cure(&filter, &meant)),
        None => format!("{problem}: correct one of the two, or remove `prefix`"),
    }
}

/// Whether there are names that begin with the prefix and that the pattern matches.
fn can_take_names(meant: &Rewrite) -> bool {
    let FilterSpec { prefix, patterns } = &meant.filter;
    patterns.iter().all(|pattern| {
        glob::parse(pattern).is_ok_and(|tokens| Automaton::new(&tokens).goes_on_after(prefix))
    })
}

fn cure(found: &FilterSpec, meant: &Rewrite) -> String {
    let Rewrite {
        cause,
        filter: meant,
    } = meant;
    let quoted: Vec<_> = meant
        .patterns
        .iter()
        .map(|it| format!("\"{it}\""))
        .collect();
    let pattern = match quoted.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    };
    let prefix = &meant.prefix;
    match (
        meant.prefix == found.prefix,
        meant.patterns == found.patterns,
    ) {
        (true, _) if cause == WITHIN => format!("write `{pattern}`, or remove `prefix`"),
        (true, _) => format!("write `{pattern}`"),
        (false, true) if prefix.is_empty() => "remove `prefix`".to_owned(),
        (false, true) => format!("write `prefix: {prefix}`"),
        (false, false) if prefix.is_empty() => format!("remove `prefix`, and write `{pattern}`"),
        (false, false) => format!("write `prefix: {prefix}` and `pattern: {pattern}`"),
    }
}

/// The start of a text, for a message.
fn brief(text: &str) -> String {
    let mut start: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_beside_a_prefix_is_told_with_the_cure() {
        for (prefix, pattern, words) in [
            (
                "raw/",
                ".*\\.csv",
                "not a regular expression; write `\"**/*.csv\"`",
            ),
            ("raw/", "^raw/.*\\.csv$", "write `\"raw/**/*.csv\"`"),
            ("raw/", "^[a-z]+\\.csv$", "write `\"raw/**/*.csv\"`"),
            ("raw/", "machines.csv", "about the whole name"),
            (
                "raw/",
                "machines.csv",
                "write `\"raw/**/machines.csv\"`, or remove `prefix`",
            ),
            (
                "raw/",
                "sub/*.csv",
                "write `\"raw/sub/*.csv\"`, or remove `prefix`",
            ),
            (
                "raw/",
                "/raw/**",
                "does not begin with `/` or `./`; write `\"raw/**\"`",
            ),
            ("raw/", "./raw/*.csv", "write `\"raw/*.csv\"`"),
            (
                "/raw/",
                "raw/*.csv",
                "does not begin with `/` or `./`; write `prefix: raw/`",
            ),
            (
                "/raw/",
                ".*\\.csv",
                "write `prefix: raw/` and `pattern: \"**/*.csv\"`",
            ),
            (
                "raw/",
                "RAW/*.csv",
                "upper and lower case are different; write `\"raw/*.csv\"`",
            ),
            ("raw/", "raw\\*.csv", "separated by `/`"),
            ("raw/", " raw/*.csv", "a blank or a line break"),
            ("raw/ ", "raw/*.csv", "write `prefix: raw/`"),
            (
                "raw/",
                "https://x.example/datasets/raw/*.csv",
                "write `\"raw/*.csv\"`",
            ),
            ("raw/*.csv", "in/*.csv", "`prefix` is plain text"),
            (
                "raw/2026/",
                "raw/2025/*.csv",
                "correct one of the two, or remove `prefix`",
            ),
        ] {
            let told = told(prefix, pattern);
            assert!(told.contains(words), "{prefix} {pattern}: {told}");
        }
    }
}
