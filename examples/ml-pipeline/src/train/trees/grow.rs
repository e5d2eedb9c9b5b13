//! Grows one tree: the leaf that gains the most is split first (Shi, "Best-first decision tree learning",
//! 2007), by histograms of the gradients (Ke et al., "LightGBM", 2017, section 2.1).

use std::ops::Range;

use anyhow::Result;

use super::{
    drawn::Drawn,
    forest::{Node, Split},
    histogram::{Cell, best, fill, sum, without},
};
use crate::parallel;

/// How a tree may grow.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// How many leaves it has at most.
    pub leaves: usize,
    /// How many rows a leaf has at least.
    pub rows: usize,
    /// By which part of what would be best at once a leaf changes the outputs.
    pub rate: f64,
}

/// From how many values to look at a second thread is worth its start.
const MANY_VALUES: usize = 1_000_000;

/// How many cells the histograms of all open leaves may have: 32 MB. With more, each is made again
/// instead of kept.
const KEPT: usize = 2 * 1024 * 1024;

/// Grows a tree on the rows drawn. `gradients` has the slope and curvature of each row's loss, by its place. Returns the
/// tree's nodes.
///
/// # Errors
///
/// If a thread ends early.
pub fn grow(drawn: &Drawn, gradients: &[Cell], shape: Shape) -> Result<Vec<Node>> {
    let cells = drawn.starts.last().copied().unwrap_or_default();
    let mut grower = Grower {
        drawn,
        gradients,
        shape,
        keeps: cells * shape.leaves <= KEPT,
        places: (0..gradients.len()).collect(),
        nodes: Vec::new(),
    };
    let rows = 0..gradients.len();
    let histogram = grower.histogram(&rows)?;
    let mut open = vec![grower.open(rows, histogram)];
    while open.len() < shape.leaves {
        let Some(place) = most(&open) else {
            break;
        };
        let leaf = open.swap_remove(place);
        open.extend(grower.split(leaf)?);
    }
    Ok(grower.nodes)
}

/// A leaf that may be split.
struct Open {
    node: usize,
    /// Where its rows are among the places.
    rows: Range<usize>,
    /// The cells of all features asked, if they are kept.
    histogram: Option<Vec<Cell>>,
    best: Option<Split>,
}

/// The leaf that gains the most; of equals, the one that came first.
fn most(open: &[Open]) -> Option<usize> {
    let gains = open.iter().enumerate().filter_map(|(place, leaf)| {
        leaf.best
            .as_ref()
            .map(|split| (place, leaf.node, split.gain))
    });
    gains
        .max_by(|a, b| a.2.total_cmp(&b.2).then(b.1.cmp(&a.1)))
        .map(|(place, ..)| place)
}

struct Grower<'a> {
    drawn: &'a Drawn<'a>,
    gradients: &'a [Cell],
    shape: Shape,
    keeps: bool,
    /// The places of the rows, those of a leaf side by side.
    places: Vec<usize>,
    nodes: Vec<Node>,
}

impl Grower<'_> {
    /// Adds a leaf, with the best question to its rows if there is a histogram of them.
    fn open(&mut self, rows: Range<usize>, histogram: Option<Vec<Cell>>) -> Open {
        let total = self.total(&rows);
        let node = self.nodes.len();
        self.nodes
            .push(Node::Leaf((total.answer() * self.shape.rate) as f32));
        let best = histogram
            .as_ref()
            .and_then(|cells| best(self.drawn, cells, &total, self.shape.rows));
        Open {
            node,
            rows,
            histogram: histogram.filter(|_| self.keeps),
            best,
        }
    }

    /// Makes two leaves of one.
    fn split(&mut self, leaf: Open) -> Result<Vec<Open>> {
        let Some(split) = leaf.best else {
            return Ok(Vec::new());
        };
        let middle = self.part(leaf.rows.clone(), &split);
        let (yes, no) = (leaf.rows.start..middle, middle..leaf.rows.end);
        let yes_is_fewer = yes.len() < no.len();
        let (fewer, more) = if yes_is_fewer {
            (&yes, &no)
        } else {
            (&no, &yes)
        };
        let (of_fewer, of_more) = match leaf.histogram {
            _ if more.len() < 2 * self.shape.rows => (None, None),
            Some(all) => {
                let some = self.filled(fewer)?;
                let others = without(all, &some);
                (Some(some), Some(others))
            }
            None => (self.histogram(fewer)?, self.histogram(more)?),
        };
        let (of_yes, of_no) = if yes_is_fewer {
            (of_fewer, of_more)
        } else {
            (of_more, of_fewer)
        };
        let leaves = vec![self.open(yes, of_yes), self.open(no, of_no)];
        self.nodes[leaf.node] = Node::Split(Split {
            yes: leaves[0].node,
            no: leaves[1].node,
            ..split
        });
        Ok(leaves)
    }

    fn total(&self, rows: &Range<usize>) -> Cell {
        let places = &self.places[rows.clone()];
        sum(places.iter().map(|&place| &self.gradients[place]))
    }

    /// Puts the rows for which the answer is yes before the others, and returns where those begin.
    fn part(&mut self, rows: Range<usize>, split: &Split) -> usize {
        let drawn = self.drawn;
        let feature = drawn.place_of(split.feature).unwrap_or_default();
        let all = &mut self.places[rows.clone()];
        let (yes, no): (Vec<_>, Vec<_>) = all
            .iter()
            .partition(|&&place| split.takes(drawn.row(place)[feature]));
        all[..yes.len()].copy_from_slice(&yes);
        all[yes.len()..].copy_from_slice(&no);
        rows.start + yes.len()
    }

    /// The cells of some rows, if these are enough for two leaves.
    fn histogram(&self, rows: &Range<usize>) -> Result<Option<Vec<Cell>>> {
        if rows.len() < 2 * self.shape.rows {
            return Ok(None);
        }
        self.filled(rows).map(Some)
    }

    fn filled(&self, rows: &Range<usize>) -> Result<Vec<Cell>> {
        let places = &self.places[rows.clone()];
        let width = self.drawn.asked.len();
        let cells = |features| fill(self.drawn, places, self.gradients, features);
        if places.len() * width < MANY_VALUES {
            return Ok(cells(0..width));
        }
        let parts = parallel::map(2, |half| {
            let ends = [0, width / 2, width];
            Ok(cells(ends[half]..ends[half + 1]))
        })?;
        Ok(parts.concat())
    }
}
