//! A schema's JSON.
//!
//! Facts: the specification of Apache Avro 1.11, "Schema Declaration" and "Names". Logical types are
//! passed over: they change nothing about how a value is written.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    bytes::Fault,
    schema::{Id, Schema, Type},
};

/// Reads a schema.
///
/// # Errors
/// [`Fault::Wrong`] when it is not one.
pub(in crate::feed) fn read(json: &[u8]) -> Result<Schema, Fault> {
    // The parser refuses what is nested more than 128 deep.
    let value: Value =
        serde_json::from_slice(json).map_err(|_| Fault::wrong("its schema is not JSON"))?;
    let mut reader = Reader::default();
    let root = reader.read(&value, "")?;
    Ok(Schema {
        types: reader.types,
        root,
    })
}

#[derive(Default)]
struct Reader {
    types: Vec<Type>,
    /// By full name.
    named: BTreeMap<String, Id>,
}

impl Reader {
    fn add(&mut self, kind: Type) -> Id {
        self.types.push(kind);
        Id(self.types.len() - 1)
    }

    fn read(&mut self, value: &Value, namespace: &str) -> Result<Id, Fault> {
        match value {
            Value::String(name) => self.by_name(name, namespace),
            Value::Array(types) => {
                let types: Result<Vec<Id>, Fault> =
                    types.iter().map(|it| self.read(it, namespace)).collect();
                let types = types?;
                let is_union = |id: &Id| matches!(self.types.get(id.0), Some(Type::Union(_)));
                if types.iter().any(is_union) {
                    return Err(Fault::wrong("its schema has a union within a union"));
                }
                Ok(self.add(Type::Union(types)))
            }
            Value::Object(object) => self.object(object, namespace),
            _ => Err(Fault::wrong(
                "its schema has a type that is no text, array or object",
            )),
        }
    }

    fn by_name(&mut self, name: &str, namespace: &str) -> Result<Id, Fault> {
        let kind = match name {
            "null" => Type::Nothing,
            "boolean" => Type::Fixed(1),
            "int" | "long" => Type::Number,
            "float" => Type::Fixed(4),
            "double" => Type::Fixed(8),
            "bytes" | "string" => Type::Text,
            _ => {
                let known = self.named.get(&full(name, namespace));
                let known = known.or_else(|| self.named.get(name));
                return known
                    .copied()
                    .ok_or_else(|| Fault::wrong("its schema names a type that it does not have"));
            }
        };
        Ok(self.add(kind))
    }

    fn object(&mut self, object: &Map<String, Value>, namespace: &str) -> Result<Id, Fault> {
        let Some(Value::String(kind)) = object.get("type") else {
            // {"type": {…}} and {"type": […]}
            return self.read(member(object, "type")?, namespace);
        };
        match kind.as_str() {
            "record" | "error" => self.record(object, namespace),
            "enum" => {
                let symbols = strings(member(object, "symbols")?)?;
                let id = self.add(Type::Enum(symbols));
                self.declare(object, namespace, id).map(|_| id)
            }
            "fixed" => {
                let size = member(object, "size")?.as_u64();
                let size = size.and_then(|it| usize::try_from(it).ok());
                let size =
                    size.ok_or_else(|| Fault::wrong("its schema has a `size` that is no number"))?;
                let kind = if size == 0 {
                    Type::Nothing
                } else {
                    Type::Fixed(size)
                };
                let id = self.add(kind);
                self.declare(object, namespace, id).map(|_| id)
            }
            "array" => {
                let item = self.read(member(object, "items")?, namespace)?;
                Ok(self.add(Type::Array(item)))
            }
            "map" => {
                let value = self.read(member(object, "values")?, namespace)?;
                Ok(self.add(Type::Map(value)))
            }
            name => self.by_name(name, namespace),
        }
    }

    fn record(&mut self, object: &Map<String, Value>, namespace: &str) -> Result<Id, Fault> {
        // Its fields may name it.
        let id = self.add(Type::Record(Vec::new()));
        let inner = self.declare(object, namespace, id)?;
        let Value::Array(members) = member(object, "fields")? else {
            return Err(Fault::wrong("its schema has `fields` that are no array"));
        };
        let mut fields = Vec::new();
        for field in members {
            let Value::Object(field) = field else {
                return Err(Fault::wrong("its schema has a field that is no object"));
            };
            let Value::String(name) = member(field, "name")? else {
                return Err(Fault::wrong("its schema has a `name` that is no text"));
            };
            let kind = self.read(member(field, "type")?, &inner)?;
            // What has no bytes costs no time.
            if self.types.get(kind.0) != Some(&Type::Nothing) {
                fields.push((name.as_str().into(), kind));
            }
        }
        let kind = match fields.is_empty() {
            true => Type::Nothing,
            false => Type::Record(fields),
        };
        if let Some(slot) = self.types.get_mut(id.0) {
            *slot = kind;
        }
        Ok(id)
    }

    /// Gives `id` its name, and returns the namespace that holds within it.
    fn declare(
        &mut self,
        object: &Map<String, Value>,
        namespace: &str,
        id: Id,
    ) -> Result<String, Fault> {
        let Some(Value::String(name)) = object.get("name") else {
            return Err(Fault::wrong("its schema has a type without a name"));
        };
        let own = object.get("namespace").and_then(Value::as_str);
        let name = full(name, own.unwrap_or(namespace));
        let inner = name
            .rsplit_once('.')
            .map_or("", |(space, _)| space)
            .to_owned();
        match self.named.insert(name, id) {
            None => Ok(inner),
            Some(_) => Err(Fault::wrong("its schema has two types of one name")),
        }
    }
}

fn full(name: &str, namespace: &str) -> String {
    match name.contains('.') || namespace.is_empty() {
        true => name.to_owned(),
        false => format!("{namespace}.{name}"),
    }
}

fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a Value, Fault> {
    object
        .get(name)
        .ok_or_else(|| Fault::wrong(format!("its schema lacks `{name}`")))
}

fn strings(value: &Value) -> Result<Vec<Box<str>>, Fault> {
    let texts = value.as_array().and_then(|values| {
        let texts = values.iter().map(|it| it.as_str().map(Box::from));
        texts.collect()
    });
    texts.ok_or_else(|| Fault::wrong("its schema has `symbols` that are no texts"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::bytes::Cursor;
    use super::*;

    /// How many of these bytes a value of this type has.
    fn length(json: &str, bytes: &[u8]) -> usize {
        let schema = read(json.as_bytes()).unwrap();
        let mut cursor = Cursor::new(bytes);
        schema.skip(schema.root(), &mut cursor).unwrap();
        cursor.at()
    }

    #[test]
    fn each_type_is_passed_over_by_its_own_length() {
        for (json, bytes, due) in [
            (r#""null""#, &b""[..], 0),
            (r#""boolean""#, b"\x01", 1),
            (r#""long""#, b"\x80\x01", 2),
            (r#""float""#, b"abcd", 4),
            (r#"{"type":"double"}"#, b"abcdefgh", 8),
            (r#"{"type":{"type":"string"}}"#, b"\x06abc", 4),
            (r#"{"type":"fixed","name":"F","size":3}"#, b"abc", 3),
            (r#"{"type":"enum","name":"E","symbols":["a"]}"#, b"\x00", 1),
            (r#"["null","string"]"#, b"\x00", 1),
            (r#"["null","string"]"#, b"\x02\x02a", 3),
            (r#"{"type":"array","items":"int"}"#, b"\x04\x02\x02\x00", 4),
            (
                r#"{"type":"array","items":"int"}"#,
                b"\x03\x04\x02\x02\x00",
                5,
            ),
            (r#"{"type":"map","values":"int"}"#, b"\x02\x02k\x02\x00", 5),
            (
                r#"{"type":"long","logicalType":"timestamp-millis"}"#,
                b"\x02",
                1,
            ),
        ] {
            let longer = [bytes, b"more"].concat();
            assert_eq!(length(json, &longer), due, "{json}");
        }
    }

    #[test]
    fn a_name_means_the_type_of_its_namespace() {
        let json = r#"{"type":"record","name":"R","namespace":"a.b","fields":[
            {"name":"x","type":{"type":"fixed","name":"F","size":1}},
            {"name":"y","type":{"type":"record","name":"c.S","fields":[
                {"name":"z","type":{"type":"fixed","name":"F","size":2}},
                {"name":"near","type":"F"},
                {"name":"far","type":"a.b.F"}]}},
            {"name":"again","type":"F"}]}"#;
        assert_eq!(length(json, &[0; 99]), 1 + 2 + 2 + 1 + 1);
    }

    #[test]
    fn what_is_no_schema_is_told() {
        for (json, message) in [
            ("", "its schema is not JSON"),
            (
                "7",
                "its schema has a type that is no text, array or object",
            ),
            (r#""Text""#, "its schema names a type that it does not have"),
            (
                r#"["null",["int"]]"#,
                "its schema has a union within a union",
            ),
            ("{}", "its schema lacks `type`"),
            (r#"{"type":"array"}"#, "its schema lacks `items`"),
            (
                r#"{"type":"record","fields":[]}"#,
                "its schema has a type without a name",
            ),
            (
                r#"{"type":"record","name":"R","fields":7}"#,
                "its schema has `fields` that are no array",
            ),
            (
                r#"{"type":"record","name":"R","fields":[7]}"#,
                "its schema has a field that is no object",
            ),
            (
                r#"{"type":"fixed","name":"F","size":-1}"#,
                "its schema has a `size` that is no number",
            ),
            (
                r#"{"type":"enum","name":"E","symbols":[7]}"#,
                "its schema has `symbols` that are no texts",
            ),
            (
                r#"[{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":2}]"#,
                "its schema has two types of one name",
            ),
        ] {
            assert_eq!(read(json.as_bytes()), Err(Fault::wrong(message)), "{json}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(
            read(deep.as_bytes()),
            Err(Fault::wrong("its schema is not JSON"))
        );
    }
}
