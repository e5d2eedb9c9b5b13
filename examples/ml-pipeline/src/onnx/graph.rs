//! Builds a graph, operation by operation.

use std::collections::HashSet;

use super::proto::{
    Attribute, Dimension, Graph, Node, Shape, Tensor, TensorType, Type, ValueInfo, attribute,
    element,
};

/// A graph in the making. What is called as a column is gets another name.
#[derive(Debug, Default)]
pub struct Builder {
    graph: Graph,
    taken: HashSet<String>,
}

/// The dimension of the rows, which is open.
pub const ROWS: &str = "N";

impl Builder {
    /// A graph in which some names are kept for later.
    pub fn new(name: &str, kept: &[&str]) -> Self {
        Builder {
            graph: Graph {
                name: name.to_owned(),
                ..Graph::default()
            },
            taken: kept.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    /// Goes on with a graph.
    pub fn from(graph: Graph) -> Self {
        let mut taken: HashSet<_> = graph
            .inputs
            .iter()
            .map(|input| input.name.clone())
            .collect();
        taken.extend(graph.initializers.iter().map(|tensor| tensor.name.clone()));
        taken.extend(graph.nodes.iter().flat_map(|node| node.outputs.clone()));
        Builder { graph, taken }
    }

    /// A column that goes in, `[N, 1]`; returns its name, which is the column's unless it was taken.
    pub fn input(&mut self, column: &str, element: i32) -> String {
        let name = self.unique(column);
        self.graph
            .inputs
            .push(value(&name, element, &[None, Some(1)]));
        name
    }

    /// What comes out; an open dimension is the rows.
    pub fn output(&mut self, name: &str, element: i32, shape: &[Option<i64>]) {
        self.graph.outputs.push(value(name, element, shape));
    }

    /// An operation, with the name of its one result.
    pub fn node(
        &mut self,
        op: &str,
        inputs: &[&str],
        wanted: &str,
        attributes: Vec<Attribute>,
    ) -> String {
        let output = self.unique(wanted);
        self.node_to(op, inputs, &output, attributes);
        output
    }

    /// An operation with two results, of which the first one is used: its name.
    pub fn node_of_two(&mut self, op: &str, input: &str, wanted: [&str; 2]) -> String {
        let [output, second] = wanted.map(|wanted| self.unique(wanted));
        self.node_to(op, &[input], &output, vec![]);
        if let Some(node) = self.graph.nodes.last_mut() {
            node.outputs.push(second);
        }
        output
    }

    /// An operation as it stands in another graph.
    pub fn push(&mut self, node: Node) {
        self.graph.nodes.push(node);
    }

    /// An operation whose result has a name that was kept.
    pub fn node_to(&mut self, op: &str, inputs: &[&str], output: &str, attributes: Vec<Attribute>) {
        let domain = match op {
            "CategoryMapper" | "TreeEnsembleRegressor" => "ai.onnx.ml",
            _ => "",
        };
        self.graph.nodes.push(Node {
            inputs: inputs.iter().map(|&input| input.to_owned()).collect(),
            outputs: vec![output.to_owned()],
            name: format!("{output}/{op}"),
            op_type: op.to_owned(),
            attributes,
            domain: domain.to_owned(),
        });
    }

    /// A constant of floats.
    pub fn floats(&mut self, wanted: &str, dims: &[usize], values: &[f32]) -> String {
        let raw = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.constant(wanted, dims, element::FLOAT, raw)
    }

    /// A constant of 64-bit integers, as operators take indices.
    pub fn ints(&mut self, wanted: &str, dims: &[usize], values: &[i64]) -> String {
        let raw = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.constant(wanted, dims, element::INT64, raw)
    }

    /// A constant of 32-bit integers.
    pub fn ints32(&mut self, wanted: &str, dims: &[usize], values: &[i32]) -> String {
        let raw = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.constant(wanted, dims, element::INT32, raw)
    }

    /// A constant of bytes, with a sign or without.
    pub fn bytes(&mut self, wanted: &str, dims: &[usize], element: i32, raw: Vec<u8>) -> String {
        self.constant(wanted, dims, element, raw)
    }

    /// The graph.
    pub fn finish(self) -> Graph {
        self.graph
    }

    fn constant(&mut self, wanted: &str, dims: &[usize], element: i32, raw: Vec<u8>) -> String {
        let name = self.unique(wanted);
        let dims = dims.iter().map(|&dim| dim as i64).collect();
        self.graph.initializers.push(Tensor {
            dims,
            element,
            name: name.clone(),
            raw,
        });
        name
    }

    fn unique(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut count = 1;
        while !self.taken.insert(name.clone()) {
            count += 1;
            name = format!("{wanted}_{count}");
        }
        name
    }
}

/// An input or output: an open dimension is the rows.
pub fn value(name: &str, element: i32, shape: &[Option<i64>]) -> ValueInfo {
    let dims = shape.iter().map(|&value| Dimension {
        value,
        parameter: value.is_none().then(|| ROWS.to_owned()),
    });
    let tensor = TensorType {
        element,
        shape: Some(Shape {
            dims: dims.collect(),
        }),
    };
    ValueInfo {
        name: name.to_owned(),
        kind: Some(Type {
            tensor: Some(tensor),
        }),
    }
}

/// An attribute that is a whole number.
pub fn int(name: &str, value: i64) -> Attribute {
    Attribute {
        name: name.to_owned(),
        int: Some(value),
        kind: attribute::INT,
        ..Attribute::default()
    }
}

/// An attribute that has floats.
pub fn floats(name: &str, values: Vec<f32>) -> Attribute {
    Attribute {
        name: name.to_owned(),
        floats: values,
        kind: attribute::FLOATS,
        ..Attribute::default()
    }
}

/// An attribute that has whole numbers.
pub fn ints(name: &str, values: Vec<i64>) -> Attribute {
    Attribute {
        name: name.to_owned(),
        ints: values,
        kind: attribute::INTS,
        ..Attribute::default()
    }
}

/// An attribute that is a text.
pub fn text(name: &str, value: &str) -> Attribute {
    Attribute {
        name: name.to_owned(),
        text: Some(value.into()),
        kind: attribute::STRING,
        ..Attribute::default()
    }
}

/// An attribute that has texts.
pub fn texts(name: &str, values: &[String]) -> Attribute {
    let texts = values
        .iter()
        .map(|value| value.clone().into_bytes())
        .collect();
    Attribute {
        name: name.to_owned(),
        texts,
        kind: attribute::STRINGS,
        ..Attribute::default()
    }
}
