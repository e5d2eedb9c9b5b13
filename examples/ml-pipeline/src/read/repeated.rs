//! Rows that are none: the header once more, where files were joined, and a line of dashes below it.

use csv::StringRecord;

/// What a line between a header and its rows is made of.
const RULE: &str = "-=:+_ ";

/// Finds such rows, and counts them.
#[derive(Debug, Default)]
pub(super) struct Repeated<'a> {
    /// The names as the file has them; none where a row can be no header.
    header: &'a [String],
    /// Whether the header was just read.
    is_below: bool,
    headers: Found,
    rules: Found,
}

#[derive(Debug, Default)]
struct Found {
    count: u64,
    /// Where the first one is.
    first: String,
}

impl Found {
    fn add(&mut self, place: impl Fn() -> String) {
        if self.count == 0 {
            self.first = place();
        }
        self.count += 1;
    }

    fn told(&self, what: &str) -> Option<String> {
        match self.count {
            0 => None,
            1 => Some(format!("{} is {what}, and is left out", self.first)),
            count => Some(format!(
                "{count} rows are {what}, the first in {}: they are left out",
                self.first
            )),
        }
    }
}

impl<'a> Repeated<'a> {
    pub(super) fn of(header: &'a [String]) -> Self {
        // A row of numbers may come twice by chance.
        let is_named = header.iter().any(|name| name.contains(char::is_alphabetic));
        Repeated {
            header: if is_named { header } else { &[] },
            ..Repeated::default()
        }
    }

    /// The next row is the first of a file.
    pub(super) fn begin(&mut self) {
        self.is_below = !self.header.is_empty();
    }

    /// Whether a row is none.
    pub(super) fn has(&mut self, record: &StringRecord, place: impl Fn() -> String) -> bool {
        let is_header = self.is_header(record);
        let is_rule = self.is_below && is_rule(record);
        self.is_below = is_header;
        if is_header {
            self.headers.add(place);
        } else if is_rule {
            self.rules.add(place);
        }
        is_header || is_rule
    }

    fn is_header(&self, record: &StringRecord) -> bool {
        // R names no column for the names of the rows.
        let unnamed = self.header.len().checked_sub(record.len()) == Some(1);
        let names = &self.header[usize::from(unnamed)..];
        let mut fields = record.iter();
        // Each of the joined files may begin with a byte order mark.
        let is = |(at, name): (usize, &String)| {
            let field = fields.next().unwrap_or_default();
            field.trim() == name
                || (at == 0 && field.starts_with('\u{feff}') && bare(field) == name)
        };
        !names.is_empty() && names.iter().enumerate().all(is) && fields.all(str::is_empty)
    }

    /// What people should know of the rows that were read.
    pub(super) fn told(&self) -> Vec<String> {
        let all = [
            self.headers.told("the header once more"),
            self.rules
                .told("a line below the header that has no values"),
        ];
        all.into_iter().flatten().collect()
    }
}

fn bare(field: &str) -> &str {
    field.trim_matches(['\u{feff}', '"', ' '])
}

/// Whether a row is a line, as in Markdown: `|---|:--:|`.
fn is_rule(record: &StringRecord) -> bool {
    let is_line = |field: &str| field.chars().all(|c| RULE.contains(c));
    record.iter().all(is_line)
        && record
            .iter()
            .any(|field| field.contains("--") || field.contains("=="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &[&str], rows: &[&[&str]]) -> (Vec<bool>, Vec<String>) {
        let header: Vec<_> = header.iter().map(|&name| name.to_owned()).collect();
        let mut repeated = Repeated::of(&header);
        repeated.begin();
        let has =
            |row: &&[&str]| repeated.has(&StringRecord::from(row.to_vec()), || "line 2".to_owned());
        let found = rows.iter().map(has).collect();
        (found, repeated.told())
    }

    #[test]
    fn the_header_and_a_line_below_it_are_no_rows() {
        let rows: [&[&str]; 8] = [
            &["---", ":--:"],
            &["1", "2"],
            &["--", "--"],
            &[" a", "b ", ""],
            &["===", "="],
            &["a", "c"],
            &["\u{feff}\"a\"", "b"],
            &["a"],
        ];
        let (found, told) = of(&["a", "b"], &rows);
        assert_eq!(found, [true, false, false, true, true, false, true, false]);
        assert_eq!(
            told,
            [
                "2 rows are the header once more, the first in line 2: they are left out",
                "2 rows are a line below the header that has no values, the first in line 2: they are left out"
            ]
        );
        assert_eq!(of(&["", "a", "b"], &[&["a", "b"]]).0, [true]);
        assert_eq!(of(&["1", "2"], &[&["1", "2"]]).0, [false], "numbers");
        assert_eq!(of(&[], &[&["--", "--"]]).0, [false]);
    }
}
