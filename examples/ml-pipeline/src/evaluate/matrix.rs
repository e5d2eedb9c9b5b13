//! What the operations that we teach tract have in common: a matrix of floats comes out, with the rows of what goes in.

use tract_onnx::tract_hir::internal::*;

/// The rules of an operation with one input, whose output has so many columns.
pub(super) fn rules<'r, 'p: 'r>(
    solver: &mut Solver<'r>,
    inputs: &'p [TensorProxy],
    outputs: &'p [TensorProxy],
    width: usize,
) -> InferenceResult {
    check_input_arity(inputs, 1)?;
    check_output_arity(outputs, 1)?;
    solver.equals(&outputs[0].datum_type, f32::datum_type())?;
    solver.equals(&outputs[0].rank, 2)?;
    solver.equals(&outputs[0].shape[0], &inputs[0].shape[0])?;
    solver.equals(&outputs[0].shape[1], width.to_dim())
}

/// What is known of that output.
pub(super) fn facts(inputs: &[&TypedFact], width: usize) -> TVec<TypedFact> {
    tvec!(f32::fact([inputs[0].shape[0].clone(), width.to_dim()]))
}
