//! `explain`: why a blob was announced or was not, from the configuration to the Workflow.
//!
//! [`findings`], [`search`] and [`queues`] ask, [`standing`], [`reasons`](mod@reasons), [`notified`] and [`verdict`] decide.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use percent_encoding::percent_decode_str;
use serde_json::json;

use self::{
    findings::gather,
    reasons::{Reasons, reasons},
};
use super::{
    args::{ExplainArgs, Output},
    data, mistake,
    progress::Progress,
    report::Report,
    source::OpenedSource,
    unless_pipe_broke,
};
use crate::{event::Place, kubernetes::Watches, text::plain::Plain};

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
    let name = match blob_name(&args.blob, &source.place) {
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
    Ok(ExitCode::from(u8::from(!explained.announced)))
}

/// The name in this container that a name or a URL means.
fn blob_name(asked: &str, place: &Place) -> Result<String, String> {
    if asked.is_empty() {
        return Err("give the blob's name or its URL".to_owned());
    }
    if !asked.starts_with("http://") && !asked.starts_with("https://") {
        return Ok(asked.to_owned());
    }
    let container = format!("{}/", place.url());
    // A SAS is no part of the name, and not to be shown.
    let path = asked.split('?').next().unwrap_or_default();
    let name = path
        .strip_prefix(&container)
        .filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| {
        format!("the URL is not of a blob of this source, whose blobs are at {container}")
    })?;
    let name = percent_decode_str(name).decode_utf8();
    name.map(|name| name.into_owned())
        .map_err(|_| "the URL is not percent-encoded UTF-8".to_owned())
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
        "announced": explained.announced,
        "verdict": explained.verdict,
        "steps": steps,
    });
    data::print(&all, output)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_named_or_pointed_at() {
        let place = Place {
            source_id: "datasets".into(),
            endpoint: "https://a.example".into(),
            container: "datasets".into(),
            sampling: None,
        };
        let name = |asked: &str| blob_name(asked, &place);
        assert_eq!(name("raw/a b.csv").unwrap(), "raw/a b.csv");
        assert_eq!(
            name("https://a.example/datasets/raw/a%20b.csv?sv=1&sig=x").unwrap(),
            "raw/a b.csv"
        );
        for other in [
            "https://a.example/datasets/",
            "https://a.example/other/a.csv",
            "https://b.example/datasets/a.csv?sig=secret",
        ] {
            let problem = name(other).unwrap_err();
            assert!(problem.contains("https://a.example/datasets/") && !problem.contains("secret"));
        }
        assert!(name("").is_err());
    }
}
