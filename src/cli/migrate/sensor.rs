//! The Sensor, as that of `sensors/ml-pipeline` is: it makes the watcher's Workflow or Job for each event.

use super::{
    node::{Node, document, quoted, scalar},
    notes::Notes,
    placeholders::unfilled,
    restricted,
    watcher::{Watcher, Work},
};
use crate::text::plain::Plain;

/// What stands in the object until the event is known.
const OF_THE_EVENT: &str = "of-the-event";
/// What was written for the blob, and the field of an event that has it.
const OF_THE_OPERATOR: &[(&str, &str)] =
    &[("${BLOB_NAME}", "blobname"), ("${BLOB_URL}", "data.url")];
/// Those of `OWN_PIPELINE`.
const OF_THE_PIPELINE: &[(&str, &str)] = &[
    ("CONTAINER", "container"),
    ("BLOB", "blobname"),
    ("URL", "data.url"),
    ("ETAG", "data.eTag"),
    ("TIME", "time"),
    ("RESULT", "flatname"),
];
/// The Workflow of `sensors/ml-pipeline`.
const OWN_PIPELINE: &str = "\
spec:
  workflowTemplateRef: {name: ml-pipeline}
  arguments:
    parameters:
    - {name: container, value: CONTAINER}
    - {name: blob, value: BLOB}
    - {name: url, value: URL}
    - {name: etag, value: ETAG}
    - {name: time, value: TIME}
    - {name: result, value: RESULT}
";
/// What of a Workflow's name is free: slug and short id take the rest of 63 characters.
const LONGEST_START: usize = 13;
/// How long an object must outlive its event, in seconds: docs/delivery.md.
const OUTLIVE: i128 = 172_800;

/// A field of the object that is different for each event.
struct Parameter {
    source: String,
    path: String,
}

/// Makes it.
pub(super) fn make(watcher: &mut Watcher) -> anyhow::Result<String> {
    let (kind, mut object, fields) = match &watcher.work {
        Work::Template { kind, object } => (*kind, object.clone(), OF_THE_OPERATOR),
        Work::Unknown => {
            let own = document(OWN_PIPELINE).map_err(anyhow::Error::msg)?;
            watcher.notes.add(
                "no spec.jobTemplate",
                "the Sensor makes the Workflow of sensors/ml-pipeline",
            );
            ("Workflow", own, OF_THE_PIPELINE)
        }
    };
    let start = name(&object, &watcher.name, &mut watcher.notes);
    metadata(&mut object, kind, &watcher.name, &mut watcher.notes);
    lifetime(&object, kind, &mut watcher.notes);
    if let Work::Template { .. } = watcher.work {
        of_placeholders(&object, &mut watcher.notes);
        restricted::fill(&mut object, kind, &mut watcher.notes);
    }
    let mut parameters = vec![
        Parameter {
            source: format!(
                "dataTemplate: {}",
                quoted(&format!(
                    "{start}-{{{{ .Input.body.slug }}}}-{{{{ .Input.body.shortid }}}}"
                ))
            ),
            path: "metadata.name".to_owned(),
        },
        Parameter {
            source: "dataKey: body.id".to_owned(),
            path: "metadata.labels.azure-blob-eventsource/event-id".to_owned(),
        },
    ];
    let mut walk = Walk {
        fields,
        parameters: &mut parameters,
        scripts: Vec::new(),
        keys: false,
    };
    walk.node(&mut object, "");
    let (scripts, keys) = (walk.scripts, walk.keys);
    of_names(&scripts, keys, &mut watcher.notes);
    of_rights(kind, &mut watcher.notes);
    written(&watcher.name, kind, &object, &parameters)
}

fn written(
    name: &str,
    kind: &str,
    object: &Node,
    parameters: &[Parameter],
) -> anyhow::Result<String> {
    let name = scalar(name);
    let account = match kind {
        "Job" => "job-sensor",
        _ => "ml-pipeline-sensor",
    };
    let dependency = "dataset";
    let parameters: String = parameters
        .iter()
        .map(|it| {
            let (source, path) = (&it.source, scalar_path(&it.path));
            format!("        - src: {{dependencyName: {dependency}, {source}}}\n          dest: {path}\n")
        })
        .collect();
    Ok(format!(
        "\
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata:
  name: {name}
spec:
  template:
    serviceAccountName: {account}
    securityContext: {{runAsNonRoot: true, runAsUser: 65532, seccompProfile: {{type: RuntimeDefault}}}}
    container:
      securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
      resources:
        requests: {{cpu: 20m, memory: 32Mi}}
  dependencies:
  - name: {dependency}
    eventSourceName: {name}
    eventName: {name}
  triggers:
  - atLeastOnce: true
    retryStrategy: {{steps: 3, duration: 200ms, factor: 2, jitter: 0.2}}
    template:
      name: {trigger}
      k8s:
        # Creates the object if it does not exist, and otherwise changes nothing.
        operation: patch
        source:
          resource:
{resource}        parameters:
{parameters}",
        trigger = kind.to_lowercase(),
        resource = object.block(12)?,
    ))
}

// A path has backslashes, and so is in quotes where a name would not be.
fn scalar_path(path: &str) -> String {
    match path.contains('\\') {
        true => quoted(path),
        false => scalar(path),
    }
}

/// What the names of the objects begin with.
fn name(object: &Node, watcher: &str, notes: &mut Notes) -> String {
    let metadata = object.get("metadata");
    let given = ["name", "generateName"].map(|key| metadata.and_then(|it| it.text_at(&[key])));
    let given = given.into_iter().flatten().next();
    let start: String = given
        .unwrap_or(watcher)
        .split("${")
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let plain = |c: char| {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            c
        } else {
            '-'
        }
    };
    let start: String = start.chars().map(plain).take(LONGEST_START).collect();
    let start = match start.trim_matches('-') {
        "" => "blob",
        start => start,
    };
    if let Some(given) = given {
        notes.add(
            &format!("the name {}", Plain(given)),
            &format!(
                "names are {start}-SLUG-SHORTID: a blob's name can have characters that are not \
                      allowed in an object's name, and each version of a blob has its own object"
            ),
        );
    }
    start.to_owned()
}

/// The object's metadata, with what the server and the Sensor need.
fn metadata(object: &mut Node, kind: &str, watcher: &str, notes: &mut Notes) {
    let old = object.take("metadata").unwrap_or(Node::Map(Vec::new()));
    for key in ["apiVersion", "kind"] {
        object.take(key);
    }
    let mut labels = old.get("labels").cloned().unwrap_or(Node::Map(Vec::new()));
    labels.put("azure-blob-eventsource/event-id", Node::text(OF_THE_EVENT));
    if labels.get("pipeline").is_none() {
        labels.put("pipeline", Node::text(watcher));
    }
    let mut new = vec![
        ("name".to_owned(), Node::text(OF_THE_EVENT)),
        ("labels".to_owned(), labels),
    ];
    for (key, value) in old.entries() {
        match key.as_str() {
            "name" | "generateName" | "labels" => {}
            "namespace" => notes.add(
                "the template's metadata.namespace",
                "the operator wrote its own, and here objects are where the Sensor is",
            ),
            _ => new.push((key.clone(), value.clone())),
        }
    }
    let api_version = match kind {
        "Job" => "batch/v1",
        _ => "argoproj.io/v1alpha1",
    };
    let rest = std::mem::replace(object, Node::Null);
    let mut entries = vec![
        ("apiVersion".to_owned(), Node::text(api_version)),
        ("kind".to_owned(), Node::text(kind)),
        ("metadata".to_owned(), Node::Map(new)),
    ];
    entries.extend(rest.entries().iter().cloned());
    *object = Node::Map(entries);
}

/// A copy of the event that comes late must still find its object.
fn lifetime(object: &Node, kind: &str, notes: &mut Notes) {
    let spec = object.get("spec");
    let (fields, path): (Vec<Option<&Node>>, _) = match kind {
        "Job" => (
            vec![spec.and_then(|it| it.get("ttlSecondsAfterFinished"))],
            "ttlSecondsAfterFinished",
        ),
        _ => {
            let ttl = spec.and_then(|it| it.get("ttlStrategy"));
            let keys = [
                "secondsAfterCompletion",
                "secondsAfterSuccess",
                "secondsAfterFailure",
            ];
            (
                keys.iter().map(|key| ttl?.get(key)).collect(),
                "ttlStrategy",
            )
        }
    };
    let is_short = |it: &Node| matches!(it, Node::Int(seconds) if *seconds < OUTLIVE);
    if fields.into_iter().flatten().any(is_short) {
        notes.decide(
            &format!("the template's {path}"),
            "an object must outlive every copy of its event, which takes 48 hours: write 172800 or more, or a late copy of the event runs again",
        );
    }
}

/// What stays in the template as it is, and was probably meant to be filled in.
fn of_placeholders(object: &Node, notes: &mut Notes) {
    for (path, found) in unfilled(object) {
        notes.decide(
            &path,
            &format!(
                "`{}` stays as it is, because only `${{BLOB_NAME}}` and `${{BLOB_URL}}` are filled in: write one of these",
                Plain(&found)
            ),
        );
    }
}

/// What people have to know about names in their template.
fn of_names(scripts: &[String], keys: bool, notes: &mut Notes) {
    for path in scripts {
        notes.decide(
            path,
            "the name of a blob becomes a part of a script here, and the uploader of a blob chooses \
             its name: pass it to the script in an environment variable or as an argument of its own",
        );
    }
    if keys {
        notes.decide(
            "the template",
            "a key has ${BLOB_NAME} or ${BLOB_URL} in it, which a Sensor cannot replace: move it into a value",
        );
    }
}

/// What the objects need that is not made here.
fn of_rights(kind: &str, notes: &mut Notes) {
    let (account, file) = match kind {
        "Job" => ("job-sensor", "examples/kubernetes-job/rbac.yaml"),
        _ => ("ml-pipeline-sensor", "sensors/ml-pipeline/rbac.yaml"),
    };
    notes.add(
        "rights",
        &format!("the Sensor's ServiceAccount {account} is in {file}; what the template names (Secrets, ConfigMaps, ServiceAccounts, WorkflowTemplates) \
                  must be in the namespace that you apply this in"),
    );
}

/// Looks for fields that are different for each event.
struct Walk<'a> {
    fields: &'static [(&'static str, &'static str)],
    parameters: &'a mut Vec<Parameter>,
    /// The paths at which a name becomes a part of a script.
    scripts: Vec<String>,
    keys: bool,
}

impl Walk<'_> {
    fn node(&mut self, node: &mut Node, path: &str) {
        let below = |key: &str| match path {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        match node {
            Node::Text(text) => {
                if let Some(source) = self.source(text, path) {
                    self.parameters.push(Parameter {
                        source,
                        path: path.to_owned(),
                    });
                    *text = OF_THE_EVENT.to_owned();
                }
            }
            Node::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.node(item, &below(&index.to_string()));
                }
            }
            Node::Map(entries) => {
                for (key, value) in entries {
                    self.keys |= OF_THE_OPERATOR
                        .iter()
                        .any(|(written, _)| key.contains(written));
                    self.node(value, &below(&escaped(key)));
                }
            }
            _ => {}
        }
    }

    /// What a Sensor puts in place of a text, if it is different for each event.
    fn source(&mut self, text: &str, path: &str) -> Option<String> {
        if let Some((_, field)) = self.fields.iter().find(|(written, _)| *written == text) {
            let field = if path.starts_with("metadata.labels.") {
                "slug"
            } else {
                field
            };
            return Some(format!("dataKey: body.{field}"));
        }
        if self.fields != OF_THE_OPERATOR
            || !OF_THE_OPERATOR
                .iter()
                .any(|(written, _)| text.contains(written))
        {
            return None;
        }
        let is_code = path.ends_with(".source")
            || (path.contains(".args.") || path.contains(".command."))
                && text.contains(char::is_whitespace);
        if is_code {
            self.scripts.push(path.to_owned());
        }
        // What is a template of Argo Workflows stays as it is.
        let mut template = text.replace("{{", "{{ \"{{\" }}");
        for (written, field) in OF_THE_OPERATOR {
            let field = if path.starts_with("metadata.labels.") {
                "slug"
            } else {
                field
            };
            template = template.replace(written, &format!("{{{{ .Input.body.{field} }}}}"));
        }
        Some(format!("dataTemplate: {}", quoted(&template)))
    }
}

/// A key as a part of a path: a dot in it is no level.
fn escaped(key: &str) -> String {
    key.replace('.', "\\.")
}
