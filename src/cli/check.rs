//! `check`: tries a configuration against the storage account, step by step.

use std::{cell::Cell, future::Future, io, process::ExitCode, time::Duration};

use futures::future::join_all;
use time::OffsetDateTime;
use tokio::time::Instant;

use self::{
    cost::Load,
    first_run::FirstRun,
    hints::hint,
    ledger::Source,
    patience::in_time,
    standing::Standing,
    survey::{Survey, survey},
};
use super::{
    args::CheckArgs,
    counts::counted,
    load_config, mistake,
    progress::Progress,
    report::{Report, Step},
    unless_pipe_broke,
};
use crate::{
    azure::Connector,
    blob::{BlobRef, ListPage},
    config::SourceConfig,
    kubernetes::Watches,
    ports::{
        confirmation::Confirmations,
        connect::{Connect, Opened},
        error::StorageError,
    },
};

mod advice;
mod batch_reach;
mod batches;
mod change_feed;
mod confirm;
mod connect;
mod cost;
mod first_run;
mod hints;
mod ledger;
mod patience;
mod queue;
mod standing;
mod state;
mod survey;

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
    let asked = Asked {
        config: &config,
        name: args.name.as_deref(),
        credentials: args.storage.credentials_dir.as_deref().map(connect::files),
    };
    let connector = Connector::from(args.storage);
    let adapters = (
        &connector as &dyn Connect,
        &Watches::default() as &dyn Confirmations,
    );
    let now = OffsetDateTime::now_utc;
    match check(adapters, &asked, now, &mut report).await {
        // Nobody reads any further.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        checked => checked?,
    }
    unless_pipe_broke(report.finish().map(|()| report.exit_code()))
}

/// What is checked.
struct Asked<'a> {
    config: &'a SourceConfig,
    /// The event's name, when it was typed.
    name: Option<&'a str>,
    /// The names of the files in the directory of credentials; `None` without a directory.
    credentials: Option<Vec<String>>,
}

async fn check(
    (open, confirmations): (&dyn Connect, &dyn Confirmations),
    asked: &Asked<'_>,
    now: fn() -> OffsetDateTime,
    report: &mut Report<impl io::Write>,
) -> io::Result<()> {
    let Asked { config, name, .. } = *asked;
    report.add(Step::ok(
        "config",
        format!("container {}", config.container),
    ))?;
    let opened = match open.open(&config.wanted()) {
        Ok(opened) => opened,
        Err(error) => {
            let steps = connect::steps(&error, config, asked.credentials.as_deref());
            return steps.into_iter().try_for_each(|step| report.add(step));
        }
    };
    let found = busy(
        "looking for the source",
        ledger::find(&opened, config, name),
    )
    .await;
    let id = found.id(config, name, &opened.endpoint);
    let source = busy("reading the ledger", ledger::read(&opened, config, &found)).await;
    let asked_at = Instant::now();
    let listed = busy("listing the container", list(&opened, config)).await;
    let page_took = asked_at.elapsed();
    // At once: what follows may take long, and is no fault of the clock.
    let local = now();
    let service_time = match &listed {
        Ok(page) => Some(page.service_time),
        Err(error) => error.service_time,
    };
    report.add(connect::step(&opened.endpoint, &id, &listed))?;
    let there = service_time.unwrap_or_else(now);
    let known = source.as_ref().and_then(Source::known);
    let mut standing = known.map(|it| Standing::new(config, it, there.unix_timestamp()));
    let mut first_run = FirstRun::new(config.existing, there);
    let look = |blob: &BlobRef<'_>| {
        first_run.look(blob);
        if let Some(standing) = &mut standing {
            standing.look(blob);
        }
    };
    let survey = match &listed {
        Ok(page) => surveyed(&opened, config, page, look).await,
        Err(error) => Err(error.clone()),
    };
    if let (Some(standing), Ok(survey)) = (&mut standing, &survey) {
        standing.is_partial = !survey.is_complete;
    }
    for step in list_steps(&listed, page_took, &survey, config) {
        report.add(step)?;
    }
    let state = busy(
        "trying the state container",
        state::step(&opened, config, &id),
    )
    .await;
    let is_there = state.is_ok();
    report.add(state)?;
    if is_there {
        let standing = standing.as_ref().filter(|_| survey.is_ok());
        for step in ledger::steps(config, &found, source.as_ref(), standing, there).await {
            report.add(step)?;
        }
    }
    if known.is_none() && survey.is_ok() {
        first_run.step().map_or(Ok(()), |step| report.add(step))?;
    }
    if let Some(queue) = &opened.queue {
        let looked = busy("looking into the queues", in_time(queue::look(queue))).await;
        for step in queue::steps(looked, config.is_queue_alone()) {
            report.add(step)?;
        }
    }
    if let Some(feed) = &opened.feed {
        let looked = in_time(feed.feed.consumable());
        let looked = busy("looking at the change feed", looked).await;
        report.add(change_feed::step(looked, there))?;
    }
    let confirm = |confirm| confirm::step(confirmations, confirm, config.limits, now());
    let confirmed = join_all(config.confirm.iter().map(confirm));
    for step in busy("asking the cluster", confirmed).await {
        report.add(step)?;
    }
    report.add(match service_time {
        Some(time) => clock_step(time, local),
        None => Step::skip("clock", "the service has not sent its time"),
    })
}

/// What takes longer than a moment is named on a terminal.
async fn busy<T>(what: &str, work: impl Future<Output = T>) -> T {
    Progress::new().during(|| what.to_owned(), work).await
}

async fn surveyed(
    opened: &Opened,
    config: &SourceConfig,
    page: &ListPage,
    look: impl FnMut(&BlobRef<'_>),
) -> Result<Survey, StorageError> {
    let seen = Cell::new(0);
    let survey = survey(&*opened.blobs, &config.filter, page, &seen, look);
    let text = || format!("listing the container: {}", counted(seen.get(), "blob"));
    Progress::new().during(text, in_time(survey)).await
}

async fn list(opened: &Opened, config: &SourceConfig) -> Result<ListPage, StorageError> {
    let prefix = config.filter.listing_prefix();
    in_time(opened.blobs.list(prefix, None)).await
}

/// What the listing says: what is there, what listing it costs, and what to configure for it.
fn list_steps(
    listed: &Result<ListPage, StorageError>,
    page_took: Duration,
    survey: &Result<Survey, StorageError>,
    config: &SourceConfig,
) -> Vec<Step> {
    let mut steps = vec![list_step(survey, config)];
    if let Ok(survey) = survey {
        let load = Load {
            listed: survey.listed,
            changed: survey.changed,
            is_complete: survey.is_complete,
            page: page_took,
        };
        steps.extend(cost::steps(load, config));
    }
    if let Ok(page) = listed {
        steps.extend(advice::steps(page, config));
    }
    steps.extend(batches::step(config));
    steps
}

fn list_step(survey: &Result<Survey, StorageError>, config: &SourceConfig) -> Step {
    match survey {
        Err(error) => Step::fail(
            "list",
            error.to_string(),
            connect::advice(error.kind, config, "Storage Blob Data Reader", "container"),
        ),
        Ok(survey) if survey.all == 0 && survey.is_complete => Step::warn(
            "list",
            "the container is empty".to_owned(),
            "check whether it is the right container; `check` can try `prefix` and `pattern` only when the container has a blob",
        ),
        Ok(survey) if survey.matching == 0 => {
            let hint = hint(config.filter.spec(), &config.container, &survey.names);
            Step::warn("list", survey.described(), hint)
        }
        Ok(survey) => survey.step(),
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
