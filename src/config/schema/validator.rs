//! As much of JSON Schema as ours uses. A keyword that it does not know is an error of the schema.

use std::collections::HashMap;

use regex::Regex;
use serde_json::Value;

/// A schema with its expressions compiled.
pub(super) struct Validator {
    schema: Value,
    expressions: HashMap<String, Regex>,
}

impl Validator {
    pub(super) fn new(schema: Value) -> Self {
        let mut expressions = HashMap::new();
        compile(&schema, &mut expressions);
        Self {
            schema,
            expressions,
        }
    }

    /// Whether a document is valid.
    pub(super) fn allows(&self, document: &Value) -> bool {
        self.valid(&self.schema, document)
    }

    fn valid(&self, schema: &Value, value: &Value) -> bool {
        let Some(keywords) = schema.as_object() else {
            return schema
                .as_bool()
                .expect("a schema is an object or a boolean");
        };
        keywords
            .iter()
            .all(|(keyword, rule)| self.keyword(keywords, keyword, rule, value))
    }

    fn keyword(
        &self,
        schema: &serde_json::Map<String, Value>,
        keyword: &str,
        rule: &Value,
        value: &Value,
    ) -> bool {
        let all = || rule.as_array().unwrap().iter();
        let has = |key: &Value| value.get(key.as_str().unwrap()).is_some();
        let object = value.as_object();
        match keyword {
            "$schema" | "title" | "description" | "then" => true,
            "type" => is_a(value, rule.as_str().unwrap()),
            "enum" => all().any(|it| it == value),
            "const" => rule == value,
            "oneOf" => all().filter(|it| self.valid(it, value)).count() == 1,
            "anyOf" => all().any(|it| self.valid(it, value)),
            "not" => !self.valid(rule, value),
            "if" => !self.valid(rule, value) || self.valid(&schema["then"], value),
            "required" => object.is_none_or(|_| all().all(has)),
            "dependentRequired" => rule.as_object().unwrap().iter().all(|(key, needed)| {
                value.get(key).is_none() || needed.as_array().unwrap().iter().all(has)
            }),
            "properties" => object.is_none_or(|it| {
                it.iter().all(|(key, value)| {
                    rule.get(key).is_none_or(|schema| self.valid(schema, value))
                })
            }),
            "additionalProperties" => object.is_none_or(|it| {
                let known = schema.get("properties").and_then(Value::as_object);
                let others = it
                    .iter()
                    .filter(|(key, _)| known.is_none_or(|known| !known.contains_key(*key)));
                others.into_iter().all(|(_, value)| self.valid(rule, value))
            }),
            "propertyNames" => {
                object.is_none_or(|it| it.keys().all(|key| self.valid(rule, &key.as_str().into())))
            }
            "minProperties" => object.is_none_or(|it| it.len() as u64 >= rule.as_u64().unwrap()),
            "maxProperties" => object.is_none_or(|it| it.len() as u64 <= rule.as_u64().unwrap()),
            "items" => value
                .as_array()
                .is_none_or(|it| it.iter().all(|item| self.valid(rule, item))),
            "contains" => value
                .as_array()
                .is_none_or(|it| it.iter().any(|item| self.valid(rule, item))),
            "minItems" => value
                .as_array()
                .is_none_or(|it| it.len() as u64 >= rule.as_u64().unwrap()),
            "maxItems" => value
                .as_array()
                .is_none_or(|it| it.len() as u64 <= rule.as_u64().unwrap()),
            "pattern" => value
                .as_str()
                .is_none_or(|it| self.expressions[rule.as_str().unwrap()].is_match(it)),
            "minLength" => value
                .as_str()
                .is_none_or(|it| it.chars().count() as u64 >= rule.as_u64().unwrap()),
            "maxLength" => value
                .as_str()
                .is_none_or(|it| it.chars().count() as u64 <= rule.as_u64().unwrap()),
            "minimum" => value.as_f64().is_none_or(|it| it >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|it| it <= rule.as_f64().unwrap()),
            other => panic!("the validator does not know `{other}`"),
        }
    }
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        other => panic!("the validator does not know the type `{other}`"),
    }
}

fn compile(schema: &Value, expressions: &mut HashMap<String, Regex>) {
    match schema {
        Value::Object(keywords) => {
            if let Some(Value::String(expression)) = keywords.get("pattern") {
                let regex = Regex::new(expression).unwrap();
                expressions.insert(expression.clone(), regex);
            }
            keywords.values().for_each(|it| compile(it, expressions));
        }
        Value::Array(items) => items.iter().for_each(|it| compile(it, expressions)),
        _ => {}
    }
}
