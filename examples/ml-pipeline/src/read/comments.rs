//! Lines that begin with `#`: comments, a header, or rows like all others.

use super::{
    above::lines,
    header::{Header, header},
    plain::{Plain, Shape},
    shape::{Explained, records},
};
use crate::value::Numerals;

/// What the lines with a mark are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Comments {
    /// How many lines at the beginning are comments.
    pub(super) above: u64,
    /// Whether the header is a comment, too.
    pub(super) has_header: bool,
    /// Whether there are comments among the rows.
    pub(super) are_within: bool,
}

impl Comments {
    /// Tells it from a sample, and from what its other lines are.
    pub(super) fn of(sample: &str, explained: &Explained) -> Self {
        let shape = Shape {
            has_comments: false,
            ..explained.shape
        };
        let fits = |line: &str| width(line, shape) == explained.fields;
        let is_marked = |line: &&str| line.starts_with('#');
        let block = lines(sample).take_while(|line| line.trim().is_empty() || is_marked(line));
        let block: Vec<_> = block.collect();
        let marks: Vec<_> = block.iter().copied().filter(is_marked).collect();
        let within: Vec<_> = lines(sample).skip(block.len()).filter(is_marked).collect();
        let rows = |lines: &[&str]| lines.iter().filter(|line| fits(line)).count();
        // `#ff0000,red` is a row.
        if explained.records.is_empty() || rows(&marks) > 1 || rows(&within) * 2 > within.len() {
            return Comments::default();
        }
        let are_within = !within.is_empty();
        let (Some(last), count) = (marks.last(), block.len() as u64) else {
            return Comments {
                are_within,
                ..Comments::default()
            };
        };
        let bare = last.trim_start_matches('#');
        let name = bare.trim_start();
        let is_apart = bare.len() > name.len() && !name.starts_with(char::from(shape.delimiter));
        let no_header = header(&explained.records, Numerals::Point) == Header::Absent;
        if !is_apart && fits(last) {
            Comments {
                above: count - 1,
                has_header: false,
                are_within,
            }
        } else if is_apart && no_header && fits(name) {
            Comments {
                above: count - 1,
                has_header: true,
                are_within,
            }
        } else {
            Comments {
                above: count,
                has_header: false,
                are_within,
            }
        }
    }
}

/// How many fields a line has.
fn width(line: &str, shape: Shape) -> usize {
    let plain = Plain::new(line.as_bytes(), shape);
    let records = records(plain, shape.delimiter, true);
    records.first().map_or(0, csv::StringRecord::len)
}
