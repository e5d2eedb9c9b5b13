//! What shows that an event came to something.

use std::collections::BTreeMap;

/// What shows that an event came to something: an object in the cluster that bears the event's id in
/// the label [`EVENT_ID_LABEL`](super::EVENT_ID_LABEL).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Confirm {
    /// What kind of object.
    pub kind: ObjectKind,
    /// Where it is made; the server's own namespace without one.
    pub namespace: Option<String>,
    /// The labels that it must have, so that the objects of several Sensors can be told apart.
    pub selector: BTreeMap<String, String>,
}

impl Confirm {
    /// Any Workflow in the server's own namespace.
    pub fn workflows() -> Self {
        Self {
            kind: ObjectKind::workflow(),
            namespace: None,
            selector: BTreeMap::new(),
        }
    }

    /// The selector as the Kubernetes API takes it; empty without labels.
    pub fn labels(&self) -> String {
        let terms = self.selector.iter();
        let terms: Vec<_> = terms
            .map(|(label, value)| format!("{label}={value}"))
            .collect();
        terms.join(",")
    }

    /// The object in words: `Workflow`, `Job (pipeline=audit)`.
    pub fn what(&self) -> String {
        match self.labels().as_str() {
            "" => self.kind.kind.clone(),
            labels => format!("{} ({labels})", self.kind.kind),
        }
    }
}

/// A kind of Kubernetes object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectKind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The version in it, such as `v1`.
    pub version: String,
    /// The kind's name, such as `Job`.
    pub kind: String,
}

impl ObjectKind {
    /// Argo's Workflow.
    pub fn workflow() -> Self {
        Self {
            group: "argoproj.io".to_owned(),
            version: "v1alpha1".to_owned(),
            kind: "Workflow".to_owned(),
        }
    }

    /// Whether this is Argo's Workflow, which says in a label that it has finished.
    pub fn is_workflow(&self) -> bool {
        self.group == "argoproj.io" && self.kind == "Workflow"
    }
}
