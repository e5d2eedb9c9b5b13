//! Sizes and counts as people read them.

use std::fmt::{self, Display, Formatter};

/// A number of bytes in a unit that people read.
pub(super) struct Size(pub(super) u64);

impl Display for Size {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        let mut size = self.0 as f64 / 1024.0;
        let mut unit = UNITS[0];
        for larger in &UNITS[1..] {
            // What would be rounded to 1024.0 is one of the next.
            if size < 1023.95 {
                break;
            }
            size /= 1024.0;
            unit = larger;
        }
        write!(f, "{size:.1} {unit}")
    }
}

/// How many of something.
pub(super) fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// That so many of something wait.
pub(super) fn waiting(count: u64, what: &str) -> String {
    let ending = if count == 1 { "s" } else { "" };
    format!("{} wait{ending}", counted(count, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        assert_eq!(counted(1, "blob"), "1 blob");
        assert_eq!(counted(0, "dead letter"), "0 dead letters");
        assert_eq!(waiting(1, "event"), "1 event waits");
        assert_eq!(waiting(2, "event"), "2 events wait");
    }

    #[test]
    fn sizes_have_a_unit() {
        let sizes = [0, 1023, 1024, 1_048_575, 1_048_576, u64::MAX].map(|s| Size(s).to_string());
        assert_eq!(
            sizes,
            ["0 B", "1023 B", "1.0 KiB", "1.0 MiB", "1.0 MiB", "16.0 EiB"]
        );
    }
}
