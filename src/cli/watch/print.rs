//! An event as a line.

use std::io;

use serde::Deserialize;

use crate::{
    cli::{args::Output, counts::Size, data::document},
    event::encoded::decoded,
    text::plain::{Json, Plain},
};

/// Prints events, one a line.
pub(super) struct Printer<W> {
    out: W,
    output: Output,
    header: bool,
}

/// What the table shows of an event.
#[derive(Deserialize)]
struct Row {
    time: String,
    blobname: String,
    data: Data,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    content_length: u64,
}

impl<W: io::Write> Printer<W> {
    pub(super) fn new(out: W, output: Output) -> Self {
        Self {
            out,
            output,
            header: true,
        }
    }

    pub(super) fn print(&mut self, payload: &[u8]) -> io::Result<()> {
        match self.output {
            Output::Json => {
                // One line, whatever server it came from.
                let json = String::from_utf8_lossy(payload).replace(['\n', '\r', '\t'], " ");
                writeln!(self.out, "{}", Json(&json))?;
            }
            Output::Yaml => match serde_json::from_slice(payload) {
                Ok(event) => {
                    let document = document(&event).map_err(io::Error::other)?;
                    writeln!(self.out, "{document}")?;
                }
                Err(_) => writeln!(self.out, "{}", Plain(&String::from_utf8_lossy(payload)))?,
            },
            Output::Table => self.row(payload)?,
        }
        // People watch, and programs read as it comes.
        self.out.flush()
    }

    fn row(&mut self, payload: &[u8]) -> io::Result<()> {
        if std::mem::take(&mut self.header) {
            writeln!(self.out, "{:<20}  {:>9}  BLOB", "TIME", "SIZE")?;
        }
        match serde_json::from_slice::<Row>(payload) {
            Ok(row) => writeln!(
                self.out,
                "{:<20}  {:>9}  {}",
                Plain(&row.time).to_string(),
                Size(row.data.content_length).to_string(),
                Plain(&decoded(&row.blobname))
            ),
            // A server of another make or version: better shown than hidden.
            Err(_) => writeln!(self.out, "{}", Plain(&String::from_utf8_lossy(payload))),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn printed(output: Output, payloads: &[&str]) -> String {
        let mut out = Vec::new();
        let mut printer = Printer::new(&mut out, output);
        for payload in payloads {
            printer.print(payload.as_bytes()).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    const EVENT: &str = r#"{"time":"2026-01-02T03:04:05Z","blobname":"raw/a\u001b[31m\n.csv","data":{"contentLength":1536,"eTag":"x"}}"#;

    #[test]
    fn json_is_the_payload_on_one_line() {
        assert_eq!(
            printed(Output::Json, &[EVENT, "{}"]),
            format!("{EVENT}\n{{}}\n")
        );
        assert_eq!(
            printed(Output::Json, &["{\r\n\t\"a\": \"\u{9b}\u{7f}\u{1b}\"}"]),
            "{   \"a\": \"\\u009b\\u007f\\u001b\"}\n"
        );
    }

    #[test]
    fn yaml_is_a_document_for_each_event() {
        let yaml = printed(Output::Yaml, &["{\"blobname\": \"raw/a.csv\"}", "{}"]);
        assert_eq!(yaml, "---\nblobname: raw/a.csv\n---\n{}\n");
    }

    #[test]
    fn a_table_has_one_header_and_escapes_names() {
        assert_eq!(
            printed(Output::Table, &[EVENT, EVENT]),
            "TIME                       SIZE  BLOB\n\
             2026-01-02T03:04:05Z    1.5 KiB  raw/a\\u{1b}[31m\\n.csv\n\
             2026-01-02T03:04:05Z    1.5 KiB  raw/a\\u{1b}[31m\\n.csv\n"
        );
    }

    #[test]
    fn what_is_no_event_of_ours_is_shown_all_the_same() {
        assert!(printed(Output::Table, &["hi\u{7}"]).ends_with("hi\\u{7}\n"));
    }
}
