//! Filters that were probably meant by one that takes nothing: what people write who do not know globs, or know other
//! ones. Pure, and about the text alone: whoever asks tries each of them.

use super::{
    mixed, regex,
    rewrite::{Rewrite, each},
    slips,
    spec::FilterSpec,
};

const PLAIN: &str = "`prefix` is plain text, where `*`, `?` and `[…]` stand for themselves";
const LIST: &str = "several patterns are a list";
const REGEX: &str = "`pattern` is a glob and not a regular expression";
const MIXED: &str = "`pattern` is a glob, where a choice is `{a,b}`; `^`, `$`, `(a|b)`, `\\d` and `{4}` are of regular expressions";
const START: &str =
    "`pattern` is a glob and not a regular expression; how a name begins is `prefix`";
const PERCENT: &str = "`%` stands for itself in a glob, and `*` for any characters";
const BLANK: &str = "there is a blank within the pattern";
const FOLDERS: &str = "`prefix` is one text, and several folders are a list of patterns";
const CASE: &str = "upper and lower case are different";
/// The pattern was meant to be about what follows the prefix.
pub(super) const WITHIN: &str = "`pattern` is about the whole name, the prefix included";
const WHOLE: &str = "`pattern` is about the whole name, and `*` stays within a folder";

/// What may have been meant, the most likely first. `container` is the one that is watched, where that is known.
pub(crate) fn rewrites(filter: &FilterSpec, container: &str) -> Vec<Rewrite> {
    let mut all = likely(filter, container);
    let tidy = slips::tidy(filter, container);
    let slip = all.first().filter(|_| tidy != *filter);
    let slip = slip.map(|it| it.cause.clone());
    all.extend(after(slip, loose(&tidy)));
    all.retain(|it| it.filter != *filter);
    all
}

/// Those of them that may be told without names to try them on.
pub(super) fn likely(filter: &FilterSpec, container: &str) -> Vec<Rewrite> {
    let mut all = slips::slips(filter, container);
    let slip = all.first().map(|it| it.cause.clone());
    all.extend(after(slip, strict(&slips::tidy(filter, container))));
    all.retain(|it| it.filter != *filter);
    all
}

/// Rewrites of a filter that had a slip.
fn after(slip: Option<String>, mut others: Rewrites) -> Vec<Rewrite> {
    if let Some(slip) = slip {
        for Rewrite { cause, .. } in &mut others.0 {
            *cause = format!("{slip}; {cause}");
        }
    }
    others.0
}

#[derive(Default)]
struct Rewrites(Vec<Rewrite>);

impl Rewrites {
    fn add(&mut self, cause: &str, prefix: &str, patterns: Vec<String>) {
        self.0.push(Rewrite {
            cause: cause.to_owned(),
            filter: FilterSpec {
                prefix: prefix.to_owned(),
                patterns,
            },
        });
    }
}

fn strict(filter: &FilterSpec) -> Rewrites {
    let FilterSpec { prefix, patterns } = filter;
    let mut all = Rewrites::default();
    for (prefix, patterns) in globs_in_prefix(prefix, patterns) {
        all.add(PLAIN, &prefix, patterns);
    }
    if let Some(patterns) = folders_in_prefix(prefix, patterns) {
        all.add(FOLDERS, "", patterns);
    }
    if let Some(patterns) = split(patterns) {
        // One without a folder was hardly meant for the top level alone.
        all.add(LIST, prefix, each(&patterns, wide));
        all.add(LIST, prefix, each(&patterns, deep));
        all.add(LIST, prefix, each(&patterns, of_folder));
    }
    if let (true, [regex]) = (prefix.is_empty(), patterns.as_slice())
        && let Some(start) = regex::start(regex)
    {
        all.add(START, start, Vec::new());
    }
    // What has a `**` as well is a glob with signs of others.
    if patterns
        .iter()
        .any(|it| regex::is_regex(it) && !it.contains("**"))
    {
        all.add(REGEX, prefix, each(patterns, regex::spanning));
        all.add(REGEX, prefix, each(patterns, regex::glob_of));
        all.add(REGEX, prefix, each(patterns, searched));
        let below = |it: &str| within(prefix, &regex::glob_of(it));
        all.add(REGEX, prefix, each(patterns, below));
    }
    let plain = each(patterns, mixed::as_glob);
    if plain != *patterns {
        all.add(MIXED, prefix, plain.clone());
        all.add(MIXED, prefix, each(&plain, deep));
    }
    all.add(CASE, prefix, each(patterns, |it| as_prefix(prefix, it)));
    if !prefix.is_empty() {
        all.add(WITHIN, prefix, each(patterns, |it| within(prefix, it)));
    }
    all
}

fn loose(filter: &FilterSpec) -> Rewrites {
    let FilterSpec { prefix, patterns } = filter;
    let mut all = Rewrites::default();
    let solid = |it: &str| it.split_whitespace().collect::<String>();
    all.add(BLANK, prefix, each(patterns, solid));
    let stars = |it: &str| match it.contains('%') {
        true => wide(&it.replace('%', "*")),
        false => it.to_owned(),
    };
    all.add(PERCENT, prefix, each(patterns, stars));
    for form in [deep, of_ending, of_dotted_ending, of_folder, of_part] {
        all.add(WHOLE, prefix, each(patterns, form));
    }
    for case in [str::to_lowercase, str::to_uppercase] {
        all.add(CASE, &case(prefix), each(patterns, case));
        let ending = |it: &str| with_ending(it, case);
        all.add(CASE, prefix, each(patterns, ending));
        all.add(CASE, prefix, each(patterns, |it| deep(&ending(it))));
        all.add(CASE, prefix, each(patterns, |it| deep(&case(it))));
    }
    all
}

/// What a glob may have meant that is written as the prefix.
fn globs_in_prefix(prefix: &str, patterns: &[String]) -> Vec<(String, Vec<String>)> {
    const SIGNS: [char; 4] = ['*', '?', '[', '{'];
    let is_glob = |text: &str| text.contains(SIGNS);
    if !is_glob(prefix) {
        return Vec::new();
    }
    let mut all = Vec::new();
    // `raw/*`: a prefix needs no star.
    let start = prefix.trim_end_matches('*');
    if !is_glob(start) {
        all.push((start.to_owned(), patterns.to_vec()));
    }
    let (folder, last) = prefix.rsplit_once('/').unwrap_or(("", prefix));
    let below = |it: &str| format!("{folder}/**/{}", it.rsplit('/').next().unwrap_or(it));
    if last.is_empty() && !patterns.is_empty() {
        all.push((String::new(), each(patterns, below)));
    }
    if patterns.is_empty() {
        let glob = match last {
            "" => format!("{prefix}**"),
            _ => deep(prefix),
        };
        all.push((String::new(), vec![glob]));
    }
    let literal = prefix.split(SIGNS).next().unwrap_or_default();
    let literal = literal.rfind('/').map_or("", |at| &literal[..=at]);
    if !patterns.is_empty() || !literal.is_empty() {
        all.push((literal.to_owned(), patterns.to_vec()));
        let below = each(patterns, |it| within(literal, it));
        all.push((literal.to_owned(), below));
    }
    all
}

/// The patterns for a prefix that names several folders, with `,`, `;` or `|` between them.
fn folders_in_prefix(prefix: &str, patterns: &[String]) -> Option<Vec<String>> {
    let folders = prefix.split([',', ';', '|']).map(str::trim);
    let folders: Vec<_> = folders.filter(|it| !it.is_empty()).collect();
    if folders.len() < 2 {
        return None;
    }
    let (excludes, wanted): (Vec<_>, Vec<_>) = patterns.iter().partition(|it| it.starts_with('!'));
    let any = "**".to_owned();
    let wanted = if wanted.is_empty() {
        vec![&any]
    } else {
        wanted
    };
    let of = |folder: &&str| {
        let folder = folder.trim_end_matches('/').to_owned();
        let below = |it: &&String| match it.starts_with("**") {
            true => format!("{folder}/{it}"),
            false => format!("{folder}/**/{}", it.rsplit('/').next().unwrap_or(it)),
        };
        wanted.iter().map(below).collect::<Vec<_>>()
    };
    let all = folders.iter().flat_map(of);
    Some(all.chain(excludes.into_iter().cloned()).collect())
}

/// The patterns that stand in one text, with `,`, `|`, `;` or a blank between them.
fn split(patterns: &[String]) -> Option<Vec<String>> {
    let parts: Vec<_> = patterns.iter().flat_map(|it| several(it)).collect();
    (parts.len() > patterns.len()).then_some(parts)
}

/// The parts of a text that is several patterns, or the text itself.
pub(super) fn several(pattern: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let is_between = |c: char| {
        match c {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && (matches!(c, ',' | '|' | ';') || c.is_whitespace())
    };
    let parts = pattern.split(is_between).filter(|it| !it.is_empty());
    let parts: Vec<_> = parts.map(str::to_owned).collect();
    // `**/* .csv` is one pattern with a blank in it, and not every name beside `.csv`.
    let is_any = |it: &String| it.chars().all(|c| matches!(c, '*' | '/' | '?'));
    match parts.is_empty() || parts.len() > 1 && parts.iter().any(is_any) {
        true => vec![pattern.to_owned()],
        false => parts,
    }
}

/// A regular expression that is to be found anywhere in a name.
fn searched(regex: &str) -> String {
    let glob = regex::glob_of(regex);
    match regex::is_open(regex) && !glob.starts_with("**") {
        true => format!("**/*{glob}"),
        false => glob,
    }
}

/// A pattern that begins as the prefix does, but for upper and lower case.
fn as_prefix(prefix: &str, pattern: &str) -> String {
    match pattern.get(..prefix.len()) {
        Some(start) if start.eq_ignore_ascii_case(prefix) => {
            format!("{prefix}{}", &pattern[prefix.len()..])
        }
        _ => pattern.to_owned(),
    }
}

/// A pattern that was meant to be about what follows the prefix.
fn within(prefix: &str, pattern: &str) -> String {
    let folder = prefix.rfind('/').map_or("", |at| &prefix[..=at]);
    let first = |text: &str| text.split('/').next().map(str::to_owned);
    // One that repeats its folder is about the whole name already.
    if !folder.is_empty() && first(folder) == first(pattern) {
        return pattern.to_owned();
    }
    match pattern.contains('/') {
        true => format!("{folder}{pattern}"),
        false => format!("{folder}**/{pattern}"),
    }
}

/// Whatever the folder, where none is written.
fn wide(glob: &str) -> String {
    match glob.contains('/') {
        true => glob.to_owned(),
        false => deep(glob),
    }
}

/// Whatever the folder.
fn deep(glob: &str) -> String {
    match glob.rsplit_once('/') {
        Some((folder, file)) if !folder.ends_with("**") && !file.is_empty() => {
            format!("{folder}/**/{file}")
        }
        Some(_) => glob.to_owned(),
        None => format!("**/{glob}"),
    }
}

fn is_ending(pattern: &str) -> bool {
    !pattern.contains(['/', '*', '?'])
}

/// `.csv`
fn of_ending(pattern: &str) -> String {
    match is_ending(pattern) {
        true => format!("**/*{pattern}"),
        false => pattern.to_owned(),
    }
}

/// `csv` and `{csv,tsv}`
fn of_dotted_ending(pattern: &str) -> String {
    match is_ending(pattern) && !pattern.starts_with('.') {
        true => format!("**/*.{pattern}"),
        false => pattern.to_owned(),
    }
}

/// `raw` and `raw/`
fn of_folder(pattern: &str) -> String {
    match pattern.strip_suffix('/') {
        Some(folder) => format!("{folder}/**"),
        None if !pattern.ends_with('*') => format!("{pattern}/**"),
        None => pattern.to_owned(),
    }
}

/// `report`, somewhere in the name.
fn of_part(pattern: &str) -> String {
    match is_ending(pattern) {
        true => format!("**/*{pattern}*"),
        false => format!("**/{}", pattern.trim_start_matches("**/")),
    }
}

fn with_ending(glob: &str, change: fn(&str) -> String) -> String {
    match glob.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}.{}", change(ending)),
        None => glob.to_owned(),
    }
}
