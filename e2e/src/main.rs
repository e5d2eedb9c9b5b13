//! The product on a real cluster, with real Argo Events, Argo Workflows and Azurite: what is promised
//! there, and what happens to it when parts are killed, cut off or forbidden.

use std::{
    panic::AssertUnwindSafe,
    process::ExitCode,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, anyhow, bail};
use clap::Parser;
use futures::FutureExt;

use crate::{
    cases::{CASES, Case, Need},
    cluster::Cluster,
    record::Recorder,
    say::Say,
    stage::Stage,
};

mod cases;
mod cluster;
mod command;
mod dump;
mod feed;
mod forward;
mod install;
mod pods;
mod python;
mod record;
mod results;
mod say;
mod stage;
mod status;
mod storage;
mod table;
mod wait;
mod witness;

/// Runs the product on a real cluster, each case in a namespace of its own.
///
/// The cluster is the one that KUBECONFIG names; without it, that of the folder E2E_CLUSTER, by default
/// ../shared/cluster beside the repository. `make e2e` builds all programs that run, in the profile E2E_PROFILE (dev).
#[derive(Debug, Parser)]
#[command(name = "e2e")]
struct Args {
    /// The cases to run, instead of all
    cases: Vec<String>,
    /// Say which cases there are
    #[arg(long)]
    list: bool,
    /// Only the short selection, which takes about 20 minutes
    #[arg(long, conflicts_with = "cases")]
    short: bool,
    /// Leave a failed case's namespace, to look into it
    #[arg(long)]
    keep: bool,
    /// Write down what came out: docs/verification/results.json, and the table in docs/verification.md
    #[arg(long)]
    record: bool,
    /// Write that table again, and run nothing
    #[arg(long, conflicts_with_all = ["cases", "short", "keep", "record"])]
    table: bool,
}

/// How a case ended that did not fail.
enum Ended {
    /// All that it promises is so.
    Passed,
    /// It needs what is not there.
    NotRun,
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    if args.list {
        for case in CASES {
            let short = if case.short { "short" } else { "" };
            println!("{:26} {short:6} {}", case.name, case.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    if args.table {
        record::write_table(&names())?;
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = choose(&args)?;
    if chosen.iter().any(|case| case.needs.contains(&Need::Python)) && !cluster::is_inside() {
        python::prepare()
            .context("Python is needed: `scripts/need.sh python` says how to get it")?;
    }
    // Before there are threads: the process may be replaced by one within the cluster's network.
    let cluster = Cluster::enter()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let recorder = match args.record {
            true => Some(Recorder::start(names()).await?),
            false => None,
        };
        Ok(run(&chosen, &cluster, args.keep, recorder.as_ref()).await)
    })
}

fn names() -> Vec<&'static str> {
    CASES.iter().map(|case| case.name).collect()
}

fn choose(args: &Args) -> Result<Vec<&'static Case>> {
    if let Some(unknown) = args
        .cases
        .iter()
        .find(|name| CASES.iter().all(|case| case.name != **name))
    {
        bail!("there is no case `{unknown}`; --list names them");
    }
    let wanted = |case: &&Case| match (args.short, args.cases.is_empty()) {
        (true, _) => case.short,
        (false, true) => true,
        (false, false) => args.cases.iter().any(|name| name == case.name),
    };
    Ok(CASES.iter().filter(wanted).collect())
}

async fn run(
    cases: &[&Case],
    cluster: &Cluster,
    keep: bool,
    recorder: Option<&Recorder>,
) -> ExitCode {
    let mut results = Vec::new();
    for case in cases {
        println!("\n=== {}: {}", case.name, case.about);
        let say = Say::start();
        let ended = play(case, cluster, &say, keep).await;
        let took = say.elapsed();
        let result = ended.and_then(|ended| match (ended, recorder) {
            (Ended::Passed, Some(it)) => it.passed(case.name, case.about, say.figures(), took),
            _ => Ok(()),
        });
        if let Err(error) = &result {
            say.line(format!("FAILED: {error:#}"));
        }
        results.push((case.name, took, result.is_ok()));
    }
    summary(&results)
}

/// Plays one case. Those that need faults of the control plane pass where there are none, and say so.
async fn play(case: &Case, cluster: &Cluster, say: &Say, keep: bool) -> Result<Ended> {
    if case.needs.contains(&Need::AtHand) && !cluster.is_at_hand() {
        say.line("not run: this needs a cluster whose network and control plane are at hand");
        return Ok(Ended::NotRun);
    }
    let namespace = format!("e2e-{}-{}", case.name.replace('_', "-"), suffix());
    if cluster.is_at_hand() {
        // An earlier run may have been interrupted in the middle of a cut.
        cluster.heal().await?;
    }
    // A client of the tests that panics ends its own case only.
    let result = AssertUnwindSafe(act(case, cluster, say, &namespace))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(anyhow!("it panicked, as said above")));
    if result.is_err() {
        dump::dump(&namespace).await;
    }
    if result.is_err() && keep {
        say.line(format!("left as it is: namespace {namespace}"));
        return result.map(|()| Ended::Passed);
    }
    let delete = [
        "delete",
        "namespace",
        &namespace,
        "--wait=false",
        "--ignore-not-found",
    ];
    let deleted = command::run("kubectl", &delete, "").await;
    result.and(deleted.map(|_| Ended::Passed))
}

async fn act(case: &Case, cluster: &Cluster, say: &Say, namespace: &str) -> Result<()> {
    let stage = Stage::set(
        cluster.clone(),
        namespace.to_owned(),
        case.setup,
        say.clone(),
    )
    .await?;
    let result = (case.play)(&stage).await;
    stage.sum_up();
    let text = match stage.statuses().await {
        Ok(statuses) if result.is_err() => statuses.text(),
        _ => String::new(),
    };
    if !text.is_empty() {
        say.line(format!("the servers say: {text}"));
    }
    result
}

/// Something that an earlier run did not have.
fn suffix() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    format!("{:05x}", now.map_or(0, |it| it.as_secs()) & 0xf_ffff)
}

fn summary(results: &[(&str, Duration, bool)]) -> ExitCode {
    println!();
    for (name, took, passed) in results {
        let word = if *passed { "ok" } else { "FAILED" };
        println!("{word:6} {name:26} {:6.1} s", took.as_secs_f64());
    }
    let failed = results.iter().filter(|(.., passed)| !passed).count();
    println!("e2e: {} cases, {failed} failed", results.len());
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
