//! Trees as one operation, `TreeEnsembleRegressor` (ONNX operators, domain ai.onnx.ml, version 3).

use super::{
    graph::{Builder, floats, int, ints, text, texts},
    proto::Attribute,
};
use crate::train::trees::forest::{self, Forest, Tree};

/// Adds trees over `features`. Returns the name of what they add up to, `[N, outputs]`.
pub fn trees(graph: &mut Builder, features: &str, forest: &Forest) -> String {
    let mut base = forest.base.clone();
    let mut kept: Vec<&Tree> = Vec::new();
    for tree in &forest.trees {
        match tree.nodes.as_slice() {
            // A tree that asks nothing says the same of each row.
            [forest::Node::Leaf(value)] => base[tree.output] += value,
            _ => kept.push(tree),
        }
    }
    // onnxruntime leaves out the base of an output that no tree adds to, such as the first of two classes.
    let nothing = |output| Tree {
        output,
        nodes: vec![forest::Node::Leaf(0.0)],
    };
    let empty: Vec<_> = (0..base.len())
        .filter(|&output| kept.iter().all(|tree| tree.output != output))
        .map(nothing)
        .collect();
    kept.extend(&empty);
    let mut lists = Lists::default();
    for (number, tree) in (0..).zip(kept) {
        lists.add(number, tree);
    }
    graph.node(
        "TreeEnsembleRegressor",
        &[features],
        "trees",
        lists.attributes(base),
    )
}

/// The attributes of the operation: an element for each node, and one for each leaf.
#[derive(Default)]
struct Lists {
    trees: Vec<i64>,
    ids: Vec<i64>,
    features: Vec<i64>,
    values: Vec<f32>,
    modes: Vec<String>,
    yes: Vec<i64>,
    no: Vec<i64>,
    missing: Vec<i64>,
    leaf_trees: Vec<i64>,
    leaf_ids: Vec<i64>,
    leaf_outputs: Vec<i64>,
    leaf_values: Vec<f32>,
}

impl Lists {
    fn add(&mut self, number: i64, tree: &Tree) {
        for (id, node) in (0..).zip(&tree.nodes) {
            self.trees.push(number);
            self.ids.push(id);
            let (mode, feature, value, yes, no, missing) = match node {
                forest::Node::Split(split) => (
                    "BRANCH_LEQ",
                    split.feature,
                    split.end,
                    split.yes,
                    split.no,
                    split.missing,
                ),
                forest::Node::Leaf(value) => {
                    self.leaf_trees.push(number);
                    self.leaf_ids.push(id);
                    self.leaf_outputs.push(tree.output as i64);
                    self.leaf_values.push(*value);
                    ("LEAF", 0, 0.0, 0, 0, false)
                }
            };
            self.modes.push(mode.to_owned());
            self.features.push(feature as i64);
            self.values.push(value);
            self.yes.push(yes as i64);
            self.no.push(no as i64);
            self.missing.push(i64::from(missing));
        }
    }

    fn attributes(self, base: Vec<f32>) -> Vec<Attribute> {
        vec![
            text("aggregate_function", "SUM"),
            int("n_targets", base.len() as i64),
            floats("base_values", base),
            ints("nodes_treeids", self.trees),
            ints("nodes_nodeids", self.ids),
            ints("nodes_featureids", self.features),
            floats("nodes_values", self.values),
            texts("nodes_modes", &self.modes),
            ints("nodes_truenodeids", self.yes),
            ints("nodes_falsenodeids", self.no),
            ints("nodes_missing_value_tracks_true", self.missing),
            ints("target_treeids", self.leaf_trees),
            ints("target_nodeids", self.leaf_ids),
            ints("target_ids", self.leaf_outputs),
            floats("target_weights", self.leaf_values),
            text("post_transform", "NONE"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_that_ask_nothing_become_part_of_the_base() {
        let leaf = |value| Tree {
            output: 0,
            nodes: vec![forest::Node::Leaf(value)],
        };
        let mut graph = Builder::new("test", &[]);
        let forest = Forest {
            base: vec![1.0],
            trees: vec![leaf(0.25), leaf(0.5)],
        };
        trees(&mut graph, "x", &forest);
        let node = &graph.finish().nodes[0];
        let of = |name: &str| node.attributes.iter().find(|it| it.name == name).cloned();
        assert_eq!(of("base_values").map(|it| it.floats), Some(vec![1.75]));
        assert_eq!(of("target_weights").map(|it| it.floats), Some(vec![0.0]));
    }

    #[test]
    fn each_output_has_a_tree_so_that_its_base_counts() {
        let split = forest::Split {
            feature: 0,
            end: 0.5,
            bin: 1,
            missing: false,
            yes: 1,
            no: 2,
            gain: 1.0,
        };
        let leaves = [-1.0, 1.0].map(forest::Node::Leaf);
        let tree = Tree {
            output: 1,
            nodes: [vec![forest::Node::Split(split)], leaves.to_vec()].concat(),
        };
        let mut graph = Builder::new("test", &[]);
        let forest = Forest {
            base: vec![-0.5, -1.0],
            trees: vec![tree],
        };
        trees(&mut graph, "x", &forest);
        let node = &graph.finish().nodes[0];
        let of = |name: &str| node.attributes.iter().find(|it| it.name == name).cloned();
        assert_eq!(of("target_ids").map(|it| it.ints), Some(vec![1, 1, 0]));
    }
}
