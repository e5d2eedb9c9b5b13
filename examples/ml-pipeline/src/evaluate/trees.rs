//! `TreeEnsembleRegressor` for tract, whose version 0.23 has trees for classes alone, and takes longer
//! for each tree with the number of all leaves.

use std::array;

use rayon::prelude::*;
use tract_onnx::Onnx;
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::internal::*;

use super::matrix;

/// How many rows walk through a tree side by side: none waits for the answer of another one.
const SIDE_BY_SIDE: usize = 4;

/// How many rows walk through a tree before the next tree is read.
const BLOCK: usize = 16 * SIDE_BY_SIDE;

/// Teaches tract the operation.
pub(super) fn register(onnx: &mut Onnx) {
    onnx.op_register.insert("TreeEnsembleRegressor", parse);
}

/// What the attributes say, as the operators of ai.onnx.ml define them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Trees {
    /// Where each tree begins.
    roots: Vec<u32>,
    nodes: Vec<Node>,
    /// What each output is without any tree. Floats are kept as their bits, which can be compared.
    base: Vec<u32>,
}

/// A question, or a leaf, which leads to itself. Small, so that the processor's cache has many.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    feature: u32,
    end: u32,
    missing_is_yes: bool,
    /// The next node for yes and for no.
    next: [u32; 2],
    /// To which output a leaf adds, and what.
    output: u32,
    value: u32,
}

fn parse(_: &ParsingContext, node: &NodeProto) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    for (name, known) in [("aggregate_function", "SUM"), ("post_transform", "NONE")] {
        let found = node.get_attr_opt::<&str>(name)?.unwrap_or(known);
        ensure!(found == known, "{name} {found} is not known here");
    }
    Ok((expand(Trees::read(node)?), vec![]))
}

impl Trees {
    fn read(node: &NodeProto) -> TractResult<Self> {
        let outputs: usize = node.get_attr("n_targets")?;
        let base = node
            .get_attr_opt_slice::<f32>("base_values")?
            .map_or(vec![0; outputs], |base| {
                base.iter().map(|it| it.to_bits()).collect()
            });
        let tree_ids = node.get_attr_slice::<i64>("nodes_treeids")?;
        let ids: Vec<usize> = node.get_attr_vec("nodes_nodeids")?;
        let features: Vec<usize> = node.get_attr_vec("nodes_featureids")?;
        let ends = node.get_attr_slice::<f32>("nodes_values")?;
        let modes: Vec<&str> = node.get_attr_vec("nodes_modes")?;
        let yes: Vec<usize> = node.get_attr_vec("nodes_truenodeids")?;
        let no: Vec<usize> = node.get_attr_vec("nodes_falsenodeids")?;
        let missing: Vec<bool> = node.get_attr_vec("nodes_missing_value_tracks_true")?;
        let leaf_outputs: Vec<usize> = node.get_attr_vec("target_ids")?;
        let values = node.get_attr_slice::<f32>("target_weights")?;
        let lengths = [
            ids.len(),
            features.len(),
            ends.len(),
            modes.len(),
            yes.len(),
            no.len(),
        ];
        ensure!(
            lengths.iter().all(|&length| length == tree_ids.len()) && missing.len() == ids.len(),
            "the lists of nodes are not equally long"
        );
        ensure!(
            base.len() == outputs,
            "there are not as many base values as outputs"
        );
        let small =
            |number: usize| u32::try_from(number).context("a number is too large for a tree");
        let (mut roots, mut nodes) = (Vec::new(), Vec::new());
        let mut leaves = leaf_outputs.into_iter().zip(values);
        for at in 0..ids.len() {
            if at == 0 || tree_ids[at] != tree_ids[at - 1] {
                roots.push(small(at)?);
            }
            let root = roots.last().copied().unwrap_or_default() as usize;
            ensure!(
                ids[at] == at - root,
                "the nodes of a tree do not stand in their order"
            );
            nodes.push(match modes[at] {
                // Children come later: so each way ends.
                "BRANCH_LEQ" if yes[at] > ids[at] && no[at] > ids[at] => Node {
                    feature: small(features[at])?,
                    end: ends[at].to_bits(),
                    missing_is_yes: missing[at],
                    next: [small(root + yes[at])?, small(root + no[at])?],
                    output: 0,
                    value: 0,
                },
                "LEAF" => {
                    let (output, value) = leaves.next().context("a leaf has no value")?;
                    ensure!(output < outputs, "a leaf adds to no output");
                    Node {
                        feature: 0,
                        end: 0,
                        missing_is_yes: false,
                        next: [small(at)?; 2],
                        output: small(output)?,
                        value: value.to_bits(),
                    }
                }
                mode => bail!("a node of kind {mode} is not known here"),
            });
        }
        let inside = |node: &Node| node.next.iter().all(|&next| (next as usize) < ids.len());
        ensure!(nodes.iter().all(inside), "a node leads nowhere");
        Ok(Trees { roots, nodes, base })
    }

    /// Adds what the trees say of some rows, of `width` features each. Each row gets the answers in the order of the
    /// trees.
    fn add(&self, (features, width): (&[f32], usize), outputs: &mut [f32]) {
        let count = self.base.len();
        for &root in &self.roots {
            let rows = features.chunks(SIDE_BY_SIDE * width);
            for (rows, outputs) in rows.zip(outputs.chunks_mut(SIDE_BY_SIDE * count)) {
                let last = rows.len() / width - 1;
                let starts = array::from_fn(|row| row.min(last) * width);
                let leaves = self.leaves(root, rows, starts);
                for (outputs, leaf) in outputs.chunks_mut(count).zip(leaves) {
                    let leaf = &self.nodes[leaf as usize];
                    outputs[leaf.output as usize] += f32::from_bits(leaf.value);
                }
            }
        }
    }

    /// Where some rows end in a tree, by the places where their features start. No branch depends on a value, so the
    /// processor has nothing to guess.
    fn leaves(
        &self,
        root: u32,
        features: &[f32],
        starts: [usize; SIDE_BY_SIDE],
    ) -> [u32; SIDE_BY_SIDE] {
        let mut at = [root; SIDE_BY_SIDE];
        loop {
            let mut moved = 0;
            for (at, start) in at.iter_mut().zip(starts) {
                let node = &self.nodes[*at as usize];
                let value = features[start + node.feature as usize];
                let is_yes =
                    (value <= f32::from_bits(node.end)) | (node.missing_is_yes & value.is_nan());
                let next = node.next[usize::from(!is_yes)];
                moved |= next ^ *at;
                *at = next;
            }
            if moved == 0 {
                return at;
            }
        }
    }
}

impl Expansion for Trees {
    fn name(&self) -> StaticName {
        "TreeEnsembleRegressor".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        matrix::rules(solver, inputs, outputs, self.base.len())
    }

    fn wire(
        &self,
        prefix: &str,
        model: &mut TypedModel,
        inputs: &[OutletId],
    ) -> TractResult<TVec<OutletId>> {
        model.wire_node(prefix, self.clone(), inputs)
    }
}

impl Op for Trees {
    fn name(&self) -> StaticName {
        "TreeEnsembleRegressor".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Trees {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let (rows, width) = (input.shape()[0], input.shape()[1]);
        ensure!(
            self.nodes
                .iter()
                .all(|node| (node.feature as usize) < width),
            "a node asks for a feature that is not there"
        );
        let features = input.try_as_plain_ram()?.as_slice::<f32>()?;
        let base: Vec<_> = self.base.iter().map(|&bits| f32::from_bits(bits)).collect();
        let mut outputs = base.repeat(rows);
        let blocks = outputs
            .par_chunks_mut(BLOCK * base.len())
            .zip(features.par_chunks(BLOCK * width));
        blocks.for_each(|(outputs, features)| self.add((features, width), outputs));
        Ok(tvec!(
            Tensor::from_shape(&[rows, base.len()], &outputs)?.into_tvalue()
        ))
    }
}

impl TypedOp for Trees {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(matrix::facts(inputs, self.base.len()))
    }

    as_op!();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(feature: u32, end: f32, missing_is_yes: bool, next: [u32; 2]) -> Node {
        Node {
            feature,
            end: end.to_bits(),
            missing_is_yes,
            next,
            output: 0,
            value: 0,
        }
    }

    fn leaf(at: u32, output: u32, value: f32) -> Node {
        Node {
            feature: 0,
            end: 0,
            missing_is_yes: false,
            next: [at; 2],
            output,
            value: value.to_bits(),
        }
    }

    #[test]
    fn each_row_gets_its_own_answers_however_many_walk_beside_it() {
        let trees = Trees {
            roots: vec![0, 5],
            nodes: vec![
                split(0, 1.5, false, [1, 4]),
                split(1, -1.0, true, [2, 3]),
                leaf(2, 0, 0.25),
                leaf(3, 0, 0.5),
                leaf(4, 0, 1.0),
                leaf(5, 1, 8.0),
            ],
            base: vec![0; 2],
        };
        let of = |features: [f32; 2]| match features {
            [first, second] if first <= 1.5 && (second <= -1.0 || second.is_nan()) => 0.25,
            [first, _] if first <= 1.5 => 0.5,
            _ => 1.0,
        };
        let values = [1.5, f32::NAN, -1.0, 7.0, f32::NEG_INFINITY, 1.6];
        for count in 1..=2 * BLOCK + 1 {
            let rows = (0..count).map(|row| [values[row % 6], values[row * 5 / 3 % 6]]);
            let rows: Vec<_> = rows.collect();
            let mut outputs = vec![0.0; count * 2];
            trees.add((rows.as_flattened(), 2), &mut outputs);
            let expected = rows.iter().flat_map(|&row| [of(row), 8.0]);
            assert_eq!(outputs, expected.collect::<Vec<_>>(), "{count} rows");
        }
    }
}
