//! `StringSplit` and `TfIdfVectorizer` for tract, whose version 0.23 has neither: as far as our models use
//! them, which count words between blanks.

use std::collections::BTreeMap;

use tract_onnx::Onnx;
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::internal::*;

use super::matrix;

/// Teaches tract the operations.
pub(super) fn register(onnx: &mut Onnx) {
    onnx.op_register.insert("StringSplit", split);
    onnx.op_register.insert("TfIdfVectorizer", bag);
}

/// A text for each row; its parts come out, as many for each row as the longest has, and their number.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Split {
    /// How many parts the longest text has.
    most: Symbol,
}

fn split(
    context: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let attributes = ["delimiter", "maxsplit"].map(|name| node.get_attr_opt::<&str>(name));
    ensure!(
        attributes.iter().all(|it| matches!(it, Ok(None))),
        "only blanks between words are known here"
    );
    let most = context.template.symbols.new_with_prefix("words");
    Ok((expand(Split { most }), vec![]))
}

/// The words of each row, by what is known of them: 1 for those that are there, 0 for all others.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Bag {
    known: BTreeMap<String, usize>,
    width: usize,
}

fn bag(_: &ParsingContext, node: &NodeProto) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let mode: &str = node.get_attr("mode")?;
    let longest: i64 = node.get_attr("max_gram_length")?;
    let weights = node.get_attr_opt_slice::<f32>("weights")?;
    ensure!(
        mode == "IDF" && longest == 1 && weights.is_none(),
        "only single words without weights are known here"
    );
    let words: Vec<String> = node.get_attr_vec("pool_strings")?;
    let places: Vec<usize> = node.get_attr_vec("ngram_indexes")?;
    ensure!(
        words.len() == places.len(),
        "there are not as many words as places"
    );
    let width = places.iter().max().map_or(0, |most| most + 1);
    let known = words.into_iter().zip(places).collect();
    Ok((expand(Bag { known, width }), vec![]))
}

impl Expansion for Split {
    fn name(&self) -> StaticName {
        "StringSplit".into()
    }

    fn nboutputs(&self) -> TractResult<usize> {
        Ok(2)
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 1)?;
        check_output_arity(outputs, 2)?;
        solver.equals(&inputs[0].rank, 1)?;
        solver.equals(&outputs[0].datum_type, String::datum_type())?;
        solver.equals(&outputs[0].rank, 2)?;
        solver.equals(&outputs[0].shape[0], &inputs[0].shape[0])?;
        solver.equals(&outputs[0].shape[1], self.most.to_dim())?;
        solver.equals(&outputs[1].datum_type, i64::datum_type())?;
        solver.equals(&outputs[1].shape, &inputs[0].shape)
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

impl Op for Split {
    fn name(&self) -> StaticName {
        "StringSplit".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Split {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let texts = input.try_as_plain_ram()?.as_slice::<String>()?;
        let parts: Vec<Vec<&str>> = texts
            .iter()
            .map(|text| crate::features::bag::tokens(text).collect())
            .collect();
        let counts: Vec<i64> = parts.iter().map(|parts| parts.len() as i64).collect();
        let most = parts.iter().map(Vec::len).max().unwrap_or_default();
        let padded = parts.iter().flat_map(|parts| {
            let rest = std::iter::repeat_n("", most - parts.len());
            parts.iter().copied().chain(rest).map(str::to_owned)
        });
        let padded: Vec<String> = padded.collect();
        let padded = tract_ndarray::Array2::from_shape_vec((texts.len(), most), padded)?;
        Ok(tvec!(
            padded.into_tensor().into_tvalue(),
            tensor1(&counts).into_tvalue()
        ))
    }
}

impl TypedOp for Split {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let rows = inputs[0].shape[0].clone();
        Ok(tvec!(
            String::fact([rows.clone(), self.most.to_dim()]),
            i64::fact([rows])
        ))
    }

    as_op!();
}

impl Expansion for Bag {
    fn name(&self) -> StaticName {
        "TfIdfVectorizer".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        matrix::rules(solver, inputs, outputs, self.width)?;
        solver.equals(&inputs[0].rank, 2)
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

impl Op for Bag {
    fn name(&self) -> StaticName {
        "TfIdfVectorizer".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Bag {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let (rows, most) = (input.shape()[0], input.shape()[1]);
        let words = input.try_as_plain_ram()?.as_slice::<String>()?;
        let mut found = vec![0.0_f32; rows * self.width];
        for (at, word) in words.iter().enumerate() {
            if let Some(place) = self.known.get(word) {
                found[at / most * self.width + place] = 1.0;
            }
        }
        Ok(tvec!(
            Tensor::from_shape(&[rows, self.width], &found)?.into_tvalue()
        ))
    }
}

impl TypedOp for Bag {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(matrix::facts(inputs, self.width))
    }

    as_op!();
}
