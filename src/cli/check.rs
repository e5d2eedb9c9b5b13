//! `check`: tries a configuration against the storage account, step by step.

use std::{future::Future, io, process::ExitCode, sync::Arc, time::Duration};

use bytes::Bytes;
use time::OffsetDateTime;
use tokio::time::timeout;

use self::{
    hints::hint,
    survey::{Survey, survey},
};
use super::{
    args::CheckArgs,
    load_config, mistake,
    report::{Report, Step, storage_advice},
    unless_pipe_broke,
};
use crate::{
    azure::Connector,
    blob::ListPage,
    config::SourceConfig,
    confirm::{error::ConfirmError, index::WatchHealth, target::Confirm},
    delivery::policy::Limits,
    filter::Filter,
    journal::number::unused_number,
    kubernetes::Watches,
    ports::{
        confirmation::{Confirmation, Confirmations},
        connect::{Connect, ConnectError, Opened},
        error::{StorageError, StorageErrorKind},
        state::{Appended, StateStore},
    },
};

mod advice;
mod batch_reach;
mod batches;
mod change_feed;
mod cost;
mod hints;
mod ledger;
mod queue;
mod survey;

/// How long a step may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// A clock that is off by more than this is worth a word.
const WARN_SKEW: Duration = Duration::from_secs(60);
/// Azure refuses signatures that are 15 minutes old.
const FAIL_SKEW: Duration = Duration::from_secs(15 * 60);

/// Checks and says so on stdout.
pub async fn run(args: CheckArgs) -> anyhow::Result<ExitCode> {
    let config = match load_config(&args.config) {
        Ok(config) => config,
        Err(error) => return Ok(mistake(&error)),
    };
    let mut report = Report::on_stdout(args.print.output);
    let connector = Connector::from(args.storage);
    let adapters = (
        &connector as &dyn Connect,
        &Watches::default() as &dyn Confirmations,
    );
    let now = OffsetDateTime::now_utc;
    match check(adapters, &config, args.name.as_deref(), now, &mut report).await {
        // Nobody reads any further.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        checked => checked?,
    }
    unless_pipe_broke(report.finish().map(|()| report.exit_code()))
}

async fn check(
    (open, confirmations): (&dyn Connect, &dyn Confirmations),
    config: &SourceConfig,
    name: Option<&str>,
    now: fn() -> OffsetDateTime,
    report: &mut Report<impl io::Write>,
) -> io::Result<()> {
    report.add(Step::ok(
        "config",
        format!("container {}", config.container),
    ))?;
    let opened = match open.open(&config.wanted()) {
        Ok(opened) => opened,
        Err(error) => return cannot_connect(&error, report),
    };
    let found = ledger::find(&opened, config, name).await;
    let id = found.id(config, name, &opened.endpoint);
    report.add(Step::ok(
        "connect",
        format!("{} as source {id}", opened.endpoint),
    ))?;
    let listed = list(&opened, config).await;
    let survey = match &listed {
        Ok(page) => in_time(survey(&*opened.blobs, &config.filter, page)).await,
        Err(error) => Err(error.clone()),
    };
    report.add(list_step(&survey, &config.filter))?;
    if let (Ok(survey), true) = (&survey, config.listing) {
        report.add(cost::step(
            (survey.listed, survey.is_complete),
            config.interval,
        ))?;
    }
    if let Ok(page) = &listed {
        for step in advice::steps(page, config) {
            report.add(step)?;
        }
    }
    if let Some(step) = batches::step(config) {
        report.add(step)?;
    }
    let state = state_step(&opened, &id).await;
    let is_there = state.is_ok();
    report.add(state)?;
    if is_there {
        for step in ledger::steps(&opened, config, &found).await {
            report.add(step)?;
        }
    }
    if let Some(queue) = &opened.queue {
        let looked = in_time(queue::look(queue)).await;
        report.add(queue::step(looked, config.is_queue_alone()))?;
    }
    if let Some(feed) = &opened.feed {
        let looked = in_time(feed.feed.consumable()).await;
        let now = listed
            .as_ref()
            .map_or_else(|_| now(), |page| page.service_time);
        report.add(change_feed::step(looked, now))?;
    }
    for confirm in &config.confirm {
        let step = confirm_step(confirmations, confirm, config.limits, now()).await;
        report.add(step)?;
    }
    let service_time = match &listed {
        Ok(page) => Some(page.service_time),
        Err(error) => error.service_time,
    };
    report.add(match service_time {
        Some(time) => clock_step(time, now()),
        None => Step::skip("clock", "the service has not sent its time"),
    })
}

fn cannot_connect(error: &ConnectError, report: &mut Report<impl io::Write>) -> io::Result<()> {
    let advice = match error {
        ConnectError::Invalid(_) => {
            "correct the value that the message names; a token is sent to an endpoint of your own only with --allow-endpoint"
        }
        ConnectError::NoCredential(_) => {
            "put the credential's file into --credentials-dir; its name is the value of `credential`"
        }
        ConnectError::Credential(_) | ConnectError::Machine(_) => {
            "do what the message says, and check again"
        }
    };
    report.add(Step::fail("connect", error.to_string(), advice))?;
    for step in ["list", "state", "clock"] {
        report.add(Step::skip(step, "there is no connection"))?;
    }
    Ok(())
}

async fn list(opened: &Opened, config: &SourceConfig) -> Result<ListPage, StorageError> {
    let prefix = config.filter.listing_prefix();
    in_time(opened.blobs.list(prefix, None)).await
}

async fn in_time<T>(
    call: impl Future<Output = Result<T, StorageError>>,
) -> Result<T, StorageError> {
    timeout(PATIENCE, call).await.unwrap_or_else(|_| {
        let message = format!("no answer within {} s", PATIENCE.as_secs());
        Err(StorageError::new(StorageErrorKind::Transient, message))
    })
}

fn list_step(survey: &Result<Survey, StorageError>, filter: &Filter) -> Step {
    match survey {
        Err(error) => Step::fail(
            "list",
            error.to_string(),
            storage_advice(error.kind, "Storage Blob Data Reader", "container"),
        ),
        Ok(survey) if survey.matching == 0 && survey.all > 0 => {
            let hint = hint(filter.spec(), &survey.names);
            Step::warn("list", survey.described(), hint)
        }
        Ok(survey) => Step::ok("list", survey.described()),
    }
}

async fn state_step(opened: &Opened, id: &str) -> Step {
    let Some(state) = &opened.state else {
        return Step::skip(
            "state",
            "none is configured: after a restart the server does not know any more what was announced",
        );
    };
    let probe = format!("{id}/check-{:016x}", unused_number());
    let written = in_time(write(state.as_ref(), &probe)).await;
    // Leave nothing behind, whether it worked or not.
    let deleted = in_time(state.delete(&probe)).await;
    match written.and_then(|fenced| deleted.map(|()| fenced)) {
        Ok(true) => Step::ok("state", format!("wrote and deleted {probe}")),
        Ok(false) => Step::fail(
            "state",
            "an append at an occupied position was accepted".to_owned(),
            "this is not Azure Storage, or it is an incomplete emulator: two servers could both write the ledger",
        ),
        Err(error) => Step::fail(
            "state",
            error.to_string(),
            storage_advice(
                error.kind,
                "Storage Blob Data Contributor",
                "state container",
            ),
        ),
    }
}

/// Whether an append at a position that is taken is refused, as it must be.
async fn write(state: &dyn StateStore, probe: &str) -> Result<bool, StorageError> {
    let bytes = Bytes::from_static(b"check");
    state.create_append(probe).await?;
    let first = state.append(probe, 0, bytes.clone()).await?;
    let second = state.append(probe, 0, bytes).await?;
    Ok((first, second) == (Appended::Yes, Appended::PositionMoved))
}

async fn confirm_step(
    confirmations: &dyn Confirmations,
    confirm: &Confirm,
    limits: Limits,
    now: OffsetDateTime,
) -> Step {
    let watch = match confirmation(confirmations, confirm).await {
        Ok(watch) => watch,
        Err(error) => return Step::fail("confirm", error.to_string(), confirm_advice(&error)),
    };
    let mut text = format!(
        "{} objects of kind {} in namespace {} have an event's id",
        watch.index().len(),
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
    if timeout(PATIENCE, index.ready()).await.is_err() {
        let seconds = PATIENCE.as_secs();
        let silence = format!("the cluster could not be asked within {seconds} s");
        return Err(match index.health() {
            WatchHealth::Lost(error) => error,
            _ => ConfirmError::Unreachable(silence),
        });
    }
    index.ready().await?;
    Ok(watch)
}

fn confirm_advice(error: &ConfirmError) -> &'static str {
    match error {
        ConfirmError::NoCluster(_) => {
            "the server itself runs in the cluster; here this command needs a kubeconfig"
        }
        ConfirmError::Forbidden(_) => {
            "run the commands of the message as a user who may grant roles"
        }
        ConfirmError::UnknownKind(_) => "install Argo Workflows, or correct `confirm`",
        ConfirmError::Unreachable(_) => "see whether `kubectl get --raw /readyz` answers",
    }
}

fn clock_step(service: OffsetDateTime, local: OffsetDateTime) -> Step {
    const ADVICE: &str = "set the clock of this machine (NTP): keys, SAS and tokens are only valid with the right time";
    let skew = (local - service).unsigned_abs();
    let direction = if local < service {
        "behind"
    } else {
        "ahead of"
    };
    let text = format!("{} s {direction} the service", skew.as_secs());
    if skew > FAIL_SKEW {
        Step::fail("clock", text, ADVICE)
    } else if skew > WARN_SKEW {
        Step::warn("clock", text, ADVICE)
    } else {
        Step::ok("clock", text)
    }
}

#[cfg(test)]
mod tests;
