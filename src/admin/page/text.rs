//! Text of the page: names as they are, whatever they hold, and numbers and times as people read them.

use std::fmt::{self, Display, Formatter, Write};

use time::OffsetDateTime;

use crate::{
    event::rfc3339,
    text::{age::Age, plain::is_hidden},
};

/// Text that is shown as it is, whatever it holds. Characters that would turn the direction of what
/// follows, or hide, are shown as their numbers.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c if is_hidden(c) => write!(f, "{}", c.escape_unicode())?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Sentences in which what stands between backticks is code.
pub(super) struct Words<'a>(pub(super) &'a str);

impl Display for Words<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let parts: Vec<&str> = self.0.split('`').collect();
        for (at, part) in parts.iter().enumerate() {
            match (at % 2, at + 1 < parts.len()) {
                (1, true) => write!(f, "<code>{}</code>", Escaped(part))?,
                // The last has no second backtick.
                (1, false) => write!(f, "`{}", Escaped(part))?,
                _ => write!(f, "{}", Escaped(part))?,
            }
        }
        Ok(())
    }
}

/// How long ago something was, with the moment for those who point at it.
pub(super) struct Ago(pub(super) OffsetDateTime, pub(super) OffsetDateTime);

impl Display for Ago {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(at, now) = self;
        moment(f, *at, &Age(seconds(*at, *now)))
    }
}

/// In how long something will be, as [`Ago`].
pub(super) struct In(pub(super) OffsetDateTime, pub(super) OffsetDateTime);

impl Display for In {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(at, now) = self;
        moment(f, *at, &Age(seconds(*now, *at)))
    }
}

fn moment(f: &mut Formatter<'_>, at: OffsetDateTime, age: &Age) -> fmt::Result {
    let at = rfc3339(at.replace_nanosecond(0).unwrap_or(at));
    write!(f, "<time datetime='{at}' title='{at}'>{age}</time>")
}

// A moment that is yet to come, by a clock that is behind, counts as now.
pub(super) fn seconds(from: OffsetDateTime, to: OffsetDateTime) -> u64 {
    (to - from).whole_seconds().max(0).unsigned_abs()
}

/// A number with its thousands apart.
pub(super) struct Count(pub(super) u64);

impl Display for Count {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                f.write_char(',')?;
            }
            f.write_char(digit)?;
        }
        Ok(())
    }
}

/// A number of things: `1 blob`, `2,000 blobs`.
pub(super) struct Many(pub(super) u64, pub(super) &'static str);

impl Display for Many {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", Count(self.0), self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_shown_and_not_obeyed() {
        assert_eq!(
            Escaped("<b a='\u{202e}'>&\u{7}").to_string(),
            "&lt;b a=&#39;\\u{202e}&#39;&gt;&amp;\\u{7}"
        );
    }

    #[test]
    fn what_stands_between_backticks_is_code() {
        let words = |text| Words(text).to_string();
        assert_eq!(
            words("set `a<b` and `c`."),
            "set <code>a&lt;b</code> and <code>c</code>."
        );
        assert_eq!(words("a ` <b"), "a ` &lt;b");
        assert_eq!(words("a"), "a");
    }

    #[test]
    fn numbers_are_for_people() {
        let numbers = [0, 999, 1000, 1_234_567].map(|n| Count(n).to_string());
        assert_eq!(numbers, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(Many(1, "blob").to_string(), "1 blob");
        assert_eq!(Many(2000, "blob").to_string(), "2,000 blobs");
    }

    #[test]
    fn a_moment_that_is_yet_to_come_is_now() {
        let (one, two) = (
            OffsetDateTime::UNIX_EPOCH,
            OffsetDateTime::UNIX_EPOCH + time::Duration::MINUTE,
        );
        assert!(Ago(one, two).to_string().contains(">1 min 0 s<"));
        assert!(Ago(two, one).to_string().contains(">0 s<"));
        assert!(In(two, one).to_string().contains(">1 min 0 s<"));
    }
}
