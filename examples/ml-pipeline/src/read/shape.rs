//! How the fields of a file's rows are written: the way in which most rows have the same number of fields.

use std::collections::HashMap;

use csv::StringRecord;

use super::plain::{Plain, Shape};

/// How many records of the sample are looked at.
const RECORDS: usize = 200;

/// What may stand between two fields. The first wins where two do equally well.
const DELIMITERS: [u8; 4] = *b",;\t|";

/// What may stand around a field.
const QUOTES: [char; 3] = ['"', '\'', '`'];

/// How many records of a thousand must agree on a number of fields, so that another delimiter is not looked for.
const AGREED: usize = 800;

/// The records of a sample, and how well they are explained.
pub(super) struct Explained {
    pub(super) shape: Shape,
    pub(super) records: Vec<StringRecord>,
    /// How many of a thousand records have the usual number of fields, if that is above one, and that number.
    share: usize,
    pub(super) fields: usize,
    /// How many fields have quotes that this way of writing does not explain.
    strays: usize,
}

impl Explained {
    /// In the best way of writing; with this delimiter if there is one. Comments are left out.
    pub(super) fn best(sample: &str, delimiter: Option<u8>) -> Self {
        let delimiters = match delimiter {
            Some(delimiter) => vec![delimiter],
            None => DELIMITERS.to_vec(),
        };
        let usual = delimiters.iter().map(|&delimiter| Shape {
            has_comments: has_comments(sample),
            ..Shape::usual(delimiter)
        });
        let usual: Vec<_> = usual.collect();
        let mut best = Explained::first_of(sample, &usual);
        if sample.contains(['\'', '\\', '`']) || sample.contains(" \"") {
            best = best.or(sample, &usual);
        }
        if delimiter.is_none() && best.share < 1000 {
            let blanks = Shape {
                delimiter: b' ',
                ..usual[0]
            };
            let blanks = Explained::of(sample, blanks);
            // Columns that tabs line up have one tab or several between them.
            let is_aligned = best.shape.delimiter == b'\t' && blanks.share > best.share;
            if blanks.share >= AGREED && (best.share < AGREED || is_aligned) {
                return blanks;
            }
        }
        best
    }

    fn first_of(sample: &str, shapes: &[Shape]) -> Self {
        let mut all = shapes.iter().map(|&shape| Explained::of(sample, shape));
        let first = all
            .next()
            .unwrap_or_else(|| Explained::of(sample, Shape::usual(b',')));
        all.fold(first, |best, next| {
            if (next.share, next.fields) > (best.share, best.fields) {
                next
            } else {
                best
            }
        })
    }

    /// Itself, or an unusual way of writing that explains more.
    fn or(self, sample: &str, usual: &[Shape]) -> Self {
        let with = |change: &dyn Fn(Shape) -> Shape| usual.iter().copied().map(change).collect();
        let spaced = |it: Shape| Shape {
            is_spaced: true,
            ..it
        };
        let quoted = |it: Shape| Shape { quote: b'\'', ..it };
        let ticked = |it: Shape| Shape { quote: b'`', ..it };
        let escaped = |it: Shape| Shape {
            is_escaped: true,
            ..it
        };
        let all: [Vec<_>; 7] = [
            with(&spaced),
            with(&quoted),
            with(&|it| spaced(quoted(it))),
            with(&|it| escaped(quoted(it))),
            with(&ticked),
            with(&escaped),
            with(&|it| spaced(escaped(it))),
        ];
        let mut best = self;
        for others in all {
            let other = Explained::first_of(sample, &others);
            let is_quoted = other.shape.quote != b'"';
            // An apostrophe here and there is no quote.
            let relief = best.strays.saturating_sub(other.strays);
            let relieves = if is_quoted {
                relief * 2 > best.records.len()
            } else {
                relief > 0
            };
            if other.share > best.share || (other.share == best.share && relieves) {
                best = other;
            }
        }
        best
    }

    /// In one way of writing.
    pub(super) fn of(sample: &str, shape: Shape) -> Self {
        let mut plain = Plain::new(sample.as_bytes(), shape);
        let records = records(&mut plain, shape.delimiter, sample.ends_with('\n'));
        // Fields that begin with another quote, or with blanks and a quote.
        let own = char::from(shape.quote);
        let is_left = |field: &&str| {
            let bare = field.trim_start();
            let is_own = !shape.is_spaced && bare.len() < field.len() && bare.starts_with(own);
            is_own || bare.starts_with(|mark| mark != own && QUOTES.contains(&mark))
        };
        let left = records.iter().flatten().filter(is_left).count();
        let (share, fields) = fit(&records);
        Explained {
            shape,
            strays: plain.strays + left,
            records,
            share,
            fields,
        }
    }
}

/// Whether lines that begin with `#` may be comments.
fn has_comments(sample: &str) -> bool {
    sample.starts_with('#') || sample.contains("\n#") || sample.contains("\r#")
}

/// The whole records of a sample. Its last one may have been cut, unless it is the only one.
pub(super) fn records(
    sample: impl std::io::Read,
    delimiter: u8,
    is_whole: bool,
) -> Vec<StringRecord> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(sample);
    let mut records: Vec<_> = reader
        .records()
        .map_while(Result::ok)
        .take(RECORDS + 1)
        .collect();
    if records.len() > RECORDS || (records.len() > 2 && !is_whole) {
        records.pop();
    }
    records
}

/// How well the records are explained: how many agree on a number of fields above one, in thousandths,
/// and that number.
fn fit(records: &[StringRecord]) -> (usize, usize) {
    let mut counts = HashMap::new();
    for record in records {
        *counts.entry(record.len()).or_insert(0_usize) += 1;
    }
    let usual = counts
        .into_iter()
        .max_by_key(|&(fields, count)| (count, fields));
    match usual {
        Some((fields, count)) if fields > 1 => (count * 1000 / records.len(), fields),
        _ => (0, 1),
    }
}
