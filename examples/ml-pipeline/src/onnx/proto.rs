//! The messages of an ONNX file, as far as our models use them.
//!
//! Names of the fields are ours; numbers and types are those of `onnx.proto` (ONNX 1.12, IR version 8).

/// A whole file: `ModelProto`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Model {
    /// The version of the format.
    #[prost(int64, tag = "1")]
    pub ir_version: i64,
    /// What wrote the file.
    #[prost(string, tag = "2")]
    pub producer_name: String,
    /// Its version.
    #[prost(string, tag = "3")]
    pub producer_version: String,
    /// What is computed.
    #[prost(message, optional, tag = "7")]
    pub graph: Option<Graph>,
    /// The versions of the operators.
    #[prost(message, repeated, tag = "8")]
    pub opset_import: Vec<Opset>,
    /// What people noted of the model.
    #[prost(message, repeated, tag = "14")]
    pub metadata_props: Vec<KeyValue>,
}

/// The version of a domain's operators: `OperatorSetIdProto`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Opset {
    /// The domain; ONNX's own is the empty one.
    #[prost(string, tag = "1")]
    pub domain: String,
    /// The version.
    #[prost(int64, tag = "2")]
    pub version: i64,
}

/// `StringStringEntryProto`
#[derive(Clone, PartialEq, prost::Message)]
pub struct KeyValue {
    /// The key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Its value.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// `GraphProto`
#[derive(Clone, PartialEq, prost::Message)]
pub struct Graph {
    /// The operations, each after those whose results it takes.
    #[prost(message, repeated, tag = "1")]
    pub nodes: Vec<Node>,
    /// What the graph is called.
    #[prost(string, tag = "2")]
    pub name: String,
    /// The constants.
    #[prost(message, repeated, tag = "5")]
    pub initializers: Vec<Tensor>,
    /// What goes in.
    #[prost(message, repeated, tag = "11")]
    pub inputs: Vec<ValueInfo>,
    /// What comes out.
    #[prost(message, repeated, tag = "12")]
    pub outputs: Vec<ValueInfo>,
}

/// An operation: `NodeProto`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Node {
    /// The names of what it takes.
    #[prost(string, repeated, tag = "1")]
    pub inputs: Vec<String>,
    /// The names of what it gives.
    #[prost(string, repeated, tag = "2")]
    pub outputs: Vec<String>,
    /// What it is called.
    #[prost(string, tag = "3")]
    pub name: String,
    /// The operator.
    #[prost(string, tag = "4")]
    pub op_type: String,
    /// What the operator needs to know.
    #[prost(message, repeated, tag = "5")]
    pub attributes: Vec<Attribute>,
    /// The operator's domain.
    #[prost(string, tag = "7")]
    pub domain: String,
}

/// `AttributeProto`
#[derive(Clone, PartialEq, prost::Message)]
pub struct Attribute {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// A whole number. Optional, as 0 is to be written too.
    #[prost(int64, optional, tag = "3")]
    pub int: Option<i64>,
    /// A text.
    #[prost(bytes = "vec", optional, tag = "4")]
    pub text: Option<Vec<u8>>,
    /// Floats.
    #[prost(float, repeated, packed = "false", tag = "7")]
    pub floats: Vec<f32>,
    /// Whole numbers.
    #[prost(int64, repeated, packed = "false", tag = "8")]
    pub ints: Vec<i64>,
    /// Texts.
    #[prost(bytes = "vec", repeated, tag = "9")]
    pub texts: Vec<Vec<u8>>,
    /// Which of them it has: see [`attribute`].
    #[prost(int32, tag = "20")]
    pub kind: i32,
}

/// `AttributeProto.AttributeType`
pub mod attribute {
    /// One whole number.
    pub const INT: i32 = 2;
    /// One text.
    pub const STRING: i32 = 3;
    /// Floats.
    pub const FLOATS: i32 = 6;
    /// Whole numbers.
    pub const INTS: i32 = 7;
    /// Texts.
    pub const STRINGS: i32 = 8;
}

/// A constant: `TensorProto`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Tensor {
    /// Its shape.
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub dims: Vec<i64>,
    /// Its type: see [`element`].
    #[prost(int32, tag = "2")]
    pub element: i32,
    /// Its name.
    #[prost(string, tag = "8")]
    pub name: String,
    /// Its elements, the lower byte first.
    #[prost(bytes = "vec", tag = "9")]
    pub raw: Vec<u8>,
}

/// `TensorProto.DataType`
pub mod element {
    /// 32-bit floats.
    pub const FLOAT: i32 = 1;
    /// Bytes from 0.
    pub const UINT8: i32 = 2;
    /// Bytes with a sign.
    pub const INT8: i32 = 3;
    /// 32-bit integers.
    pub const INT32: i32 = 6;
    /// 64-bit integers.
    pub const INT64: i32 = 7;
    /// Texts.
    pub const STRING: i32 = 8;
}

/// An input or output: `ValueInfoProto`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ValueInfo {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its type.
    #[prost(message, optional, tag = "2")]
    pub kind: Option<Type>,
}

/// `TypeProto`, of a tensor.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Type {
    /// What kind of tensor.
    #[prost(message, optional, tag = "1")]
    pub tensor: Option<TensorType>,
}

/// `TypeProto.Tensor`
#[derive(Clone, PartialEq, prost::Message)]
pub struct TensorType {
    /// The type of its elements: see [`element`].
    #[prost(int32, tag = "1")]
    pub element: i32,
    /// Its shape.
    #[prost(message, optional, tag = "2")]
    pub shape: Option<Shape>,
}

/// `TensorShapeProto`
#[derive(Clone, PartialEq, prost::Message)]
pub struct Shape {
    /// Its dimensions.
    #[prost(message, repeated, tag = "1")]
    pub dims: Vec<Dimension>,
}

/// `TensorShapeProto.Dimension`
#[derive(Clone, PartialEq, prost::Message)]
pub struct Dimension {
    /// How many, if that is known.
    #[prost(int64, optional, tag = "1")]
    pub value: Option<i64>,
    /// What that number is called otherwise.
    #[prost(string, optional, tag = "2")]
    pub parameter: Option<String>,
}
