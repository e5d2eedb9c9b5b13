//! A tree as it is walked by many rows: some rows side by side, and no branch that depends on a value. So the processor
//! waits neither for one row's next question nor for a guess that was wrong.

use std::array;

use super::forest::{Node, Tree};

/// How many rows walk side by side.
pub const ROWS: usize = 8;

/// A tree to walk.
#[derive(Clone, Debug)]
pub struct Walk {
    /// To which output its leaves are added.
    pub output: usize,
    steps: Vec<Step>,
    has_questions: bool,
}

/// A question: `bin - less`, wrapped around, is below `below`. Or a leaf, which leads to itself.
#[derive(Clone, Copy, Debug)]
struct Step {
    feature: u32,
    /// 1 where a missing value, whose bin is 0, goes to no.
    less: u8,
    below: u8,
    /// The next for yes and for no.
    next: [u32; 2],
    /// What a leaf says.
    value: f32,
}

impl Walk {
    /// Through this tree.
    pub fn of(tree: &Tree) -> Self {
        // A tree has few nodes, and data has fewer columns than 32 bits count.
        let steps = (0_u32..).zip(&tree.nodes).map(|(place, node)| match node {
            Node::Leaf(value) => Step {
                feature: 0,
                less: 0,
                below: 0,
                next: [place; 2],
                value: *value,
            },
            Node::Split(split) => {
                let less = u8::from(!split.missing);
                Step {
                    feature: split.feature as u32,
                    less,
                    // After the last bin there is no question.
                    below: (split.bin - less).saturating_add(1),
                    next: [split.yes as u32, split.no as u32],
                    value: 0.0,
                }
            }
        });
        Walk {
            output: tree.output,
            steps: steps.collect(),
            has_questions: tree.nodes.len() > 1,
        }
    }

    /// What the tree says of some rows, by the bins of all features of each.
    pub fn answers(&self, rows: [&[u8]; ROWS]) -> [f32; ROWS] {
        let mut at = [0_u32; ROWS];
        let mut walks = self.has_questions;
        while walks {
            let mut moved = 0;
            for (at, row) in at.iter_mut().zip(rows) {
                let step = &self.steps[*at as usize];
                let is_no = row[step.feature as usize].wrapping_sub(step.less) >= step.below;
                let next = step.next[usize::from(is_no)];
                moved |= next ^ *at;
                *at = next;
            }
            walks = moved != 0;
        }
        array::from_fn(|row| self.steps[at[row] as usize].value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::trees::forest::Split;
    use proptest::prelude::*;

    fn split(feature: usize, (bin, missing): (u8, bool), [yes, no]: [usize; 2]) -> Node {
        Node::Split(Split {
            feature,
            end: 0.0,
            bin,
            missing,
            yes,
            no,
            gain: 1.0,
        })
    }

    #[test]
    fn a_tree_without_questions_is_its_leaf() {
        let tree = Tree {
            output: 0,
            nodes: vec![Node::Leaf(7.0)],
        };
        assert_eq!(Walk::of(&tree).answers([&[]; ROWS]), [7.0; ROWS]);
    }

    proptest! {
        #[test]
        fn a_walk_ends_in_the_leaf_of_the_tree(
            questions in prop::collection::vec((0_usize..3, 1_u8..=254, any::<bool>()), 1..8),
            bins in any::<[[u8; 3]; ROWS]>(),
        ) {
            // Each no leads to the next question.
            let mut nodes = Vec::new();
            for (number, &(feature, bin, missing)) in questions.iter().enumerate() {
                let at = 2 * number;
                nodes.push(split(feature, (bin, missing), [at + 1, at + 2]));
                nodes.push(Node::Leaf(number as f32));
            }
            nodes.push(Node::Leaf(-1.0));
            let walk = Walk::of(&Tree { output: 0, nodes });
            let answers = walk.answers(array::from_fn(|row| &bins[row][..]));
            for (bins, answer) in bins.iter().zip(answers) {
                let takes = |(feature, bin, missing): &(usize, u8, bool)| match bins[*feature] {
                    0 => *missing,
                    own => own <= *bin,
                };
                let expected = questions.iter().position(takes).map_or(-1.0, |it| it as f32);
                prop_assert_eq!(answer, expected);
            }
        }
    }
}
