//! Where the next sweep can be cut into ranges, by what the last one listed. Pure.

/// The most names that one sweep remembers.
const MOST_NAMES: usize = 256;

/// The names from `from` (empty: the first) to the one before `until` (`None`: the last).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Range {
    /// The range has this name, if a blob has it.
    pub from: String,
    /// The next range begins with this name.
    pub until: Option<String>,
}

impl Range {
    /// Whether a name belongs to the next range.
    pub fn is_past(&self, name: &str) -> bool {
        self.until.as_deref().is_some_and(|until| name >= until)
    }
}

/// What a sweep remembers of the names that it listed: some of them, and whether they came in the order of their bytes.
///
/// Only names of ASCII characters are remembered. Services that compare UTF-8 and services that compare UTF-16 agree
/// on what comes before such a name.
#[derive(Debug, Clone)]
pub struct Sample {
    /// First names of pages, each with the number of blobs before it.
    names: Vec<(String, u64)>,
    /// How many pages there are for each name.
    every: u64,
    pages: u64,
    listed: u64,
    last: String,
    in_order: bool,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            every: 1,
            pages: 0,
            listed: 0,
            last: String::new(),
            in_order: true,
        }
    }
}

impl Sample {
    /// A page of these names comes next.
    pub fn page<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        let mut last: Option<&str> = None;
        let before = self.listed;
        for name in names {
            self.in_order &= match last {
                Some(last) => last < name,
                None => self.listed == 0 || *self.last < *name,
            };
            if last.is_none() {
                self.first_of_page(name, before);
            }
            self.listed += 1;
            last = Some(name);
        }
        if let Some(last) = last {
            last.clone_into(&mut self.last);
        }
    }

    /// Whether each name came after the one before it, in the order of bytes.
    pub fn is_in_order(&self) -> bool {
        self.in_order
    }

    /// The samples of neighbouring ranges as one.
    pub fn join(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut whole = Self::default();
        for part in parts {
            whole.in_order &= part.in_order;
            let before = whole.listed;
            let names = part.names.into_iter();
            whole
                .names
                .extend(names.map(|(name, at)| (name, at + before)));
            whole.listed += part.listed;
        }
        while whole.names.len() > MOST_NAMES {
            whole.thin();
        }
        whole
    }

    /// At most `most` ranges of about as many blobs, none of fewer than `smallest` if nothing changes: together all
    /// names, each in one of them.
    pub fn ranges(&self, most: usize, smallest: u64) -> Vec<Range> {
        let wanted = (self.listed / smallest.max(1)).min(most as u64);
        let mut starts: Vec<&str> = Vec::new();
        if self.in_order {
            for number in 1..wanted {
                let target = self.listed * number / wanted;
                let at = self.names.partition_point(|(_, at)| *at < target);
                let Some((name, _)) = self.names.get(at) else {
                    break;
                };
                if starts.last().is_none_or(|last| *last < name.as_str()) {
                    starts.push(name);
                }
            }
        }
        let ends = starts.iter().map(|it| Some((*it).to_owned())).chain([None]);
        let starts = [""].into_iter().chain(starts.iter().copied());
        let range = |(from, until): (&str, _)| Range {
            from: from.to_owned(),
            until,
        };
        starts.zip(ends).map(range).collect()
    }

    fn first_of_page(&mut self, name: &str, before: u64) {
        let is_due = self.pages.is_multiple_of(self.every);
        self.pages += 1;
        if !is_due || !name.bytes().all(|it| it.is_ascii_graphic() || it == b' ') {
            return;
        }
        self.names.push((name.to_owned(), before));
        if self.names.len() > MOST_NAMES {
            self.thin();
            self.every *= 2;
        }
    }

    // Every second name goes.
    fn thin(&mut self) {
        let mut stays = false;
        self.names.retain(|_| {
            stays = !stays;
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(pages: &[Vec<String>]) -> Sample {
        let mut sample = Sample::default();
        for page in pages {
            sample.page(page.iter().map(String::as_str));
        }
        sample
    }

    fn numbered(pages: usize, on_each: usize) -> Vec<Vec<String>> {
        let page = |page| move |n| format!("{:06}", page * on_each + n);
        (0..pages)
            .map(|number| (0..on_each).map(page(number)).collect())
            .collect()
    }

    fn starts(ranges: &[Range]) -> Vec<&str> {
        ranges.iter().map(|it| it.from.as_str()).collect()
    }

    #[test]
    fn a_container_is_cut_into_parts_of_about_the_same_size() {
        let sample = sample(&numbered(100, 10));
        let ranges = sample.ranges(4, 100);
        assert_eq!(starts(&ranges), ["", "000250", "000500", "000750"]);
        assert_eq!(ranges[0].until.as_deref(), Some("000250"));
        assert_eq!(ranges[3].until, None);
        // No part is smaller than wanted.
        assert_eq!(sample.ranges(4, 400).len(), 2);
        assert_eq!(sample.ranges(4, 501), [Range::default()]);
        assert_eq!(Sample::default().ranges(4, 1), [Range::default()]);
    }

    #[test]
    fn names_in_another_order_are_not_cut() {
        let pages = [vec!["a/b".to_owned(), "a-b".to_owned()], vec!["c".into()]];
        let sample = sample(&pages);
        assert!(!sample.is_in_order());
        assert_eq!(sample.ranges(4, 1), [Range::default()]);
    }

    #[test]
    fn a_range_begins_with_a_name_that_every_service_sorts_alike() {
        let pages = [
            vec!["a".to_owned()],
            vec!["é".into()],
            vec!["\u{10400}".into()],
        ];
        assert_eq!(sample(&pages).ranges(3, 1), [Range::default()]);
    }

    #[test]
    fn of_very_many_pages_some_names_are_remembered() {
        let sample = sample(&numbered(10_000, 1));
        assert!((MOST_NAMES / 2..=MOST_NAMES).contains(&sample.names.len()));
        let ranges = sample.ranges(8, 1);
        assert_eq!(ranges.len(), 8);
        let sizes: Vec<i64> = starts(&ranges)
            .iter()
            .map(|it| it.parse().unwrap_or(0))
            .collect();
        for (number, start) in sizes.iter().enumerate() {
            assert!((start - 1250 * number as i64).abs() <= 64, "{sizes:?}");
        }
    }

    proptest! {
        #[test]
        fn each_name_is_in_one_range(
            names in prop::collection::btree_set("[a-c/é]{0,6}", 0..60),
            others in prop::collection::vec("[a-c/é\u{e000}]{0,6}", 0..20),
            (on_a_page, most, smallest) in (1..5_usize, 1..9_usize, 1..9_u64),
        ) {
            let names: Vec<String> = names.into_iter().collect();
            let pages: Vec<Vec<String>> = names.chunks(on_a_page).map(<[_]>::to_vec).collect();
            let ranges = sample(&pages).ranges(most, smallest);
            prop_assert!((1..=most).contains(&ranges.len()));
            for name in names.iter().chain(&others) {
                let of = ranges.iter().filter(|it| **name >= *it.from && !it.is_past(name));
                prop_assert_eq!(of.count(), 1);
            }
        }

        #[test]
        fn samples_of_ranges_join_to_the_sample_of_the_whole(
            names in prop::collection::btree_set("[a-d]{1,4}", 1..60),
            cut in 0..60_usize,
        ) {
            let names: Vec<String> = names.into_iter().collect();
            let (one, two) = names.split_at(cut.min(names.len()));
            let page = |names: &[String]| sample(&[names.to_vec()]);
            let joined = Sample::join([page(one), page(two)]);
            prop_assert_eq!(joined.listed, names.len() as u64);
            prop_assert!(joined.in_order);
        }
    }
}
