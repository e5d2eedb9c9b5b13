//! One dataset never becomes a Workflow.

use anyhow::{Context, Result, ensure};

use super::restarts::has_no_dead_letter;
use crate::{
    command::{kubectl, run_any},
    pods::PATIENCE,
    stage::Stage,
    wait::until,
    witness::Version,
};

/// A policy refuses the Workflow of one dataset among good ones which keep arriving.
pub(crate) async fn poison(stage: &Stage) -> Result<()> {
    let policy = policy(&stage.namespace);
    kubectl(&stage.namespace, &["apply", "-f", "-"], &policy).await?;
    let result = with_policy(stage).await;
    // It is the cluster's, so it does not go with the namespace.
    let delete = ["delete", "--ignore-not-found", "-f", "-"];
    kubectl(&stage.namespace, &delete, &policy).await?;
    let (poison, mut versions) = result?;
    stage.say.line("the policy is gone");

    is_refused(stage, false).await?;
    stage.say.line(
        stage
            .product(&["dead-letters", "retry", "--all"])
            .await?
            .trim(),
    );
    stage.say.figure("dead letters, retried", 1);
    versions.push(poison);
    stage.comes_to_exactly(&versions).await?;
    let look = async || has_no_dead_letter(stage).await;
    until("the letter is gone", PATIENCE, look).await
}

async fn with_policy(stage: &Stage) -> Result<(Version, Vec<Version>)> {
    is_refused(stage, true).await?;
    stage.say.line("the policy holds");
    let mut good = stage.put_all("good", 3).await;
    let poison = stage.put("poison").await;
    let look = async || {
        // One after the other: the path is seen to work while the poison's does not.
        if stage.witness.is_exactly(&good).is_ok() {
            let name = format!("good-{}", good.len() + 1);
            good.push(stage.put(&name).await);
        }
        let letters = stage.storage.dead_letters().await?;
        letters.first().cloned().context("no dead letter")
    };
    let letter = until("a dead letter", PATIENCE, look).await?;
    stage.say.line(format!(
        "a dead letter after {} good ones: {}",
        good.len(),
        short(&letter)
    ));
    ensure!(letter.contains(&poison.blob), "it is that of another blob");
    stage.comes_to_exactly(&good).await?;
    let letters = stage.storage.dead_letters().await?;
    ensure!(
        letters.len() == 1,
        "{} dead letters: {letters:?}",
        letters.len()
    );
    let list = stage.product(&["dead-letters", "list"]).await?;
    ensure!(
        list.contains(&poison.blob),
        "`dead-letters list` says: {list}"
    );
    stage.explains(&poison, 1, "dead").await?;
    let look = async || is_described(stage, &poison).await;
    until("a Kubernetes Event", PATIENCE, look).await?;
    Ok((poison, good))
}

/// People who ask the cluster for its EventSource are told of the dead letter.
async fn is_described(stage: &Stage, poison: &Version) -> Result<()> {
    let said = stage.kubectl(&["describe", "eventsource", "blobs"]).await?;
    let event = said
        .lines()
        .find(|line| line.contains("DeadLetter") && line.contains(&poison.blob));
    let event = event.with_context(|| format!("`kubectl describe` says: {said}"))?;
    stage
        .say
        .line(format!("kubectl describe: {}", short(event)));
    Ok(())
}

fn short(letter: &str) -> String {
    letter.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Waits until the API server refuses such a Workflow, or does not: it takes policies up in its time.
async fn is_refused(stage: &Stage, refused: bool) -> Result<()> {
    let workflow =
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: poison}\nspec: {}\n";
    let args = [
        "--namespace",
        &stage.namespace,
        "create",
        "--dry-run=server",
        "-f",
        "-",
    ];
    let look = async || {
        let (status, said) = run_any("kubectl", &args, workflow).await?;
        ensure!((status != 0) == refused, "the API server says: {said}");
        Ok(())
    };
    until("the policy is taken up", PATIENCE, look).await
}

fn policy(namespace: &str) -> String {
    format!(
        "apiVersion: admissionregistration.k8s.io/v1\n\
         kind: ValidatingAdmissionPolicy\n\
         metadata: {{name: {namespace}}}\n\
         spec:\n  \
           matchConstraints:\n    \
             resourceRules:\n    \
             - {{apiGroups: [argoproj.io], apiVersions: ['*'], operations: [CREATE], resources: [workflows]}}\n  \
           validations:\n  \
           - {{expression: \"!object.metadata.name.contains('poison')\", message: this dataset is refused}}\n\
         ---\n\
         apiVersion: admissionregistration.k8s.io/v1\n\
         kind: ValidatingAdmissionPolicyBinding\n\
         metadata: {{name: {namespace}}}\n\
         spec:\n  \
           policyName: {namespace}\n  \
           validationActions: [Deny]\n  \
           matchResources:\n    \
             namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}\n"
    )
}
