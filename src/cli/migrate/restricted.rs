//! What a pod needs where this product runs: its namespace enforces Pod Security `restricted`, and its default ServiceAccount has no
//! rights. The operator's namespace asked for neither, so most templates do not have it.
//!
//! Facts: "Pod Security Standards", Kubernetes 1.34; the field reference of Argo Workflows 4.0.

use super::{node::Node, notes::Notes};

/// The user of the containers: that of all other pods here.
const USER: i128 = 65_532;
/// The ServiceAccount of Argo's own containers, in `sensors/ml-pipeline/rbac.yaml`.
const EXECUTOR: &str = "ml-pipeline-executor";
/// For Argo's own containers beside those of a template.
const OWN_CONTAINERS: &str = "\
initContainers:
- name: init
  securityContext: &restricted {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
containers:
- {name: wait, securityContext: *restricted}
";
/// For Argo's own container in place of those of a template.
const OWN_MAIN: &str = "\
containers:
- {name: main, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}
";
/// The templates that it is in.
const OF_ARGO: &[&str] = &["resource", "data"];
/// The fields of a Workflow's template that are one container.
const ONE: &[&str] = &["container", "script"];
/// Those that are lists of containers.
const MANY: &[&str] = &["containers", "initContainers", "sidecars"];
/// What of a pod is the node's.
const OF_THE_NODE: &[&str] = &["hostNetwork", "hostPID", "hostIPC"];

/// Writes what the template of a Workflow or a Job leaves open, and tells what it asks for in vain.
pub(super) fn fill(object: &mut Node, kind: &str, notes: &mut Notes) {
    let Some(spec) = object.get_mut("spec") else {
        return;
    };
    let mut refused = Vec::new();
    match kind {
        "Job" => {
            let pod = spec.get_mut("template").and_then(|it| it.get_mut("spec"));
            let Some(pod) = pod else { return };
            pod_of(pod, "spec.template.spec", &mut refused);
        }
        _ if spec.get("templates").is_none() => {
            notes.add(
                "the template's workflowTemplateRef",
                "the namespace enforces Pod Security `restricted`: that WorkflowTemplate needs the securityContext, executor and \
                 podSpecPatch of sensors/ml-pipeline/workflow-template.yaml",
            );
            return;
        }
        _ => workflow(spec, &mut refused),
    }
    notes.add(
        "the template's securityContext",
        "the namespace enforces Pod Security `restricted`, so the settings that it requires were added where the template lacks them: \
         the containers run as user 65532 and without privileges",
    );
    for field in refused {
        notes.decide(
            &field,
            "the namespace enforces Pod Security `restricted`, and refuses a pod with this: remove it",
        );
    }
}

fn workflow(spec: &mut Node, refused: &mut Vec<String>) {
    pod_of(spec, "spec", refused);
    if spec.get("serviceAccountName").is_none() && spec.get("executor").is_none() {
        let account = ("serviceAccountName".to_owned(), Node::text(EXECUTOR));
        spec.put("executor", Node::Map(vec![account]));
    }
    if spec.get("podSpecPatch").is_none() {
        patch(spec);
    }
    for (number, template) in items(spec.get_mut("templates")).enumerate() {
        let path = format!("spec.templates.{number}");
        // Its own goes before that of all.
        if template.get("securityContext").is_some() {
            context_of_pod(template, &path, refused);
        }
        volumes(template, &path, refused);
        containers(template, &path, refused);
        if let Some(set) = template.get_mut("containerSet") {
            containers(set, &format!("{path}.containerSet"), refused);
        }
    }
}

/// Argo's own containers: of all templates at once, where they are the same.
fn patch(spec: &mut Node) {
    let is_of_argo = |template: &Node| OF_ARGO.iter().any(|key| template.get(key).is_some());
    let has_pod = |template: &Node| {
        let keys = ONE.iter().chain(OF_ARGO).chain(&["containerSet"]);
        keys.into_iter().any(|key| template.get(key).is_some())
    };
    if !items(spec.get_mut("templates")).any(|it| is_of_argo(it)) {
        spec.put("podSpecPatch", Node::text(OWN_CONTAINERS));
        return;
    }
    for template in items(spec.get_mut("templates")).filter(|it| has_pod(it)) {
        let own = match is_of_argo(template) {
            true => OWN_MAIN,
            false => OWN_CONTAINERS,
        };
        template.put_missing("podSpecPatch", Node::text(own));
    }
}

fn pod_of(spec: &mut Node, path: &str, refused: &mut Vec<String>) {
    context_of_pod(spec, path, refused);
    containers(spec, path, refused);
    volumes(spec, path, refused);
    let of_the_node = OF_THE_NODE.iter();
    let asked = of_the_node.filter(|key| spec.get(key) == Some(&Node::Bool(true)));
    refused.extend(asked.map(|key| format!("{path}.{key}")));
}

fn context_of_pod(spec: &mut Node, path: &str, refused: &mut Vec<String>) {
    let context = spec.mapping("securityContext");
    for (key, value) in [
        ("runAsNonRoot", Node::Bool(true)),
        ("runAsUser", Node::Int(USER)),
        ("fsGroup", Node::Int(USER)),
    ] {
        context.put_missing(key, value);
    }
    let profile = context.mapping("seccompProfile");
    profile.put_missing("type", Node::text("RuntimeDefault"));
    asked_in_vain(context, path, refused);
}

fn containers(of: &mut Node, path: &str, refused: &mut Vec<String>) {
    for key in ONE {
        if let Some(container) = of.get_mut(key) {
            container_of(container, &format!("{path}.{key}"), refused);
        }
    }
    for key in MANY {
        for (number, container) in items(of.get_mut(key)).enumerate() {
            container_of(container, &format!("{path}.{key}.{number}"), refused);
        }
    }
}

fn container_of(container: &mut Node, path: &str, refused: &mut Vec<String>) {
    let context = container.mapping("securityContext");
    asked_in_vain(context, path, refused);
    context.put_missing("allowPrivilegeEscalation", Node::Bool(false));
    let all = Node::List(vec![Node::text("ALL")]);
    let capabilities = context.mapping("capabilities");
    capabilities.put_missing("drop", all);
}

/// What a securityContext has that the standard refuses.
fn asked_in_vain(context: &Node, path: &str, refused: &mut Vec<String>) {
    for (key, value) in [
        ("privileged", Node::Bool(true)),
        ("allowPrivilegeEscalation", Node::Bool(true)),
        ("runAsNonRoot", Node::Bool(false)),
        ("runAsUser", Node::Int(0)),
    ] {
        if context.get(key) == Some(&value) {
            refused.push(format!("{path}.securityContext.{key}"));
        }
    }
    let added = context.get("capabilities").and_then(|it| it.get("add"));
    if matches!(added, Some(Node::List(added)) if !added.is_empty()) {
        refused.push(format!("{path}.securityContext.capabilities.add"));
    }
}

fn volumes(of: &mut Node, path: &str, refused: &mut Vec<String>) {
    for (number, volume) in items(of.get_mut("volumes")).enumerate() {
        if volume.get("hostPath").is_some() {
            refused.push(format!("{path}.volumes.{number}.hostPath"));
        }
    }
}

/// The items of a list that are mappings.
fn items(node: Option<&mut Node>) -> impl Iterator<Item = &mut Node> {
    let items = match node {
        Some(Node::List(items)) => items.as_mut_slice(),
        _ => &mut [],
    };
    items.iter_mut()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::{super::node::document, *};

    fn filled(text: &str, kind: &str) -> (Node, Notes) {
        let (mut object, mut notes) = (document(text).unwrap(), Notes::default());
        fill(&mut object, kind, &mut notes);
        (object, notes)
    }

    const POD: &str = "{runAsNonRoot: true, runAsUser: 65532, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}";
    const CONTAINER: &str = "{allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}";

    #[test]
    fn a_workflow_gets_what_its_template_leaves_open() {
        let (found, notes) = filled(
            "spec:\n  templates:\n  - {name: a, container: {image: i}}\n  - {name: b, steps: []}\n  \
             - {name: c, script: {image: i}, sidecars: [{name: s}]}\n  - {name: d, containerSet: {containers: [{name: e}]}}\n",
            "Workflow",
        );
        let text = format!(
            "spec:\n  templates:\n  - {{name: a, container: {{image: i, securityContext: {CONTAINER}}}}}\n  \
             - {{name: b, steps: []}}\n  - {{name: c, script: {{image: i, securityContext: {CONTAINER}}}, sidecars: [{{name: s, \
             securityContext: {CONTAINER}}}]}}\n  - {{name: d, containerSet: {{containers: [{{name: e, securityContext: \
             {CONTAINER}}}]}}}}\n  securityContext: {POD}\n  executor: {{serviceAccountName: {EXECUTOR}}}\n  podSpecPatch: \"\"\n"
        );
        let mut expected = document(&text).unwrap();
        let spec = expected.get_mut("spec").unwrap();
        spec.put("podSpecPatch", Node::text(OWN_CONTAINERS));
        assert_eq!(found, expected);
        assert!(notes.decisions().is_empty(), "{notes:?}");
    }

    #[test]
    fn a_template_without_containers_of_its_own_is_patched_by_itself() {
        let text = "spec: {templates: [{container: {}}, {resource: {}}, {steps: []}]}";
        let (found, _) = filled(text, "Workflow");
        let spec = found.get("spec").unwrap();
        assert_eq!(spec.get("podSpecPatch"), None);
        let Some(Node::List(templates)) = spec.get("templates") else {
            panic!("{spec:?}")
        };
        let patches = templates.iter().map(|it| it.text_at(&["podSpecPatch"]));
        let expected = [Some(OWN_CONTAINERS), Some(OWN_MAIN), None];
        assert_eq!(patches.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_the_template_says_stays() {
        let said = "{serviceAccountName: mine, podSpecPatch: x, securityContext: {runAsNonRoot: true, runAsUser: 1000, fsGroup: 1, \
                    seccompProfile: {type: Localhost}}, templates: [{container: {securityContext: \
                    {allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: []}}}}]}";
        let (found, notes) = filled(&format!("spec: {said}"), "Workflow");
        assert_eq!(found.get("spec").unwrap(), &document(said).unwrap());
        assert!(notes.decisions().is_empty(), "{notes:?}");
    }

    #[test]
    fn a_job_gets_it_for_its_pod() {
        let text =
            "spec: {template: {spec: {containers: [{name: a}], initContainers: [{name: b}]}}}";
        let (found, _) = filled(text, "Job");
        let expected = format!(
            "spec: {{template: {{spec: {{containers: [{{name: a, securityContext: {CONTAINER}}}], initContainers: [{{name: b, \
             securityContext: {CONTAINER}}}], securityContext: {POD}}}}}}}"
        );
        assert_eq!(found, document(&expected).unwrap());
    }

    #[test]
    fn what_is_refused_has_to_be_removed_by_hand() {
        for (spec, field) in [
            (
                "securityContext: {runAsUser: 0}",
                "spec.securityContext.runAsUser",
            ),
            (
                "securityContext: {runAsNonRoot: false}",
                "spec.securityContext.runAsNonRoot",
            ),
            ("hostNetwork: true", "spec.hostNetwork"),
            (
                "volumes: [{name: v, hostPath: {path: /}}]",
                "spec.volumes.0.hostPath",
            ),
            (
                "templates: [{container: {securityContext: {privileged: true}}}]",
                "spec.templates.0.container.securityContext.privileged",
            ),
            (
                "templates: [{name: a}, {script: {securityContext: {capabilities: {add: [SYS_ADMIN]}}}}]",
                "spec.templates.1.script.securityContext.capabilities.add",
            ),
            (
                "templates: [{securityContext: {runAsUser: 0}}]",
                "spec.templates.0.securityContext.runAsUser",
            ),
        ] {
            let templates = match spec.starts_with("templates") {
                true => "",
                false => ", templates: []",
            };
            let (_, notes) = filled(&format!("spec: {{{spec}{templates}}}"), "Workflow");
            let [decision] = notes.decisions() else {
                panic!("{spec}: {notes:?}")
            };
            assert!(decision.starts_with(&format!("{field}: ")), "{decision}");
        }
    }

    #[test]
    fn a_workflow_template_is_left_to_whoever_moves_it() {
        let text = "spec: {workflowTemplateRef: {name: mine}}";
        let (found, notes) = filled(text, "Workflow");
        assert_eq!(found, document(text).unwrap());
        assert!(notes.comments().contains("that WorkflowTemplate needs"));
    }
}
