//! Rewrites a model so that its layers work on bytes, in the form that runtimes fuse: each input of a
//! `Gemm` comes through `DequantizeLinear` (QDQ; ONNX Runtime's documentation, "Quantize ONNX models").

use super::scale::{self, Activations, Weights};
use crate::onnx::{
    graph::{Builder, int},
    proto::{Graph, Model, Node, Tensor, element},
};

/// The names of what goes into the layers, in their order.
pub fn layers(model: &Model) -> Vec<String> {
    let nodes = model.graph.iter().flat_map(|graph| &graph.nodes);
    nodes
        .filter(|node| is_layer(node))
        .map(|node| node.inputs[0].clone())
        .collect()
}

fn is_layer(node: &Node) -> bool {
    node.op_type == "Gemm" && node.inputs.len() == 3
}

/// Puts all layers into 8 bits. `ranges` has the least and greatest value that goes into each.
pub fn quantize(model: &mut Model, ranges: &[(f32, f32)]) {
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
    let mut ranges = ranges.iter();
    for node in nodes {
        let layer =
            is_layer(&node).then(|| (find(&node.inputs[1]), find(&node.inputs[2]), ranges.next()));
        match layer {
            Some((Some(weights), Some(bias), Some(&(least, most)))) => {
                let activations = Activations::between(least, most);
                let (floats, biases) = (values(weights), values(bias));
                let written = scale::weights(&floats, &biases, activations);
                layer_in_bytes(&mut builder, &node, weights, activations, &written);
            }
            _ => builder.push(node),
        }
    }
    model.graph = Some(builder.finish());
}

fn layer_in_bytes(
    graph: &mut Builder,
    node: &Node,
    shape: &Tensor,
    activations: Activations,
    written: &Weights,
) {
    let output = &node.outputs[0];
    let named = |what: &str| format!("{output}_{what}");
    let input = {
        let scale = graph.floats(&named("input_scale"), &[], &[activations.scale]);
        let zero = graph.bytes(
            &named("input_zero"),
            &[],
            element::UINT8,
            vec![activations.zero],
        );
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
    };
    let outputs = written.scales.len();
    let weights = {
        let dims: Vec<_> = shape.dims.iter().map(|&dim| dim as usize).collect();
        // The two's complement of a byte is the same byte.
        let raw = written
            .weights
            .iter()
            .map(|weight| weight.to_le_bytes()[0])
            .collect();
        let bytes = graph.bytes(&named("weights_bytes"), &dims, element::INT8, raw);
        let scales = graph.floats(&named("weights_scales"), &[outputs], &written.scales);
        let zeros = graph.bytes(
            &named("weights_zeros"),
            &[outputs],
            element::INT8,
            vec![0; outputs],
        );
        graph.node(
            "DequantizeLinear",
            &[&bytes, &scales, &zeros],
            &named("weights"),
            vec![int("axis", 1)],
        )
    };
    let bias = {
        let scales: Vec<_> = written
            .scales
            .iter()
            .map(|scale| scale * activations.scale)
            .collect();
        let whole = graph.ints32(&named("bias_whole"), &[outputs], &written.bias);
        let scales = graph.floats(&named("bias_scales"), &[outputs], &scales);
        graph.node(
            "DequantizeLinear",
            &[&whole, &scales],
            &named("bias"),
            vec![int("axis", 0)],
        )
    };
    graph.node_to("Gemm", &[&input, &weights, &bias], output, vec![]);
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor
        .raw
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect()
}
