//! Texts that people give instead of a table: pages, documents, lists of objects.

use anyhow::{Result, bail};
use serde_json::{Deserializer, Value};

/// How much of a title or a message is shown, in characters.
const SHOWN: usize = 100;

/// Refuses texts that are no table, by their beginning.
///
/// # Errors
///
/// With what the text is, and what to do.
pub(super) fn other(sample: &str) -> Result<()> {
    let text = sample.trim_start();
    if let Some(what) = html(text)
        .or_else(|| xml(text))
        .or_else(|| json(text))
        .or_else(|| of_learners(text))
    {
        bail!("this is {what}");
    }
    Ok(())
}

fn html(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let is_html = [
        "<!doctype html",
        "<html",
        "<head",
        "<body",
        "<table",
        "<div",
    ]
    .iter()
    .any(|it| lower.starts_with(it));
    let is_commented = lower.starts_with("<!--") && lower.contains("<html");
    (is_html || is_commented).then(|| {
        let title = within(text, "title").map(|it| format!(" with the title '{it}'"));
        format!(
            "an HTML page{}, not a table: download the file itself",
            title.unwrap_or_default()
        )
    })
}

fn xml(text: &str) -> Option<String> {
    let name = first_element(text)?;
    // `<DATE>,<OPEN>` is a header that some programs write.
    if !text.starts_with("<?xml") && !text.contains("</") {
        return None;
    }
    let says = [within(text, "Code"), within(text, "Message")];
    let says: Vec<_> = says.into_iter().flatten().collect();
    Some(match says.as_slice() {
        [] => format!(
            "an XML document with the element '{name}', not a table: write its table as CSV or Parquet first"
        ),
        // The form in which storage services tell errors.
        says => format!(
            "the error of a storage service, not a table ({}): download the file again",
            says.join(": ")
        ),
    })
}

/// The name of the first element of an XML document.
fn first_element(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = rest.trim_start().strip_prefix('<')?;
        let end = match rest.as_bytes().first()? {
            b'?' => "?>",
            b'!' if rest.starts_with("!--") => "-->",
            b'!' => ">",
            _ => break,
        };
        rest = rest.split_once(end)?.1;
    }
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))?;
    let name = &rest[..end];
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        .then_some(name)
}

/// What stands in an element, without line breaks.
fn within(text: &str, element: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let element = element.to_ascii_lowercase();
    let open = lower.find(&format!("<{element}"))?;
    let start = open + lower[open..].find('>')? + 1;
    let end = start + lower[start..].find(&format!("</{element}"))?;
    let words: Vec<_> = text[start..end].split_whitespace().collect();
    let shown: String = words.join(" ").chars().take(SHOWN).collect();
    (!shown.is_empty()).then_some(shown)
}

fn json(text: &str) -> Option<String> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let mut values = Deserializer::from_str(text).into_iter::<Value>();
    let first = match values.next()? {
        Ok(first) => Some(first),
        // The sample ends within it.
        Err(error) if error.is_eof() => None,
        Err(_) => return None,
    };
    let rest = text[values.byte_offset()..].trim_start();
    if first.is_some() && rest.starts_with(['{', '[']) {
        return Some(
            "a JSON Lines file, not a table: write it as CSV first, such as with pandas.read_json(…, lines=True)"
                .to_owned(),
        );
    }
    if first.is_some() && !rest.is_empty() {
        return None;
    }
    let error = first.as_ref().and_then(|it| it.get("error"));
    let says = error.map(|it| it.get("message").or(it.get("code")).unwrap_or(it));
    Some(match says.filter(|it| !it.is_null()) {
        Some(says) => {
            let says: String = says.to_string().chars().take(SHOWN).collect();
            format!("the error of a service as JSON, not a table ({says}): download the file again")
        }
        None => "a JSON file, not a table: write it as CSV first, such as with pandas.read_json"
            .to_owned(),
    })
}

/// Formats of programs that learn, and a file that stands for another one.
fn of_learners(text: &str) -> Option<String> {
    if text.starts_with("version https://git-lfs.github.com/") {
        return Some(
            "a pointer of Git LFS, not the file itself: run `git lfs pull` and give the file"
                .to_owned(),
        );
    }
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('%'));
    let first = lines.next()?;
    if first.to_ascii_lowercase().starts_with("@relation") {
        return Some(
            "an ARFF file of Weka, not a CSV file: write it as CSV first, such as with scipy.io.arff.loadarff"
                .to_owned(),
        );
    }
    let some: Vec<_> = std::iter::once(first).chain(lines.take(4)).collect();
    let pairs: Option<Vec<_>> = some.iter().map(|line| sparse(line)).collect();
    let is_sparse = pairs.is_some_and(|pairs| pairs.iter().any(|count| *count > 1));
    is_sparse.then(|| {
        "a LIBSVM file, not a CSV file: write it as CSV first, such as with \
         sklearn.datasets.load_svmlight_file"
            .to_owned()
    })
}

/// How many pairs of a place and a value a line has, if it has nothing else but a number before them.
fn sparse(line: &str) -> Option<usize> {
    let (target, pairs) = line.split_once(' ')?;
    target.parse::<f64>().ok()?;
    let place = |pair: &str| -> Option<u64> {
        let (place, value) = pair.split_once(':')?;
        value.parse::<f64>().ok()?;
        place.parse().ok()
    };
    let places: Vec<_> = pairs
        .split_ascii_whitespace()
        .map(place)
        .collect::<Option<_>>()?;
    places.is_sorted_by(|a, b| a < b).then_some(places.len())
}
