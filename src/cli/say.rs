//! What is said to people beside the result. That nobody reads it is no failure: the pipe may be closed, the disk full.
//!
//! `println!` and `eprintln!` panic there, and a panic has an exit status that no documentation knows.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

use clap::builder::styling::{AnsiColor, Style};

use super::colours::has_colours;
use crate::text::plain::Lines;

/// Writes a line to stderr.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Says on stderr what went wrong.
pub fn say_error(told: impl Display) {
    let mark = match has_colours(io::stderr().is_terminal()) {
        true => AnsiColor::Red.on_default().bold(),
        false => Style::new(),
    };
    let told = told.to_string();
    say(format_args!("{mark}error:{mark:#} {}", Lines(&told)));
}

/// Writes a line to stdout, of a command whose result is a file.
pub(super) fn report(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}
