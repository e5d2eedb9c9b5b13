//! What a step tells people while it runs: a moving bar on a terminal, lines anywhere else.

use std::io::{IsTerminal, stderr};
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Where a step's words go: the standard error, as the standard output is for results.
pub struct Log {
    bar: Mutex<Option<ProgressBar>>,
    terminal: bool,
    silent: bool,
}

impl Log {
    /// To the standard error.
    pub fn new() -> Self {
        Log {
            bar: Mutex::new(None),
            terminal: stderr().is_terminal(),
            silent: false,
        }
    }

    /// To nobody.
    pub fn silent() -> Self {
        Log {
            bar: Mutex::new(None),
            terminal: false,
            silent: true,
        }
    }

    /// A line for people.
    pub fn say(&self, line: &str) {
        if self.silent {
            return;
        }
        let line = printable(line);
        match self.current().as_ref() {
            Some(bar) => bar.println(format!("  {line}")),
            None => eprintln!("  {line}"),
        }
    }

    /// A line that people should read.
    pub fn warn(&self, line: &str) {
        self.say(&format!("warning: {line}"));
    }

    /// Begins something of which `total` parts are to be done, if that is known.
    pub fn start(&self, what: &'static str, total: Option<u64>) {
        if !self.terminal {
            return;
        }
        let bar = match total {
            Some(total) => ProgressBar::new(total).with_style(
                ProgressStyle::with_template("  {msg:<12} {wide_bar} {percent:>3}% {eta:>4}")
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            ),
            None => ProgressBar::new_spinner(),
        };
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(100));
        *self.current() = Some(bar);
    }

    /// How much of it is done.
    pub fn at(&self, done: u64) {
        if let Some(bar) = self.current().as_ref() {
            bar.set_position(done);
        }
    }

    /// One part more is done, and what can be said of it now.
    pub fn step(&self, message: impl FnOnce() -> String) {
        if let Some(bar) = self.current().as_ref() {
            bar.inc(1);
            bar.set_message(message());
        }
    }

    /// Ends what `start` began.
    pub fn finish(&self) {
        if let Some(bar) = self.current().take() {
            bar.finish_and_clear();
        }
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        // A bar is whole whatever a thread that panicked did to it.
        self.bar
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Default for Log {
    fn default() -> Self {
        Log::new()
    }
}

/// A text in one line and without what moves a cursor, turns the direction of writing or hides, as
/// names and values out of a file may have any.
pub fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            if is_hidden(c) {
                c.escape_default().collect::<Vec<_>>()
            } else {
                vec![c]
            }
        })
        .collect()
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_a_file_holds_does_nothing_to_a_terminal() {
        assert_eq!(
            printable("a\u{1b}]0;x\u{7}\n\u{9b}\u{202e}b ü"),
            r"a\u{1b}]0;x\u{7}\n\u{9b}\u{202e}b ü"
        );
    }
}
