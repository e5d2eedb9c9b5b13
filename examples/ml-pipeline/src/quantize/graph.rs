//! Rewrites a model so that its layers work on bytes, in the form that runtimes fuse: each input of a
//! `Gemm` comes through `DequantizeLinear` (QDQ; ONNX Runtime's documentation, "Quantize ONNX models").
//!
//! Where weights alone are bytes, they come through `Cast` and `Mul` instead. ONNX Runtime 1.32 replaces a
//! `DequantizeLinear` before a `Gemm` of floats by its `MatMulNBits`, which on processors with VNNI rounds what goes
//! in to bytes as well.

use super::{
    scale::{self, Activations, Weights},
    seen::Seen,
};
use crate::onnx::{
    graph::{Builder, int},
    proto::{Graph, Model, Node, Tensor, element},
};

/// What of a layer is kept in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// Its weights and what goes into it, of which this is the least and greatest value.
    Whole(f32, f32),
    /// Its weights alone: what goes into it, and the sums, stay in floats.
    Weights,
}

/// The names of what goes into the layers, in their order.
pub fn layers(model: &Model) -> Vec<String> {
    let nodes = model.graph.iter().flat_map(|graph| &graph.nodes);
    nodes
        .filter(|node| is_layer(node))
        .map(|node| node.inputs[0].clone())
        .collect()
}

/// How many inputs each layer has.
pub fn widths(model: &Model) -> Vec<usize> {
    let graph = model.graph.iter();
    let width = |graph: &Graph, node: &Node| {
        let mut constants = graph.initializers.iter();
        let weights = constants.find(|it| it.name == node.inputs[1])?;
        Some(*weights.dims.first()? as usize)
    };
    graph
        .flat_map(|graph| {
            let layers = graph.nodes.iter().filter(|node| is_layer(node));
            layers.map(move |node| width(graph, node).unwrap_or_default())
        })
        .collect()
}

fn is_layer(node: &Node) -> bool {
    node.op_type == "Gemm" && node.inputs.len() == 3
}

/// Puts all layers into 8 bits, each in its form, with what was `seen` of its inputs.
pub fn quantize(model: &mut Model, forms: &[Form], seen: &[Seen]) {
    let Some(graph) = model.graph.take() else {
        return;
    };
    let (nodes, mut constants) = (graph.nodes, graph.initializers);
    let layer_constants: Vec<String> = nodes
        .iter()
        .filter(|node| is_layer(node))
        .flat_map(|node| node.inputs[1..].to_vec())
        .collect();
    let floats: Vec<Tensor> = constants
        .extract_if(.., |it| layer_constants.contains(&it.name))
        .collect();
    let find = |name: &str| floats.iter().find(|tensor| tensor.name == name);
    let mut builder = Builder::from(Graph {
        nodes: Vec::new(),
        initializers: constants,
        ..graph
    });
    let mut forms = forms.iter().zip(seen);
    for node in nodes {
        let layer =
            is_layer(&node).then(|| (find(&node.inputs[1]), find(&node.inputs[2]), forms.next()));
        match layer {
            Some((Some(weights), Some(bias), Some(form))) => {
                layer_in_bytes(&mut builder, &node, weights, bias, form);
            }
            _ => builder.push(node),
        }
    }
    model.graph = Some(builder.finish());
}

fn layer_in_bytes(
    graph: &mut Builder,
    node: &Node,
    weights: &Tensor,
    bias: &Tensor,
    (&form, seen): (&Form, &Seen),
) {
    let (floats, biases) = (values(weights), values(bias));
    let output = &node.outputs[0];
    let (input, weights, bias) = match form {
        Form::Whole(least, most) => {
            let activations = Activations::between(least, most);
            let written = scale::weights(&floats, &biases, activations);
            let stored = stored(graph, output, weights, &written.weights, &written.scales);
            (
                input_in_bytes(graph, node, activations),
                dequantized(graph, output, &stored, written.scales.len()),
                bias_in_bytes(graph, output, activations, &written),
            )
        }
        Form::Weights => {
            let written = scale::weights_alone(&floats, &biases, seen.factor().as_ref());
            let stored = stored(graph, output, weights, &written.weights, &written.scales);
            (
                node.inputs[0].clone(),
                cast(graph, output, &stored),
                graph.floats(&format!("{output}_bias"), &[biases.len()], &written.bias),
            )
        }
    };
    graph.node_to("Gemm", &[&input, &weights, &bias], output, vec![]);
}

fn input_in_bytes(graph: &mut Builder, node: &Node, activations: Activations) -> String {
    let named = |what: &str| format!("{}_{what}", node.outputs[0]);
    let scale = graph.floats(&named("input_scale"), &[], &[activations.scale]);
    let zero = vec![activations.zero];
    let zero = graph.bytes(&named("input_zero"), &[], element::UINT8, zero);
    let bytes = graph.node(
        "QuantizeLinear",
        &[&node.inputs[0], &scale, &zero],
        &named("input_bytes"),
        vec![],
    );
    graph.node(
        "DequantizeLinear",
        &[&bytes, &scale, &zero],
        &named("input"),
        vec![],
    )
}

/// A layer's weights as they are in the file: the names of their bytes, and of the scale for each output.
fn stored(
    graph: &mut Builder,
    output: &str,
    shape: &Tensor,
    weights: &[i8],
    scales: &[f32],
) -> [String; 2] {
    let named = |what: &str| format!("{output}_weights{what}");
    let dims: Vec<_> = shape.dims.iter().map(|&dim| dim as usize).collect();
    // The two's complement of a byte is the same byte.
    let raw = weights.iter().map(|it| it.to_le_bytes()[0]).collect();
    [
        graph.bytes(&named("_bytes"), &dims, element::INT8, raw),
        graph.floats(&named("_scales"), &[scales.len()], scales),
    ]
}

/// Weights that a runtime may leave in bytes.
fn dequantized(
    graph: &mut Builder,
    output: &str,
    [bytes, scales]: &[String; 2],
    count: usize,
) -> String {
    let named = |what: &str| format!("{output}_weights{what}");
    let zeros = graph.bytes(&named("_zeros"), &[count], element::INT8, vec![0; count]);
    graph.node(
        "DequantizeLinear",
        &[bytes, scales, &zeros],
        &named(""),
        vec![int("axis", 1)],
    )
}

/// Weights that are bytes in the file alone: a runtime makes floats of them when it loads it.
fn cast(graph: &mut Builder, output: &str, [bytes, scales]: &[String; 2]) -> String {
    let named = |what: &str| format!("{output}_weights{what}");
    let to_floats = vec![int("to", i64::from(element::FLOAT))];
    let steps = graph.node("Cast", &[bytes], &named("_steps"), to_floats);
    graph.node("Mul", &[&steps, scales], &named(""), vec![])
}

fn bias_in_bytes(
    graph: &mut Builder,
    output: &str,
    activations: Activations,
    written: &Weights,
) -> String {
    let named = |what: &str| format!("{output}_bias{what}");
    let count = written.bias.len();
    let scales: Vec<_> = written
        .scales
        .iter()
        .map(|scale| scale * activations.scale)
        .collect();
    let whole = graph.ints32(&named("_whole"), &[count], &written.bias);
    let scales = graph.floats(&named("_scales"), &[count], &scales);
    graph.node(
        "DequantizeLinear",
        &[&whole, &scales],
        &named(""),
        vec![int("axis", 0)],
    )
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor
        .raw
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect()
}
