//! The place of one change in the feed.

use std::{fmt, str::FromStr};

use thiserror::Error;

use super::hour::Hour;

/// Where one change stands. A cursor is made of these, and the ledger keeps it as a text.
///
/// The order is total. Within one shard it is the order in which changes happened to each blob, and all of a segment
/// stands before all of the next. Between two shards of a segment it means nothing: no blob is in both.
///
/// The text is `2026/11/29/1400/3/0/7275/12`: the segment's time, then shard, chunk, block and event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The segment.
    pub segment: Hour,
    /// The [number](super::shard::Shard::number) of the shard.
    pub shard: u32,
    /// The [number](super::shard::ChunkFile::number) of the chunk.
    pub chunk: u32,
    /// The byte of the chunk at which the block begins: [`Block::at`](super::chunk::Block::at).
    pub block: u64,
    /// Which change of the block, from 0 on.
    pub event: u64,
}

/// That a text is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this is no position in a change feed, which is written as 2026/11/29/1400/3/0/7275/12")]
pub struct NoPosition;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            segment,
            shard,
            chunk,
            block,
            event,
        } = self;
        write!(f, "{segment}/{shard}/{chunk}/{block}/{event}")
    }
}

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        parse(text).ok_or(NoPosition)
    }
}

fn parse(text: &str) -> Option<Position> {
    let (segment, rest) = text.split_at_checked(15)?;
    let mut parts = rest.strip_prefix('/')?.split('/');
    let position = Position {
        segment: Hour::parse(segment)?,
        shard: number(parts.next()?)?,
        chunk: number(parts.next()?)?,
        block: number(parts.next()?)?,
        event: number(parts.next()?)?,
    };
    parts.next().is_none().then_some(position)
}

// Of each position there is one text.
fn number<T: FromStr>(digits: &str) -> Option<T> {
    let is_number = digits.bytes().all(|it| it.is_ascii_digit());
    let is_shortest = digits == "0" || !digits.starts_with('0');
    (is_number && is_shortest).then(|| digits.parse().ok())?
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::OffsetDateTime;

    fn positions() -> impl Strategy<Value = Position> {
        let hours = (0..4_000_000_i64)
            .prop_map(|it| Hour::of(OffsetDateTime::from_unix_timestamp(it * 3600).unwrap()));
        (
            hours,
            any::<u32>(),
            any::<u32>(),
            any::<u64>(),
            any::<u64>(),
        )
            .prop_map(|(segment, shard, chunk, block, event)| Position {
                segment,
                shard,
                chunk,
                block,
                event,
            })
    }

    #[test]
    fn a_text_that_is_not_exactly_one_is_none() {
        let text = "2026/11/29/1400/3/0/7275/12";
        assert_eq!(text.parse::<Position>().unwrap().to_string(), text);
        for wrong in [
            "",
            "2026/11/29/1400",
            "2026/11/29/1400/3/0/7275",
            "2026/11/29/1400/3/0/7275/12/",
            "2026/11/29/1400/3/0/7275/12/1",
            "2026/11/29/1400/3/0/7275/012",
            "2026/11/29/1400/3/0/7275/+1",
            "2026/11/29/1400/3/0/7275/-1",
            "2026/11/29/1400/3/0/7275/",
            "2026/11/29/1400/4294967296/0/7275/12",
            "2026/11/29/1400/3/0/18446744073709551616/12",
            "2026/11/31/1400/3/0/7275/12",
            "2026/11/29/14é0/3/0/7275/12",
        ] {
            assert_eq!(wrong.parse::<Position>(), Err(NoPosition), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn each_has_one_text(position in positions()) {
            prop_assert_eq!(position.to_string().parse(), Ok(position));
        }

        #[test]
        fn a_segment_stands_before_the_next(a in positions(), b in positions()) {
            if a.segment != b.segment {
                prop_assert_eq!(a.cmp(&b), a.segment.cmp(&b.segment));
            } else if a.shard == b.shard {
                let place = |it: Position| (it.chunk, it.block, it.event);
                prop_assert_eq!(a.cmp(&b), place(a).cmp(&place(b)));
            }
        }

        #[test]
        fn no_text_is_a_panic(text in any::<String>()) {
            let _ = text.parse::<Position>();
        }
    }
}
