//! What comes out is what the configuration's reader takes, and has the form of `examples` and `sensors`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, path::Path};

use time::macros::datetime;

use super::*;
use crate::{
    config::{SourceConfig, source_id::source_id},
    confirm::target::ObjectKind,
    gate::rules::Existing,
};

const NOW: OffsetDateTime = datetime!(2026-11-29 03:00 UTC);

/// As `kubectl get -o yaml` prints one, after it has run for a while.
const WATCHER: &str = r#"
apiVersion: mlops.example.com/v1alpha1
kind: AzureBlobWatcher
metadata:
  name: ml-dataset-watcher
  namespace: default
  uid: 6c1b3a5e-0000-4000-8000-000000000000
spec:
  storageAccount: mlpipelinestore
  containerName: datasets
  credentialsSecret: azure-storage-credentials
  blobPrefix: raw/
  blobPattern: .*\.csv$
  pollingIntervalSeconds: 300
  jobTemplate:
    kind: Workflow
    template: |
      apiVersion: argoproj.io/v1alpha1
      kind: Workflow
      metadata:
        generateName: ml-pipeline-
        name: ml-pipeline-${BLOB_NAME}
      spec:
        entrypoint: train
        arguments:
          parameters:
          - {name: dataset-url, value: "${BLOB_URL}"}
          - {name: dataset-name, value: "${BLOB_NAME}"}
          - {name: output, value: "models/${BLOB_NAME}.h5"}
        templates:
        - name: train
          container:
            image: registry.example.com/trainer:1
            args: ["--data", "{{workflow.parameters.dataset-url}}"]
status:
  lastChecked: 2026-11-01T10:20:30Z
  lastDetectedBlobs: [raw/a.csv]
  triggeredJobs: []
"#;

fn migrated(text: &str) -> Migrated {
    migrate(text, None, NOW).unwrap_or_else(|error| panic!("{error:#}"))
}

fn refused(text: &str) -> String {
    match migrate(text, None, NOW) {
        Ok(migrated) => panic!("{}", migrated.text),
        Err(error) => format!("{error:#}"),
    }
}

/// The objects of what came out.
fn objects(text: &str) -> Vec<Node> {
    node::documents(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What is at a path, such as `spec.triggers.0.template`.
#[track_caller]
fn at<'a>(node: &'a Node, path: &str) -> &'a Node {
    path.split('.').fold(node, |node, key| match node {
        Node::List(items) => &items[key.parse::<usize>().unwrap()],
        node => node
            .get(key)
            .unwrap_or_else(|| panic!("{path}: no {key} in {node:?}")),
    })
}

#[track_caller]
fn text(node: &Node, path: &str) -> String {
    match at(node, path) {
        Node::Text(text) => text.clone(),
        other => panic!("{path}: {other:?}"),
    }
}

/// The configuration of the only event.
fn config(event_source: &Node) -> SourceConfig {
    let [(event, _)] = at(event_source, "spec.generic").entries() else {
        panic!("{event_source:?}")
    };
    let config = text(event_source, &format!("spec.generic.{event}.config"));
    SourceConfig::parse(config.as_bytes()).unwrap_or_else(|error| panic!("{config}\n{error}"))
}

/// The parameters of a Sensor: where each goes, and where it is from.
fn parameters(sensor: &Node) -> Vec<(String, String)> {
    let Node::List(parameters) = at(sensor, "spec.triggers.0.template.k8s.parameters") else {
        panic!("{sensor:?}")
    };
    let one = |it: &Node| {
        let src = at(it, "src");
        let source = ["dataKey", "dataTemplate"]
            .iter()
            .find_map(|key| src.text_at(&[key]));
        (text(it, "dest"), source.unwrap().to_owned())
    };
    parameters.iter().map(one).collect()
}

fn example(path: &str) -> Node {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    objects(&fs::read_to_string(path).unwrap()).remove(0)
}

#[test]
fn a_watcher_becomes_the_configuration_that_does_the_same() {
    let migrated = migrated(WATCHER);
    assert!(migrated.decisions.is_empty(), "{:?}", migrated.decisions);
    let objects = objects(&migrated.text);
    let config = config(&objects[0]);
    assert_eq!(config.container, "datasets");
    assert_eq!(config.filter.spec().prefix, "raw/");
    assert_eq!(config.filter.spec().patterns, ["**/*.csv"]);
    assert_eq!(config.credential.as_deref(), Some("azure-storage"));
    assert_eq!(config.interval.as_secs(), 300);
    assert_eq!(
        config.existing,
        Existing::Since(datetime!(2026-11-01 10:20:30 UTC))
    );
    assert_eq!(config.state.as_deref(), Some("eventsource-state"));
    assert_eq!(config.confirm[0].kind, ObjectKind::workflow());
}

#[test]
fn the_objects_have_the_form_of_the_examples() {
    let objects = objects(&migrated(WATCHER).text);
    assert_eq!(objects.len(), 2);
    let (event_source, sensor) = (&objects[0], &objects[1]);
    let theirs = example("examples/event-sources/listing.yaml");
    for path in ["apiVersion", "kind", "spec.template"] {
        assert_eq!(at(event_source, path), at(&theirs, path), "{path}");
    }
    for key in ["url", "insecure", "jsonBody", "authSecret"] {
        let (ours, theirs) = (
            at(
                event_source,
                &format!("spec.generic.ml-dataset-watcher.{key}"),
            ),
            at(&theirs, &format!("spec.generic.tables.{key}")),
        );
        assert_eq!(ours, theirs, "{key}");
    }
    let theirs = example("sensors/ml-pipeline/sensor.yaml");
    let trigger = "spec.triggers.0";
    for path in [
        "apiVersion",
        "kind",
        "spec.template",
        &format!("{trigger}.atLeastOnce"),
        &format!("{trigger}.retryStrategy"),
        &format!("{trigger}.template.name"),
        &format!("{trigger}.template.k8s.operation"),
        &format!("{trigger}.template.k8s.source.resource.apiVersion"),
        &format!("{trigger}.template.k8s.source.resource.kind"),
    ] {
        assert_eq!(at(sensor, path), at(&theirs, path), "{path}");
    }
    // The name of a Workflow and the label by which the server finds it.
    assert_eq!(parameters(sensor)[..2], parameters(&theirs)[..2]);
    assert_eq!(
        text(sensor, "spec.dependencies.0.eventSourceName"),
        text(event_source, "metadata.name")
    );
    assert_eq!(
        text(sensor, "spec.dependencies.0.eventName"),
        "ml-dataset-watcher"
    );
}

#[test]
fn what_was_written_for_the_blob_is_filled_in_by_the_sensor() {
    let objects = objects(&migrated(WATCHER).text);
    let parameters = parameters(&objects[1]);
    let expected = [
        (
            "metadata.name",
            "ml-pipeline-{{ .Input.body.slug }}-{{ .Input.body.shortid }}",
        ),
        ("metadata.labels.azure-blob-eventsource/event-id", "body.id"),
        ("spec.arguments.parameters.0.value", "body.data.url"),
        ("spec.arguments.parameters.1.value", "body.blobname"),
        (
            "spec.arguments.parameters.2.value",
            "models/{{ .Input.body.blobname }}.h5",
        ),
    ];
    let expected = expected.map(|(path, source)| (path.to_owned(), source.to_owned()));
    assert_eq!(parameters, expected);
    let resource = at(&objects[1], "spec.triggers.0.template.k8s.source.resource");
    // What is the same for all blobs stays as it was, in its order, and templates of Argo Workflows are theirs.
    assert_eq!(
        text(resource, "spec.templates.0.container.args.1"),
        "{{workflow.parameters.dataset-url}}"
    );
    let keys: Vec<_> = resource
        .entries()
        .iter()
        .map(|(key, _)| key.as_str())
        .collect();
    assert_eq!(keys, ["apiVersion", "kind", "metadata", "spec"]);
    assert_eq!(at(resource, "metadata").get("generateName"), None);
    let open = migrated(WATCHER).text;
    let open = open
        .lines()
        .find(|line| line.contains("${") && !line.starts_with('#'));
    assert_eq!(open, None);
}

#[test]
fn a_text_with_a_template_of_argo_in_it_keeps_that() {
    let text = WATCHER.replace("models/${BLOB_NAME}.h5", "{{workflow.name}}/${BLOB_NAME}");
    let objects = objects(&migrated(&text).text);
    let (_, source) = parameters(&objects[1]).pop().unwrap();
    assert_eq!(
        source,
        r#"{{ "{{" }}workflow.name}}/{{ .Input.body.blobname }}"#
    );
}

#[test]
fn each_field_without_an_equal_has_a_line() {
    let text = WATCHER.replace("spec:\n  storage", "spec:\n  retries: 3\n  storage");
    let migrated = migrated(&text);
    for part in [
        "# - metadata.namespace default: no namespace is written",
        "# - spec.credentialsSecret azure-storage-credentials: the server does not read a Secret by its name",
        "# - spec.blobPattern .*\\.csv$: the regular expression became a glob",
        "# - spec.retries: this command does not know the field, and left it out",
        "# - status.lastChecked: is the moment in `existing: {since: …}`",
        "# - status.triggeredJobs: the ledger in the state container",
        "# - the name ml-pipeline-${BLOB_NAME}: names are ml-pipeline-SLUG-SHORTID",
    ] {
        assert!(migrated.text.contains(part), "{part}\n{}", migrated.text);
    }
    // What Kubernetes wrote is not a field of anybody's.
    assert!(!migrated.text.contains("uid"), "{}", migrated.text);
}

#[test]
fn a_job_is_confirmed_by_jobs() {
    let text = WATCHER
        .replace("kind: Workflow", "kind: Job")
        .replace("argoproj.io/v1alpha1", "batch/v1");
    let objects = objects(&migrated(&text).text);
    let kind = &config(&objects[0]).confirm[0].kind;
    let theirs = &config(&example("examples/kubernetes-job/event-source.yaml")).confirm[0].kind;
    assert_eq!(kind, theirs);
    let theirs = example("examples/kubernetes-job/sensor.yaml");
    for path in [
        "spec.template",
        "spec.triggers.0.template.name",
        "spec.triggers.0.template.k8s.source.resource.kind",
    ] {
        assert_eq!(at(&objects[1], path), at(&theirs, path), "{path}");
    }
}

#[test]
fn other_names_of_the_same_fields_are_read() {
    let text = r"
kind: AzureBlobWatcher
metadata: {name: a}
spec:
  accountName: mlpipelinestore
  container: datasets
  secretName: azure
  pollingInterval: 90s
  workflowTemplate: {workflowTemplateRef: {name: mine}}
";
    let objects = objects(&migrated(text).text);
    let config = config(&objects[0]);
    assert_eq!(
        (config.container.as_str(), config.interval.as_secs()),
        ("datasets", 90)
    );
    // Without a status, what is there counts as done.
    assert_eq!(config.existing, Existing::Since(NOW));
    let name = "spec.triggers.0.template.k8s.source.resource.spec.workflowTemplateRef.name";
    assert_eq!(self::text(&objects[1], name), "mine");
}

#[test]
fn without_a_template_the_workflow_is_that_of_this_repository() {
    let text = "kind: AzureBlobWatcher\nmetadata: {name: a}\nspec: {storageAccount: mlpipelinestore, containerName: datasets}\n";
    let objects = objects(&migrated(text).text);
    let theirs = example("sensors/ml-pipeline/sensor.yaml");
    let spec = "spec.triggers.0.template.k8s.source.resource.spec";
    assert_eq!(at(&objects[1], spec), at(&theirs, spec));
    let arguments = |sensor: &Node| {
        let mut parameters = parameters(sensor);
        parameters.retain(|(path, _)| path.starts_with("spec."));
        parameters
    };
    assert_eq!(arguments(&objects[1]), arguments(&theirs));
    // No Secret, no credential: the server's identity signs in.
    assert_eq!(config(&objects[0]).credential, None);
}

#[test]
fn what_needs_a_decision_is_told_and_does_no_harm() {
    let expression = WATCHER.replace(r".*\.csv$", r"(?i)\.csv$");
    let migrated_one = migrated(&expression);
    assert_eq!(
        migrated_one.decisions.len(),
        1,
        "{:?}",
        migrated_one.decisions
    );
    assert!(migrated_one.decisions[0].contains("write one for `pattern`"));
    let config = config(&objects(&migrated_one.text)[0]);
    assert!(!config.filter.matches("raw/a.csv"));

    let script = WATCHER.replace("models/${BLOB_NAME}.h5", "x").replace(
        "args: [\"--data\", \"{{workflow.parameters.dataset-url}}\"]",
        "args: [\"-c\", \"train ${BLOB_NAME}\"]",
    );
    let told = migrated(&script).decisions.join("\n");
    assert!(
        told.contains("container.args.1: the name of a blob becomes a part of a script"),
        "{told}"
    );

    let short = WATCHER.replace(
        "entrypoint: train",
        "entrypoint: train\n        ttlStrategy: {secondsAfterCompletion: 60}",
    );
    let told = migrated(&short).decisions.join("\n");
    assert!(
        told.contains("ttlStrategy: an object must outlive every copy of its event"),
        "{told}"
    );
}

#[test]
fn what_nobody_fills_in_has_to_be_decided() {
    for (form, rest) in [
        ("$BLOB_NAME", "x-$BLOB_NAME"),
        ("$(BLOB_URL)", "$(BLOB_URL)"),
        ("${CONTAINER_NAME}", "${CONTAINER_NAME}/${BLOB_NAME}"),
        ("{{.BlobURL}}", "{{.BlobURL}}"),
        ("{{ .BlobName }}", "a {{ .BlobName }}"),
    ] {
        let text = WATCHER.replace("models/${BLOB_NAME}.h5", rest);
        let decisions = migrated(&text).decisions;
        let [told] = decisions.as_slice() else {
            panic!("{form}: {decisions:?}");
        };
        let words =
            format!("spec.arguments.parameters.2.value: `{form}` stays as it is, because only");
        assert!(told.contains(&words), "{told}");
    }
    // A script may use variables that its container has, or that it sets itself.
    for script in [
        "args: [\"echo $BLOB_NAME $(BLOB_NAME)\"]\n            env: [{name: BLOB_NAME, value: \"${BLOB_NAME}\"}]",
        "args: [\"BLOB=$1; echo $BLOB $HOME {{workflow.name}}\"]",
    ] {
        let args = "args: [\"--data\", \"{{workflow.parameters.dataset-url}}\"]";
        let migrated = migrated(&WATCHER.replace(args, script));
        assert!(migrated.decisions.is_empty(), "{:?}", migrated.decisions);
    }
}

#[test]
fn what_is_said_of_a_glob_is_true_of_it() {
    let told = |expression: &str| {
        let text = migrated(&WATCHER.replace(r".*\.csv$", expression)).text;
        text.replace("\n#   ", " ")
    };
    let below = "It also matches blobs in folders below";
    assert!(told(r".*\.csv$").contains(below));
    assert!(told(r".*\.csv$").contains("write `raw/*` instead of `**/*`"));
    let flat = told(r"^raw/[^/]+\.csv$");
    assert!(
        flat.contains("raw/?*.csv") && !flat.contains(below),
        "{flat}"
    );
}

#[test]
fn several_documents_and_lists_are_read() {
    let other = WATCHER.replace("ml-dataset-watcher", "other");
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\n";
    let all = migrated(&format!("---\n{WATCHER}---\n{secret}---\n{other}---\n"));
    let names: Vec<_> = objects(&all.text)
        .iter()
        .map(|it| text(it, "metadata.name"))
        .collect();
    assert_eq!(
        names,
        ["ml-dataset-watcher", "ml-dataset-watcher", "other", "other"]
    );
    assert!(
        all.text
            .starts_with("# Left out, because it is not an AzureBlobWatcher: Secret keys\n")
    );
    let item = WATCHER.trim_start().replace('\n', "\n  ");
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {}\n",
        item.trim_end()
    );
    assert_eq!(
        objects(&migrated(&list).text),
        objects(&migrated(WATCHER).text)
    );
}

#[test]
fn watchers_of_one_container_are_sources_of_their_own() {
    let other = WATCHER.replace("ml-dataset-watcher", "other");
    let all = migrated(&format!("{WATCHER}---\n{other}"));
    let ids = objects(&all.text)
        .chunks(2)
        .map(|pair| {
            let [(event, _)] = at(&pair[0], "spec.generic").entries() else {
                panic!("{pair:?}")
            };
            source_id(&config(&pair[0]), event, "https://a.example")
        })
        .collect::<Vec<_>>();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_name_that_yaml_takes_for_something_else_stays_a_name() {
    let written = migrated(&WATCHER.replace("ml-dataset-watcher", "\"on\"")).text;
    assert_eq!(text(&objects(&written)[0], "metadata.name"), "on");
    // `kubectl` reads YAML 1.1, where a plain `on` is a boolean.
    for line in [
        "name: \"on\"",
        "eventSourceName: \"on\"",
        "eventName: \"on\"",
    ] {
        assert!(written.contains(line), "{line}\n{written}");
    }
}

#[test]
fn a_name_that_only_a_watcher_may_have_becomes_one_that_all_may_have() {
    for (found, name) in [
        ("my.watcher", "my-watcher"),
        ("2026-data", "watcher-2026-data"),
    ] {
        let migrated = migrated(&WATCHER.replace("ml-dataset-watcher", found));
        for object in objects(&migrated.text) {
            assert_eq!(text(&object, "metadata.name"), name);
        }
        let note = format!(
            "# - metadata.name {found}: EventSource, Sensor and Workflows are called {name}"
        );
        assert!(migrated.text.contains(&note), "{}", migrated.text);
        assert_eq!(migrated.decisions, [""; 0]);
    }
}

#[test]
fn a_prefix_that_no_name_begins_with_has_to_be_corrected() {
    let migrated = migrated(&WATCHER.replace("blobPrefix: raw/", "blobPrefix: /raw/"));
    let [told] = &migrated.decisions[..] else {
        panic!("{:?}", migrated.decisions);
    };
    assert!(
        told.contains("spec.blobPrefix /raw/: ") && told.ends_with("write `prefix: raw/`"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_used_is_told_with_its_field() {
    let without = |line: &str| WATCHER.replace(line, "");
    for (text, told) in [
        (
            "kind: Secret\nmetadata: {name: keys}\n".to_owned(),
            "found Secret keys; give an AzureBlobWatcher, such as `kubectl get azureblobwatchers -o yaml` prints",
        ),
        (
            String::new(),
            "the file is empty; give an AzureBlobWatcher, such as `kubectl get azureblobwatchers -o yaml` prints",
        ),
        (
            "account: a\ncontainer: datasets\n".to_owned(),
            "this is a configuration of this program already: `check --config FILE` tries it; give an AzureBlobWatcher",
        ),
        (
            "apiVersion: v1\nitems: []\nkind: List\n".to_owned(),
            "the list is empty: it has no AzureBlobWatcher; give an AzureBlobWatcher",
        ),
        (
            WATCHER.replace("ml-dataset-watcher", "Ml_watcher"),
            "AzureBlobWatcher Ml_watcher: metadata.name: found `Ml_watcher`; allowed are",
        ),
        (
            format!(
                "{}---\n{}",
                WATCHER.replace("ml-dataset-watcher", "my.watcher"),
                WATCHER.replace("ml-dataset-watcher", "my-watcher")
            ),
            "AzureBlobWatcher my-watcher: metadata.name: this file has 2 watchers of this name in the namespace default: keep one",
        ),
        (
            "a: b\n".to_owned(),
            "found an object without `kind`; give an AzureBlobWatcher, such as `kubectl get azureblobwatchers -o yaml` prints",
        ),
        (
            without("  storageAccount: mlpipelinestore\n"),
            "AzureBlobWatcher ml-dataset-watcher: spec.storageAccount: is missing; write the name of the storage account",
        ),
        (
            without("  containerName: datasets\n"),
            "AzureBlobWatcher ml-dataset-watcher: spec.containerName: is missing; write the name of the container",
        ),
        (
            WATCHER.replace("containerName:", "containername:"),
            "AzureBlobWatcher ml-dataset-watcher: spec.containername: is not known; did you mean `containerName`?",
        ),
        (
            WATCHER.replace("storageAccount:", "storageAcount:"),
            "AzureBlobWatcher ml-dataset-watcher: spec.storageAcount: is not known; did you mean `storageAccount`?",
        ),
        (
            WATCHER.replace("blobPrefix:", "blob_prefix:"),
            "AzureBlobWatcher ml-dataset-watcher: spec.blob_prefix: is not known; did you mean `blobPrefix`?",
        ),
        (
            WATCHER.replacen("kind: Workflow", "kind: Job", 1),
            "AzureBlobWatcher ml-dataset-watcher: spec.jobTemplate.kind: is `Job`, but the template is of the kind `Workflow`; write the \
             same kind in both",
        ),
        (
            WATCHER.replace("containerName: datasets", "containerName: Data_Sets"),
            "AzureBlobWatcher ml-dataset-watcher: spec.containerName: found `Data_Sets`; allowed are 3 to 63 lower-case letters, digits \
             and single hyphens, a letter or digit first and last (or `$root`, `$web`, `$logs`)",
        ),
        (
            without("  name: ml-dataset-watcher\n"),
            "AzureBlobWatcher without a name: metadata.name: is missing; EventSource and Sensor get this name",
        ),
        (
            "kind: AzureBlobWatcher\nmetadata: {name: a}\n".to_owned(),
            "AzureBlobWatcher a: spec: is missing; it says which container is watched",
        ),
        (
            WATCHER.replace("kind: Workflow", "kind: CronWorkflow"),
            "AzureBlobWatcher ml-dataset-watcher: spec.jobTemplate.template, kind: found `CronWorkflow`; allowed: `Workflow` or `Job`",
        ),
        (
            WATCHER.replace("entrypoint: train", "entrypoint: [train"),
            "AzureBlobWatcher ml-dataset-watcher: spec.jobTemplate.template: is not YAML: line ",
        ),
        ("a: [".to_owned(), "this is not YAML: "),
        (
            format!(
                "{WATCHER}---\n{}",
                WATCHER.replace("namespace: default", "namespace: ml")
            ),
            "AzureBlobWatcher ml-dataset-watcher: metadata.name: there are 2 of this name, in the namespaces default, ml; here all \
             objects are in one namespace: give each another name in this file",
        ),
    ] {
        let found = refused(&text);
        assert!(found.starts_with(told), "{found}");
        assert_eq!(found.lines().count(), 1, "{found}");
    }
    let two =
        without("  storageAccount: mlpipelinestore\n").replace("  containerName: datasets\n", "");
    assert_eq!(refused(&two).lines().count(), 2);
}

#[test]
fn the_moment_is_that_of_the_option_the_status_or_now() {
    let since = |text: &str, since| {
        let migrated = migrate(text, since, NOW).unwrap();
        config(&objects(&migrated.text)[0]).existing
    };
    let option = datetime!(2026-01-01 0:00 UTC);
    assert_eq!(since(WATCHER, Some(option)), Existing::Since(option));
    let status = WATCHER.split("status:").next().unwrap();
    assert_eq!(since(status, None), Existing::Since(NOW));
    let told = |text: &str| migrate(text, None, NOW).unwrap().decisions.join("\n");
    assert!(told(status).contains("existing: it is not known when"));
    let with = |moment: &str| WATCHER.replace("2026-11-01T10:20:30Z", moment);
    let usual = Existing::Since(datetime!(2026-11-01 10:20:30 UTC));
    for moment in [
        "\"2026-11-01 10:20:30\"",
        "2026-11-01T10:20:30",
        "2026-11-01T12:20:30+02:00",
    ] {
        assert_eq!(since(&with(moment), None), usual, "{moment}");
    }
    for moment in ["yesterday", "7", "[]"] {
        assert!(
            told(&with(moment)).contains("status.lastChecked: it is not a moment"),
            "{moment}"
        );
        let both = migrate(&with(moment), None, NOW).unwrap().decisions;
        assert_eq!(both.len(), 1, "{both:?}");
        // The option says what the status does not.
        let option = migrate(&with(moment), Some(option), NOW).unwrap().decisions;
        assert!(option.is_empty(), "{option:?}");
    }
    let future = migrate(&with("2031-01-01T00:00:00Z"), None, NOW)
        .err()
        .unwrap();
    assert!(future.to_string().contains("is in the future"), "{future}");
}

#[test]
fn an_interval_that_is_not_allowed_becomes_the_nearest() {
    let interval = |text: &str| {
        let text = WATCHER.replace("pollingIntervalSeconds: 300", text);
        config(&objects(&migrated(&text).text)[0])
            .interval
            .as_secs()
    };
    for nothing in ["0", "-5"] {
        assert_eq!(interval(&format!("pollingIntervalSeconds: {nothing}")), 60);
    }
    assert_eq!(interval("pollingIntervalSeconds: 999999"), 86_400);
    assert_eq!(interval("pollingIntervalSeconds: 7200"), 7200);
    assert_eq!(interval("pollingIntervalSeconds: '45'"), 45);
    // The default of the operator.
    assert_eq!(interval("unknown: 1"), 60);
}
