//! Tables of which the wide ones become cards on a narrow screen, so that nothing is cut there.

use std::fmt::Write;

use super::escape;

/// From how many columns a table is wide.
const CARDS: usize = 5;

/// A table in the making.
pub(super) struct Table {
    heads: Vec<String>,
    /// Whether a column is text, which stands on the left.
    texts: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With the names of its columns; those of text begin with `"`.
    pub(super) fn new(heads: &[&str]) -> Self {
        Table {
            heads: heads
                .iter()
                .map(|it| escape(it.trim_start_matches('"')))
                .collect(),
            texts: heads.iter().map(|it| it.starts_with('"')).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row. The cells are escaped here.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<str>>) {
        self.rows
            .push(cells.into_iter().map(|it| escape(it.as_ref())).collect());
    }

    /// Adds a row with cells that are HTML.
    pub(super) fn markup(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Whether it has no row.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes it.
    pub(super) fn write(self, page: &mut String) {
        let class = |text: bool| if text { " class=\"text\"" } else { "" };
        let kind = if self.heads.len() < CARDS {
            ""
        } else {
            " class=\"cards\""
        };
        let _ = write!(page, "<table{kind}>\n<thead><tr>");
        for (head, &text) in self.heads.iter().zip(&self.texts) {
            let _ = write!(page, "<th scope=\"col\"{}>{head}</th>", class(text));
        }
        page.push_str("</tr></thead>\n<tbody>\n");
        for row in &self.rows {
            page.push_str("<tr>");
            for ((cell, head), &text) in row.iter().zip(&self.heads).zip(&self.texts) {
                let _ = write!(page, "<td data-label=\"{head}\"{}>{cell}</td>", class(text));
            }
            page.push_str("</tr>\n");
        }
        page.push_str("</tbody>\n</table>\n");
    }
}
