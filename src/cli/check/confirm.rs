//! Whether the cluster shows what confirms events.

use std::sync::Arc;

use time::OffsetDateTime;
use tokio::time::timeout;

use super::patience::PATIENCE;
use crate::{
    cli::{counts::counted, report::Step},
    confirm::{error::ConfirmError, target::Confirm},
    delivery::policy::Limits,
    ports::confirmation::{Confirmation, Confirmations},
};

/// Whether the cluster can be asked, and how many objects of events there are.
pub(super) async fn step(
    confirmations: &dyn Confirmations,
    confirm: &Confirm,
    limits: Limits,
    now: OffsetDateTime,
) -> Step {
    let watch = match confirmation(confirmations, confirm).await {
        Ok(watch) => watch,
        Err(error) => return Step::fail("confirm", error.to_string(), advice(&error)),
    };
    let count = watch.index().len();
    let have = if count == 1 { "has" } else { "have" };
    let mut text = format!(
        "{} of kind {} in namespace {} {have} an event's id",
        counted(count as u64, "object"),
        confirm.what(),
        watch.namespace(),
    );
    // Of other kinds nobody knows.
    if !confirm.kind.is_workflow() {
        return Step::ok("confirm", text);
    }
    let workflows = watch.workflows(now.unix_timestamp());
    let unfinished = workflows.survey.count;
    text.push_str(&format!(", {unfinished} of them unfinished"));
    if let Some(most) = limits.active_workflows.filter(|most| unfinished >= *most) {
        text.push_str(&format!(
            "; nothing is sent now, {}",
            workflows.places(most, 0)
        ));
    }
    match workflows.complaint() {
        Some(complaint) => Step::warn("confirm", text, complaint),
        None => Step::ok("confirm", text),
    }
}

/// The watch, once it has listed all that exists.
async fn confirmation(
    confirmations: &dyn Confirmations,
    confirm: &Confirm,
) -> Result<Arc<dyn Confirmation>, ConfirmError> {
    let watch = confirmations.open(confirm).await?;
    let index = watch.index();
    let silence = || {
        let seconds = PATIENCE.as_secs();
        ConfirmError::Unreachable(format!("the cluster could not be asked within {seconds} s"))
    };
    timeout(PATIENCE, index.heard())
        .await
        .unwrap_or_else(|_| Err(silence()))?;
    Ok(watch)
}

fn advice(error: &ConfirmError) -> &'static str {
    match error {
        ConfirmError::NoCluster(_) => {
            "the server itself runs in the cluster; here this command needs a kubeconfig"
        }
        ConfirmError::Forbidden(_) => {
            "run the commands of the message as a user who may grant roles"
        }
        ConfirmError::UnknownKind(_) => "install Argo Workflows, or correct `confirm`",
        ConfirmError::Unreachable(_) => {
            "check whether `kubectl get --raw /readyz` answers with the same kubeconfig"
        }
    }
}
