//! What a template leaves open for the blob in a form that nobody fills in.

use super::node::Node;

/// What the operator filled in, and what a Sensor does.
const FILLED: [&str; 2] = ["${BLOB_NAME}", "${BLOB_URL}"];
/// What variables that are about the blob begin with.
const OF_THE_BLOB: [&str; 3] = ["BLOB", "CONTAINER", "STORAGE_ACCOUNT"];

/// Each text of an object that has such a form, as its path and the first such form in it.
pub(super) fn unfilled(object: &Node) -> Vec<(String, String)> {
    let mut walk = Walk {
        variables: Vec::new(),
        found: Vec::new(),
    };
    variables(object, &mut walk.variables);
    walk.node(object, "");
    walk.found
}

/// The environment variables that the containers of an object have: a script may use those.
fn variables(node: &Node, names: &mut Vec<String>) {
    if let Node::List(items) = node {
        items.iter().for_each(|item| variables(item, names));
    }
    for (key, value) in node.entries() {
        if let ("env", Node::List(items)) = (key.as_str(), value) {
            let named = items.iter().filter_map(|it| it.text_at(&["name"]));
            names.extend(named.map(str::to_owned));
        }
        variables(value, names);
    }
}

struct Walk {
    variables: Vec<String>,
    found: Vec<(String, String)>,
}

impl Walk {
    fn node(&mut self, node: &Node, path: &str) {
        let below = |key: &str| match path {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        match node {
            Node::Text(text) => {
                if let Some(form) = self.form(text) {
                    self.found.push((path.to_owned(), form));
                }
            }
            Node::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.node(item, &below(&index.to_string()));
                }
            }
            Node::Map(entries) => {
                for (key, value) in entries {
                    self.node(value, &below(key));
                }
            }
            _ => {}
        }
    }

    fn form(&self, text: &str) -> Option<String> {
        go_template(text).or_else(|| {
            let mut forms = text
                .match_indices('$')
                .filter_map(|(at, _)| variable(&text[at..]));
            let own = |name: &str| {
                // A script may have variables of its own.
                self.variables.iter().any(|it| it == name) || text.contains(&format!("{name}="))
            };
            let form = forms.find(|(form, name)| !FILLED.contains(form) && !own(name))?;
            Some(form.0.to_owned())
        })
    }
}

/// `{{.BlobURL}}`; templates of Argo Workflows do not begin with a dot.
fn go_template(text: &str) -> Option<String> {
    let found = text.match_indices("{{").find_map(|(at, _)| {
        let rest = &text[at..];
        let form = &rest[..rest.find("}}")? + 2];
        form[2..]
            .trim_start_matches(['-', ' '])
            .starts_with('.')
            .then_some(form)
    });
    found.map(str::to_owned)
}

/// `$BLOB_URL`, `$(BLOB_URL)` or `${BLOB_URL}` at the start of a text, and the name in it.
fn variable(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix('$')?;
    let (start, end) = match rest.chars().next()? {
        '(' => (1, ")"),
        '{' => (1, "}"),
        _ => (0, ""),
    };
    let inner = rest.get(start..)?;
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let length = inner.find(|c| !is_name(c)).unwrap_or(inner.len());
    let (name, after) = inner.split_at(length);
    let is_of_the_blob = OF_THE_BLOB.iter().any(|it| name.starts_with(it));
    let length = 1 + start + name.len() + end.len();
    (is_of_the_blob && after.starts_with(end)).then_some((text.get(..length)?, name))
}
