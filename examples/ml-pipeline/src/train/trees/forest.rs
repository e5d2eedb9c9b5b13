//! Trees as plain numbers, and what they say of a row.

/// Trees whose leaves are added up, for each output.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forest {
    /// What each output is without any tree.
    pub base: Vec<f32>,
    /// The trees.
    pub trees: Vec<Tree>,
}

/// A tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// To which output its leaves are added.
    pub output: usize,
    /// Its nodes; the first is the root.
    pub nodes: Vec<Node>,
}

/// A node of a tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A question.
    Split(Split),
    /// An answer.
    Leaf(f32),
}

/// A question to a feature: is the value at most `end`?
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Which feature is asked.
    pub feature: usize,
    /// The greatest value for `yes`.
    pub end: f32,
    /// The last bin for `yes`.
    pub bin: u8,
    /// Whether a missing value goes to `yes`.
    pub missing: bool,
    /// The node for yes.
    pub yes: usize,
    /// The node for no.
    pub no: usize,
    /// By how much the loss falls with it.
    pub gain: f32,
}

impl Split {
    /// Whether a value of a bin goes to `yes`.
    pub fn takes(&self, bin: u8) -> bool {
        // Without a branch: the processor would guess the answer, mostly wrong.
        (bin == 0) & self.missing | (bin != 0) & (bin <= self.bin)
    }
}

impl Forest {
    /// By how much each feature's questions make the loss fall.
    pub fn gains(&self, width: usize) -> Vec<f32> {
        let mut gains = vec![0.0; width];
        for node in self.trees.iter().flat_map(|tree| &tree.nodes) {
            if let Node::Split(split) = node {
                gains[split.feature] += split.gain;
            }
        }
        gains
    }
}
