//! What goes into a model when tract runs it. Columns that the model only puts side by side go in as one matrix: tract
//! takes time for inputs that grows with the square of their number, a minute for 12,000.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use anyhow::Result;
use tract_onnx::prelude::*;

use crate::{
    onnx::{
        graph,
        proto::{Graph, Node, ValueInfo, element},
    },
    table::Values,
};

/// The columns that each input has.
pub type Inputs = Vec<Vec<usize>>;

/// Makes one input of those that are put side by side, and returns what each input has then.
pub fn join(graph: &mut Graph) -> Inputs {
    let mut uses: HashMap<String, usize> = HashMap::new();
    for name in graph.nodes.iter().flat_map(|node| &node.inputs) {
        *uses.entry(name.clone()).or_default() += 1;
    }
    let mut inputs: BTreeMap<String, (Vec<usize>, ValueInfo)> = BTreeMap::new();
    for (column, input) in graph.inputs.drain(..).enumerate() {
        inputs.insert(input.name.clone(), (vec![column], input));
    }
    graph.nodes.retain(|node| {
        let is_floats = |name: &String| {
            let input = inputs.get(name);
            uses[name] == 1 && input.is_some_and(|(_, input)| element_of(input) == element::FLOAT)
        };
        let is_joined = is_side_by_side(node) && node.inputs.iter().all(is_floats);
        if is_joined {
            let taken = node.inputs.iter().filter_map(|name| inputs.remove(name));
            let columns: Vec<_> = taken.flat_map(|(columns, _)| columns).collect();
            let shape = [None, Some(columns.len() as i64)];
            let input = graph::value(&node.outputs[0], element::FLOAT, &shape);
            inputs.insert(input.name.clone(), (columns, input));
        }
        !is_joined
    });
    let (columns, inputs) = inputs.into_values().unzip();
    graph.inputs = inputs;
    columns
}

fn is_side_by_side(node: &Node) -> bool {
    let mut attributes = node.attributes.iter();
    node.op_type == "Concat" && attributes.all(|it| it.name == "axis" && it.int == Some(1))
}

fn element_of(input: &ValueInfo) -> i32 {
    let kind = input.kind.as_ref().and_then(|it| it.tensor.as_ref());
    kind.map_or(0, |it| it.element)
}

/// Some rows of the columns that an input has, side by side.
pub fn tensor(columns: &[Values], input: &[usize], rows: Range<usize>) -> Result<Tensor> {
    let shape = [rows.len(), input.len()];
    if let [column] = input
        && let Values::Words { words, rows: all } = &columns[*column]
    {
        let words = all[rows].iter().map(|&word| words[word as usize].clone());
        let words = tract_ndarray::Array2::from_shape_vec(shape, words.collect())?;
        return Ok(words.into_tensor());
    }
    let mut numbers = vec![f32::NAN; rows.len() * input.len()];
    for (place, &column) in input.iter().enumerate() {
        if let Values::Numbers(all) = &columns[column] {
            let places = numbers.iter_mut().skip(place).step_by(input.len());
            places
                .zip(&all[rows.clone()])
                .for_each(|(to, from)| *to = *from);
        }
    }
    Tensor::from_shape(&shape, &numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::graph::{Builder, int};

    #[test]
    fn only_numbers_that_nothing_else_takes_are_joined_whatever_lies_between() -> Result<()> {
        let mut graph = Builder::new("model", &[]);
        let inputs = ["a", "b", "c", "d", "e"].map(|name| graph.input(name, element::FLOAT));
        let word = graph.input("word", element::STRING);
        let mut side_by_side =
            |parts: &[&str]| graph.node("Concat", parts, "x", vec![int("axis", 1)]);
        let [a, b, c, d, e] = inputs.each_ref().map(String::as_str);
        let first = side_by_side(&[b, a]);
        let all = side_by_side(&[c, &first]);
        let with_other = side_by_side(&[d, e]);
        graph.node("Add", &[d, &all], "sum", vec![]);
        graph.node("Add", &[&with_other, &all], "sum", vec![]);
        graph.node("Identity", &[&word], "word", vec![]);
        let mut graph = graph.finish();
        let inputs = join(&mut graph);
        let found: BTreeMap<_, _> = graph
            .inputs
            .iter()
            .map(|it| it.name.clone())
            .zip(&inputs)
            .collect();
        assert_eq!(found[&all], &[2, 1, 0]);
        assert_eq!(found["d"], &[3], "it is taken twice");
        assert_eq!((inputs.len(), graph.nodes.len()), (4, 4));
        let columns: Vec<_> = (0..4_u8)
            .map(|column| Values::Numbers((0..3).map(|row| f32::from(10 * row + column)).collect()))
            .collect();
        let tensor = tensor(&columns, &[2, 0], 1..3)?;
        let numbers = tensor.try_as_plain_ram()?.as_slice::<f32>()?.to_vec();
        assert_eq!(numbers, [12.0, 10.0, 22.0, 20.0]);
        Ok(())
    }
}
