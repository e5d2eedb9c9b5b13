//! `TreeEnsembleRegressor` for tract, whose version 0.23 has trees for classes alone, and takes longer
//! for each tree with the number of all leaves.

use tract_onnx::Onnx;
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::internal::*;

use super::matrix;

/// Teaches tract the operation.
pub(super) fn register(onnx: &mut Onnx) {
    onnx.op_register.insert("TreeEnsembleRegressor", parse);
}

/// What the attributes say, as the operators of ai.onnx.ml define them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Trees {
    /// Where each tree begins.
    roots: Vec<usize>,
    nodes: Vec<Node>,
    /// What each output is without any tree. Floats are kept as their bits, which can be compared.
    base: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Split {
        feature: usize,
        end: u32,
        missing_is_yes: bool,
        yes: usize,
        no: usize,
    },
    Leaf {
        output: usize,
        value: u32,
    },
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
        let (mut roots, mut nodes) = (Vec::new(), Vec::new());
        let mut leaves = leaf_outputs.into_iter().zip(values);
        for at in 0..ids.len() {
            if at == 0 || tree_ids[at] != tree_ids[at - 1] {
                roots.push(at);
            }
            let root = roots.last().copied().unwrap_or_default();
            ensure!(
                ids[at] == at - root,
                "the nodes of a tree do not stand in their order"
            );
            nodes.push(match modes[at] {
                // Children come later: so each way ends.
                "BRANCH_LEQ" if yes[at] > ids[at] && no[at] > ids[at] => Node::Split {
                    feature: features[at],
                    end: ends[at].to_bits(),
                    missing_is_yes: missing[at],
                    yes: root + yes[at],
                    no: root + no[at],
                },
                "LEAF" => {
                    let (output, value) = leaves.next().context("a leaf has no value")?;
                    ensure!(output < outputs, "a leaf adds to no output");
                    Node::Leaf {
                        output,
                        value: value.to_bits(),
                    }
                }
                mode => bail!("a node of kind {mode} is not known here"),
            });
        }
        let inside = |node: &Node| match node {
            Node::Split { yes, no, .. } => *yes.max(no) < ids.len(),
            Node::Leaf { .. } => true,
        };
        ensure!(nodes.iter().all(inside), "a node leads nowhere");
        Ok(Trees { roots, nodes, base })
    }

    fn add(&self, features: &[f32], outputs: &mut [f32]) {
        for &root in &self.roots {
            let mut at = root;
            loop {
                match self.nodes[at] {
                    Node::Split {
                        feature,
                        end,
                        missing_is_yes,
                        yes,
                        no,
                    } => {
                        let value = features[feature];
                        let is_yes =
                            value <= f32::from_bits(end) || missing_is_yes && value.is_nan();
                        at = if is_yes { yes } else { no };
                    }
                    Node::Leaf { output, value } => {
                        outputs[output] += f32::from_bits(value);
                        break;
                    }
                }
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
        let asked = |node: &Node| matches!(node, Node::Split { feature, .. } if *feature >= width);
        ensure!(
            !self.nodes.iter().any(asked),
            "a node asks for a feature that is not there"
        );
        let features = input.try_as_plain_ram()?.as_slice::<f32>()?;
        let base: Vec<_> = self.base.iter().map(|&bits| f32::from_bits(bits)).collect();
        let mut outputs = base.repeat(rows);
        let each = outputs
            .chunks_exact_mut(base.len())
            .zip(features.chunks_exact(width));
        each.for_each(|(outputs, features)| self.add(features, outputs));
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
