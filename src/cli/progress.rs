//! What a command is busy with, on a terminal, once it takes more than a moment: a line on stderr that goes away.

use std::{
    future::Future,
    io::{self, IsTerminal, Write},
    pin::pin,
    time::{Duration, Instant},
};

use tokio::time::{MissedTickBehavior, interval};

use crate::text::plain::Plain;

/// What takes less than this needs no word.
const MOMENT: Duration = Duration::from_secs(1);
/// How much of a line is shown: most terminals are as wide.
const WIDTH: usize = 79;
/// Back to the beginning of the line, which is emptied.
const EMPTY: &str = "\r\x1b[2K";

/// A line on stderr, where that is a terminal; else nothing.
pub(super) struct Progress {
    to: Option<Box<dyn Write + Send>>,
    since: Instant,
    is_shown: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        let stderr = io::stderr();
        Self::to(stderr.is_terminal().then(|| Box::new(stderr) as _))
    }

    fn to(to: Option<Box<dyn Write + Send>>) -> Self {
        Self {
            to,
            since: Instant::now(),
            is_shown: false,
        }
    }

    /// Shows a line in place of the one before.
    pub(super) fn show(&mut self, text: &str) {
        if let Some(to) = &mut self.to {
            let seconds = self.since.elapsed().as_secs();
            let text = format!("{} ({seconds} s)", Plain(text));
            let text: String = text.chars().take(WIDTH).collect();
            self.is_shown = write!(to, "{EMPTY}{text}")
                .and_then(|()| to.flush())
                .is_ok();
        }
    }

    /// Takes the line away, before something else is printed.
    pub(super) fn clear(&mut self) {
        if let Some(to) = self
            .to
            .as_mut()
            .filter(|_| std::mem::take(&mut self.is_shown))
        {
            // Of a terminal that has gone nobody needs to know.
            let _ = write!(to, "{EMPTY}").and_then(|()| to.flush());
        }
    }

    /// Says what is being done for as long as it takes.
    pub(super) async fn during<T>(
        mut self,
        text: impl Fn() -> String,
        work: impl Future<Output = T>,
    ) -> T {
        let mut work = pin!(work);
        let mut moments = moments();
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                _ = moments.tick() => self.show(&text()),
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// When there is something to show: the first time after a moment.
pub(super) fn moments() -> tokio::time::Interval {
    let mut moments = interval(MOMENT);
    moments.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is at once.
    moments.reset();
    moments
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Screen(Arc<Mutex<Vec<u8>>>);

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Screen {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    async fn worked(seconds: u64) -> String {
        let screen = Screen::default();
        let progress = Progress::to(Some(Box::new(screen.clone())));
        let work = tokio::time::sleep(Duration::from_millis(seconds * 1000 + 500));
        progress.during(|| "looking".to_owned(), work).await;
        screen.text()
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_comes_after_a_moment_and_goes_away() {
        assert_eq!(worked(0).await, "");
        let text = worked(2).await;
        assert_eq!(text.matches("looking (").count(), 2, "{text:?}");
        assert!(text.ends_with(EMPTY), "{text:?}");
    }

    #[test]
    fn a_line_is_no_longer_than_a_terminal_and_moves_no_cursor() {
        let screen = Screen::default();
        let mut progress = Progress::to(Some(Box::new(screen.clone())));
        progress.show(&format!("\u{1b}[2J{}", "x".repeat(200)));
        let text = screen.text();
        let line = text.strip_prefix(EMPTY).unwrap();
        assert!(line.starts_with("\\u{1b}[2Jxxx"), "{line}");
        assert_eq!(line.chars().count(), WIDTH);
    }
}
