//! What a command says that does something: sentences as they come for people, or all of it at the end as data.

use std::io::{self, Write};

use serde_json::{Map, Value};

use super::{args::Output, data};

/// What is said of one run of a command.
pub(super) struct Outcome {
    output: Output,
    data: Map<String, Value>,
}

impl Outcome {
    /// Nothing yet.
    pub(super) fn new(output: Output) -> Self {
        Self {
            output,
            data: Map::new(),
        }
    }

    /// Something for programs. Sentences are written to this itself.
    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.data.insert(key.to_owned(), value.into());
    }

    /// Prints what was gathered, if there is anything.
    pub(super) fn end(self) -> anyhow::Result<()> {
        match self.output {
            Output::Table => Ok(()),
            _ if self.data.is_empty() => Ok(()),
            output => data::print(&Value::Object(self.data), output),
        }
    }
}

impl Write for Outcome {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.output {
            Output::Table => io::stdout().write(bytes),
            _ => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}
