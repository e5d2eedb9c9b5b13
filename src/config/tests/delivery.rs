//! `confirm`, `redelivery` and `limits`.

use super::*;
use crate::{
    confirm::target::{Confirm, ObjectKind},
    delivery::policy::Redelivery,
};

#[test]
fn workflows_confirm_with_the_documented_defaults() {
    let config = good(&format!("{GOOD}confirm: {{workflows: {{}}}}\n"));
    let confirm = config.confirm[0].clone();
    assert_eq!(
        (confirm.kind, confirm.namespace),
        (ObjectKind::workflow(), None)
    );
    assert_eq!(config.limits.active_workflows, Some(20));
    assert_eq!(config.redelivery, Redelivery::default());
    assert!(config.to_yaml().contains(
        "confirm: {workflows: {}}\n\
         redelivery: {deadline: 1m, maxAttempts: 10, giveUpAfter: 24h}\n\
         limits: {inFlight: 100, activeWorkflows: 20, settle: 10s}\n"
    ));
}

#[test]
fn a_source_that_is_only_watched_is_the_same_without_confirm() {
    let own = "minAge: 5s\nlimits: {inFlight: 7}\n";
    let more = "minAge: 5s\nconfirm: {workflows: {}}\nredelivery: {deadline: 5s}\nlimits: {inFlight: 7, activeWorkflows: 3}\n";
    let confirmed = good(&format!("{GOOD}{more}"));
    assert_eq!(confirmed.unconfirmed(), good(&format!("{GOOD}{own}")));
}

#[test]
fn any_kind_can_confirm() {
    let line = "confirm: {group: batch, version: v1, kind: Job, namespace: ml}\n";
    let config = good(&format!("{GOOD}{line}"));
    let confirm = &config.confirm[0];
    let kind = &confirm.kind;
    let parts = [&kind.group, &kind.version, &kind.kind].map(String::as_str);
    assert_eq!(parts, ["batch", "v1", "Job"]);
    assert_eq!(confirm.namespace.as_deref(), Some("ml"));
    assert_eq!(config.limits.active_workflows, None);
    let core = good(&format!(
        "{GOOD}confirm: {{version: v1, kind: ConfigMap}}\n"
    ));
    assert_eq!(core.confirm[0].kind.group, "");
}

#[test]
fn what_confirms_must_be_said_once_and_whole() {
    assert_eq!(
        added("confirm: {}"),
        "confirm: does not say what confirms an event; give `workflows: {}`, or `group`, `version` and `kind`"
    );
    assert_eq!(
        added("confirm: {version: v1, kind: Job}"),
        "confirm: `Job` is in the group `batch`; write `{group: batch, version: v1, kind: Job}`"
    );
    assert_eq!(
        added("confirm: [{workflows: {}}, {version: v1, kind: Workflow}]"),
        "confirm[1]: `Workflow` is in the group `argoproj.io`; write `{group: argoproj.io, version: v1alpha1, kind: Workflow}`"
    );
    assert_eq!(
        added("confirm: {workflows: {}, kind: Job}"),
        "confirm.kind: cannot be used together with `workflows`; remove one of them"
    );
    assert_eq!(
        added("confirm: {workflows: {}, namespace: ml}"),
        "confirm.namespace: goes into `workflows`: {namespace: …}"
    );
    assert_eq!(
        added("confirm: {group: batch}"),
        "confirm.version: is missing; give the version of the kind, such as v1\n\
         confirm.kind: is missing; give the name of the kind, such as Job"
    );
    assert_eq!(
        added("confirm: {workflow: {}}"),
        "confirm: unknown key `workflow`; did you mean `workflows`?"
    );
    assert_eq!(
        added("confirm: {group: batch/v1, version: \"1\", kind: jobs, namespace: ML}"),
        "confirm.group: found `batch/v1`; allowed is an API group without its version, such as batch or argoproj.io\n\
         confirm.version: found `1`; allowed is a version such as v1 or v1alpha1\n\
         confirm.kind: found `jobs`; allowed is the name of a kind as manifests have it, such as Job or Workflow\n\
         confirm.namespace: found `ML`; allowed is a namespace: 1 to 63 lower-case letters, digits and hyphens, \
         a letter or digit first and last"
    );
}

#[test]
fn each_of_several_sensors_has_an_entry() {
    let list = "confirm: [{workflows: {selector: {pipeline: train}}}, {workflows: {selector: \"pipeline=audit, tier = b\"}}]\n";
    let config = good(&format!("{GOOD}{list}"));
    let labels: Vec<_> = config.confirm.iter().map(Confirm::labels).collect();
    assert_eq!(labels, ["pipeline=train", "pipeline=audit,tier=b"]);
    assert_eq!(config.confirm[0].what(), "Workflow (pipeline=train)");
    assert_eq!(config.limits.active_workflows, Some(20));
    assert!(config.to_yaml().contains(
        "confirm: [{workflows: {selector: {pipeline: train}}}, {workflows: {selector: {pipeline: audit, tier: b}}}]\n"
    ));
}

#[test]
fn one_object_never_confirms_two_entries() {
    let served = "confirm[1]: one object could confirm this and confirm[0]; give each a `selector` \
                  with a label that only its Sensor sets, or remove one";
    for pair in [
        "{workflows: {}}, {workflows: {}}",
        "{workflows: {}}, {workflows: {selector: {a: b}}}",
        "{workflows: {selector: {a: b, c: d}}}, {workflows: {selector: {a: b}}}",
        "{version: v1, kind: ConfigMap}, {version: v1, kind: ConfigMap}",
    ] {
        assert_eq!(added(&format!("confirm: [{pair}]")), served, "{pair}");
    }
    good(&format!(
        "{GOOD}confirm: [{{workflows: {{}}}}, {{workflows: {{namespace: ml}}}}]\n"
    ));
    good(&format!(
        "{GOOD}confirm: [{{workflows: {{}}}}, {{group: batch, version: v1, kind: Job}}]\n"
    ));
}

#[test]
fn lists_and_selectors_that_cannot_be_used_are_told_with_their_place() {
    assert_eq!(
        added("confirm: []"),
        "confirm: has 0 entries; allowed are 1 to 8, one for each Sensor"
    );
    assert_eq!(
        added("confirm: [workflows, {selector: {a: b}}]"),
        "confirm[0]: found the text `workflows`; allowed is a mapping with `workflows`, `group`, `version`, `kind`, \
         `namespace` and `selector`, such as `confirm: {workflows: {}}`\n\
         confirm[1]: does not say what confirms an event; give `workflows: {}`, or `group`, `version` and `kind`"
    );
    assert_eq!(
        added("confirm: {workflows: {}, selector: {a: b}}"),
        "confirm.selector: goes into `workflows`: {selector: {…}}"
    );
    let selector = |text: &str| added(&format!("confirm: {{workflows: {{selector: {text}}}}}"));
    let path = "confirm.workflows.selector: ";
    let allowed = "allowed are labels and their values, such as {pipeline: train}";
    for (text, problem) in [
        ("{}", format!("is empty; {allowed}, or remove the key")),
        ("[a]", format!("found a list; {allowed}")),
        ("train", format!("found `train`; {allowed} or pipeline=train")),
        ("\"a!=b\"", format!("found `a!=b`; {allowed} or pipeline=train")),
        ("{a: 1}", "found the number 1; put it in quotes".to_owned()),
        ("\"a=b,a=c\"", "label `a` is given twice".to_owned()),
        (
            "{\"a b\": c}",
            "found the label `a b`; allowed is the key of a Kubernetes label, such as pipeline or example.com/pipeline"
                .to_owned(),
        ),
        (
            "{a: \"\"}",
            "found the value ``; allowed is the value of a Kubernetes label: 1 to 63 letters, digits, `-`, `_` \
             and `.`, a letter or digit first and last"
                .to_owned(),
        ),
    ] {
        assert_eq!(selector(text), format!("{path}{problem}"), "{text}");
    }
}

#[test]
fn redelivery_has_bounds_and_needs_a_confirmation() {
    let with = |line: &str| added(&format!("confirm: {{workflows: {{}}}}\nredelivery: {line}"));
    assert_eq!(
        added("redelivery: {deadline: 60s}"),
        "redelivery: has no effect without `confirm`, which says what confirms an event; \
         add `confirm: {workflows: {}}` or remove the key"
    );
    assert_eq!(
        with("{deadline: -5s, maxAttempts: 0, giveUpAfter: 99999h}"),
        "redelivery.deadline: found the text `-5s`; allowed is a duration such as 30s, 5m, 1h30m, 2d or 250ms\n\
         redelivery.maxAttempts: found the number 0; allowed is a whole number from 1 to 1000\n\
         redelivery.giveUpAfter: found `99999h`; allowed are 1m to 720h"
    );
    assert_eq!(
        with("{deadline: 1h, giveUpAfter: 5m}"),
        "redelivery.giveUpAfter: is shorter than `deadline`, which is 1h; give at least that"
    );
    assert_eq!(
        with("{attempts: 3}"),
        "redelivery: unknown key `attempts`; did you mean `maxAttempts`?"
    );
}

#[test]
fn active_workflows_are_known_only_when_they_confirm() {
    let needs = "limits.activeWorkflows: needs Workflows that confirm; \
                 add `confirm: {workflows: {}}` or remove the key";
    assert_eq!(added("limits: {activeWorkflows: 2}"), needs);
    let job = "confirm: {group: batch, version: v1, kind: Job}";
    assert_eq!(
        added(&format!("{job}\nlimits: {{activeWorkflows: 2}}")),
        needs
    );
    let limits = |value: &str| {
        added(&format!(
            "confirm: {{workflows: {{}}}}\nlimits: {{activeWorkflows: {value}}}"
        ))
    };
    for (value, found) in [
        ("-1", "the number -1"),
        ("0", "the number 0"),
        ("1.5", "the number 1.5"),
        ("many", "the text `many`"),
    ] {
        assert_eq!(
            limits(value),
            format!(
                "limits.activeWorkflows: found {found}; allowed is a whole number from 1 to 100000"
            )
        );
    }
}
