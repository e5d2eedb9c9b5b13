//! `explain`: why a blob was announced or was not, from the configuration to the Workflow.
//!
//! [`findings`], [`search`] and [`queues`] ask, [`standing`], [`reasons`](mod@reasons), [`notified`] and [`verdict`] decide.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use serde_json::json;

use self::{
    findings::gather,
    reasons::{Reasons, reasons},
};
use super::{
    args::{ExplainArgs, Output},
    blob_name::blob_name,
    data, mistake,
    progress::Progress,
    report::Report,
    source::OpenedSource,
    unless_pipe_broke,
};
use crate::{kubernetes::Watches, text::plain::Plain};

mod batches;
mod findings;
mod notified;
mod queues;
mod reasons;
mod search;
mod standing;
mod verdict;
mod words;

pub(super) use reasons::{min_age_advice, skip_empty_advice};

/// Explains one blob.
pub async fn run(args: ExplainArgs) -> anyhow::Result<ExitCode> {
    unless_pipe_broke(explain(args).await)
}

async fn explain(args: ExplainArgs) -> anyhow::Result<ExitCode> {
    let source = match OpenedSource::open(&args.source).await {
        Ok(source) => source,
        Err(unopened) => return unopened.told(),
    };
    let name = match blob_name(&args.blob, &source.place.url()) {
        Ok(name) => name,
        Err(problem) => return Ok(mistake(&anyhow::anyhow!(problem))),
    };
    let busy = || format!("looking for {name}");
    let watches = Watches::default();
    let gathered = gather(&source, &name, &watches);
    let facts = Progress::new().during(busy, gathered).await?;
    let explained = reasons(&source.config, &facts);
    match args.print.output {
        Output::Table => show(&explained)?,
        output => show_data(&name, &explained, output)?,
    }
    Ok(ExitCode::from(u8::from(!explained.is_announced())))
}

fn show(explained: &Reasons) -> io::Result<()> {
    let mut report = Report::on_stdout(Output::Table);
    for step in &explained.steps {
        report.add(step.clone())?;
    }
    writeln!(io::stdout(), "=> {}", Plain(&explained.verdict))
}

fn show_data(name: &str, explained: &Reasons, output: Output) -> anyhow::Result<()> {
    let steps: Vec<_> = explained.steps.iter().map(|step| step.to_json()).collect();
    let all = json!({
        "blob": name,
        "announced": explained.is_announced(),
        "state": explained.state.as_str(),
        "verdict": explained.verdict,
        "steps": steps,
    });
    data::print(&all, output)
}
