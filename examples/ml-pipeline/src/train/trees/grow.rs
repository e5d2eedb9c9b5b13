//! Grows one tree: the leaf that gains the most is split first (Shi, "Best-first decision tree learning",
//! 2007), by histograms of the gradients (Ke et al., "LightGBM", 2017, section 2.1).

use std::ops::Range;

use super::{
    drawn::Drawn,
    forest::{Node, Split},
    histogram::{Cell, best, fill, sum, without},
};

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

/// From how many values on a histogram is made in two halves, for which another thread may be free.
const HALVED: usize = 100_000;

/// How many cells the histograms of all open leaves may have: 32 MB. With more, each is made again
/// instead of kept.
const KEPT: usize = 2 * 1024 * 1024;

/// Grows a tree on the rows drawn. `gradients` has the slope and curvature of each row's loss, by its place. Returns the
/// tree's nodes, and what they say of each of these rows.
pub fn grow(drawn: &Drawn, gradients: &[Cell], shape: Shape) -> (Vec<Node>, Vec<f32>) {
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
    let histogram = grower.histogram(&rows);
    let mut open = vec![grower.open(rows, histogram)];
    while open.len() < shape.leaves {
        let Some(place) = most(&open) else {
            break;
        };
        let leaf = open.swap_remove(place);
        open.extend(grower.split(leaf));
    }
    let mut answers = vec![0.0; gradients.len()];
    for leaf in open {
        if let Node::Leaf(value) = grower.nodes[leaf.node] {
            for &place in &grower.places[leaf.rows] {
                answers[place] = value;
            }
        }
    }
    (grower.nodes, answers)
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
    fn split(&mut self, leaf: Open) -> Vec<Open> {
        let Some(split) = leaf.best else {
            return Vec::new();
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
                let some = self.filled(fewer);
                let others = without(all, &some);
                (Some(some), Some(others))
            }
            None => (self.histogram(fewer), self.histogram(more)),
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
        leaves
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
        let mut others = vec![0; all.len()];
        // Each place is written to both sides, and one of them moves on: so the processor has nothing to guess.
        let (mut yes, mut no) = (0, 0);
        for at in 0..all.len() {
            let place = all[at];
            let takes = split.takes(drawn.row(place)[feature]);
            (all[yes], others[no]) = (place, place);
            yes += usize::from(takes);
            no += usize::from(!takes);
        }
        all[yes..].copy_from_slice(&others[..no]);
        rows.start + yes
    }

    /// The cells of some rows, if these are enough for two leaves.
    fn histogram(&self, rows: &Range<usize>) -> Option<Vec<Cell>> {
        (rows.len() >= 2 * self.shape.rows).then(|| self.filled(rows))
    }

    fn filled(&self, rows: &Range<usize>) -> Vec<Cell> {
        let places = &self.places[rows.clone()];
        let width = self.drawn.asked.len();
        let cells = |features| fill(self.drawn, places, self.gradients, features);
        if places.len() * width < HALVED {
            return cells(0..width);
        }
        let half = width / 2;
        let (first, second) = rayon::join(|| cells(0..half), || cells(half..width));
        [first, second].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::trees::{bins::Bins, forest::Tree, walk::Walk};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_said_of_a_row_is_what_the_tree_says_of_it(
            values in prop::collection::vec(prop_oneof![4 => -9_f32..9.0, 1 => Just(f32::NAN)], 3 * 40..3 * 200),
        ) {
            const WIDTH: usize = 3;
            let count = values.len() / WIDTH;
            let bins = Bins::of(&values[..count * WIDTH], WIDTH);
            let rows: Vec<_> = (0..count).step_by(2).collect();
            let drawn = Drawn::new(&bins, &rows, &[0, 2]);
            let slope = |&row: &usize| Cell::of([(row * 7 % 13) as f32 - 6.0, 1.0]);
            let gradients: Vec<_> = rows.iter().map(slope).collect();
            let shape = Shape { leaves: 7, rows: 3, rate: 0.5 };
            let (nodes, answers) = grow(&drawn, &gradients, shape);
            prop_assert_eq!(nodes.len() % 2, 1);
            let walk = Walk::of(&Tree { output: 0, nodes });
            for (&row, answer) in rows.iter().zip(answers) {
                let own = walk.answers(std::array::from_fn(|_| bins.row(row)));
                prop_assert_eq!(own[0], answer, "row {}", row);
            }
        }
    }
}
