//! When enough was listed, so that the feed tells all that comes from then on. Pure.
//!
//! What was written at `since` or later, the feed tells. But a copy is told of when it begins, and that may have been before:
//! when it is complete it is as young as any blob. So what is too young has to be of the time after the listing, and no
//! copy may be under way that began before `since`.

use crate::intake::sweep::SweepSummary;

/// The listings so far.
#[derive(Debug)]
pub(super) struct Listed {
    since: i64,
    last: Option<SweepSummary>,
    /// Whether a copy from before was under way in the last two listings.
    had_copies: bool,
    /// What is too young and was modified before this moment, may not be told by the feed.
    until: i64,
}

/// What is to be done after a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// One listing may be wrongly empty, or end too soon: two in a row have to be sound.
    Again,
    /// Something cannot be announced yet that nobody else will find: the container is listed again after a while.
    Later,
    /// Everything was shown.
    All,
}

impl Listed {
    /// Before the first listing, of a container of which the feed tells all from `since` on, in seconds since 1970.
    pub(super) fn since(since: i64) -> Self {
        Self {
            since,
            last: None,
            had_copies: true,
            until: since,
        }
    }

    /// After one more listing.
    pub(super) fn add(&mut self, end: SweepSummary) -> Verdict {
        let last = self.last.replace(end);
        let Some(last) = last.filter(|it| it.agrees_with(&end)) else {
            return Verdict::Again;
        };
        // Either of them may not have shown all.
        let both = [last, end];
        let has_copies = has_before(both.map(|it| it.oldest_copy), self.since);
        if self.had_copies {
            self.until = end.ended;
        }
        self.had_copies = has_copies;
        match has_copies || has_before(both.map(|it| it.oldest_held), self.until) {
            true => Verdict::Later,
            false => Verdict::All,
        }
    }
}

fn has_before(oldest: [Option<i64>; 2], moment: i64) -> bool {
    // Last-Modified has whole seconds: what is of the same second may be from before.
    oldest.into_iter().flatten().any(|at| at <= moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(ended: i64, oldest_held: Option<i64>, oldest_copy: Option<i64>) -> SweepSummary {
        SweepSummary {
            blobs: 7,
            is_doubted: false,
            ended,
            oldest_held,
            oldest_copy,
        }
    }

    #[test]
    fn two_sound_listings_are_enough_when_nothing_waits() {
        let mut listed = Listed::since(100);
        assert_eq!(listed.add(end(110, None, None)), Verdict::Again);
        assert_eq!(listed.add(end(120, None, None)), Verdict::All);
    }

    #[test]
    fn one_that_is_doubted_or_alone_empty_is_worth_nothing() {
        let mut listed = Listed::since(100);
        let empty = SweepSummary {
            blobs: 0,
            ..end(115, None, None)
        };
        let doubted = SweepSummary {
            is_doubted: true,
            ..end(118, None, None)
        };
        for one in [end(110, None, None), empty, doubted, end(119, None, None)] {
            assert_eq!(listed.add(one), Verdict::Again);
        }
        assert_eq!(listed.add(end(120, None, None)), Verdict::All);
    }

    #[test]
    fn what_is_too_young_is_waited_for_unless_it_came_after_the_listing() {
        let mut listed = Listed::since(100);
        listed.add(end(110, Some(105), None));
        assert_eq!(listed.add(end(120, Some(105), None)), Verdict::Later);
        assert_eq!(listed.add(end(150, Some(119), None)), Verdict::Later);
        assert_eq!(
            listed.add(end(180, Some(121), None)),
            Verdict::Later,
            "the one before had an older one"
        );
        assert_eq!(listed.add(end(190, Some(170), None)), Verdict::All);
    }

    #[test]
    fn a_copy_from_before_is_waited_for_and_its_result_is_young() {
        let mut listed = Listed::since(100);
        listed.add(end(110, None, Some(90)));
        assert_eq!(listed.add(end(120, None, Some(90))), Verdict::Later);
        // It was complete at 125.
        assert_eq!(
            listed.add(end(130, Some(125), None)),
            Verdict::Later,
            "the listing before had it"
        );
        assert_eq!(listed.add(end(140, Some(125), None)), Verdict::Later);
        assert_eq!(
            listed.add(end(160, None, None)),
            Verdict::Later,
            "the listing before had it"
        );
        assert_eq!(listed.add(end(170, Some(165), Some(150))), Verdict::All);
    }
}
