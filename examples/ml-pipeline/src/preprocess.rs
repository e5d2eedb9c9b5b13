//! The first step: a CSV file of any make, or a directory of such, becomes two tidy ones, to learn from and to judge by.
//!
//! A file is read twice and never held: once to learn what its columns are, once to write the rows.

mod alike;
mod below;
pub mod chosen;
mod codes;
mod copies;
pub mod dated;
pub mod distinct;
pub mod ends;
pub mod epoch;
pub mod labels;
pub mod leaks;
pub mod names;
pub mod parts;
pub mod profile;
mod prose;
pub mod roles;
pub mod sentinels;
pub mod settings;
mod sides;
pub mod split;
pub mod spread;
pub mod survey;
pub mod target;
pub mod tidy;
pub mod units;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use chosen::Chosen;
use leaks::Watch;
use sides::Sides;
use survey::Survey;
use target::Wanted;

use crate::{
    log::Log,
    read::{Dataset, Hints},
    schema::{self, Scale, Schema, Splitting, Task, files},
    took::Stopwatch,
    value::Missing,
};

/// What a user may say of the data.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// How the files are written, where that shall not be guessed.
    pub hints: Hints,
    /// The column to predict; the last one if none is named.
    pub target: Option<String>,
    /// What kind of prediction it is, where that shall not be guessed.
    pub task: Option<Wanted>,
    /// The columns that are not learned from.
    pub ignore: Vec<String>,
    /// What stands for no value in this data, besides the usual markers.
    pub missing: Missing,
    /// The column by whose order the rows are split, so that the last ones are the test.
    pub split_by: Option<String>,
    /// The column whose values are groups that no split divides.
    pub group: Option<String>,
    /// A file with the metadata of the blob that the data came from.
    pub metadata: Option<PathBuf>,
}

/// Reads `path`, a file or a directory of files, and leaves `schema.json`, `train.csv` and `test.csv` in `dir`.
///
/// # Errors
///
/// With one sentence, if no model can be learned from what is there.
pub fn preprocess(path: &Path, dir: &Path, wishes: &Wishes, log: &Log) -> Result<Schema> {
    is_apart(path, dir)?;
    let watched = Stopwatch::start();
    let (wishes, own) = &settings::with_own(path, wishes)?;
    for setting in own {
        log.say(&format!("set by the dataset: {setting}"));
    }
    let data = Dataset::open(path, wishes.hints)?;
    let named = || path.display().to_string();
    let chosen = Chosen::of(&data, wishes).with_context(named)?;
    log.start("reading", Some(data.bytes));
    let survey = Survey::of(&data, &chosen, &wishes.missing, log)?;
    log.finish();
    let mut schema = survey.decide(&data, &chosen, wishes).with_context(named)?;
    let usable = survey.usable(chosen.target, &schema.target);
    let mut sides = Sides::of(&survey, &data, &schema, usable).with_context(named)?;
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    schema::forget(dir, &files::AFTER_PREPROCESS)?;
    log.start("splitting", Some(survey.rows));
    let mut watch = Watch::new(&schema, usable);
    let both = (&mut sides, &mut watch);
    let (copies, far) = parts::write(&data, dir, chosen.target, both, &mut schema, log)?;
    log.finish();
    schema.warnings.extend(far.told(&schema.target));
    schema.warnings.extend(sides.told(&schema));
    judge_split(&watch, copies, &mut schema).with_context(named)?;
    if copies == 0 && !matches!(schema.split, Splitting::Group { .. }) {
        schema::forget(dir, &[files::TOGETHER, files::TOGETHER_TEST])?;
    }
    schema.sha256 = data.checksum()?;
    schema.took = watched.took();
    schema::save(dir, files::SCHEMA, &schema)?;
    tell(&schema, log);
    Ok(schema)
}

/// What is left in the directory of the dataset would be taken for data the next time.
fn is_apart(path: &Path, dir: &Path) -> Result<()> {
    let data = fs::canonicalize(path).ok().filter(|data| data.is_dir());
    let out = std::path::absolute(dir)?;
    let there = out.ancestors().find_map(|it| fs::canonicalize(it).ok());
    let is_within = data
        .zip(there)
        .is_some_and(|(data, it)| it.starts_with(data));
    ensure!(
        !is_within,
        "{} is within {}, the directory of the dataset: name another one with --out",
        dir.display(),
        path.display()
    );
    Ok(())
}

/// Adds what people should know of the split, and of columns that make its test too easy.
fn judge_split(watch: &Watch, copies: u64, schema: &mut Schema) -> Result<()> {
    let column = match &schema.split {
        Splitting::Random => {
            if copies > 0 {
                schema.warnings.push(format!(
                    "{} the same as an earlier one: copies are all used for training or all for the test",
                    counted(copies, "row is")
                ));
            }
            schema.warnings.extend(watch.doubt(schema));
            schema.warnings.extend(watch.groups(schema));
            None
        }
        Splitting::Order { column } | Splitting::Group { column } => Some(column),
    };
    if let Some(column) = column {
        ensure!(
            schema.rows.train > 0 && schema.rows.test > 0,
            "split by '{column}', {} for training and {} for the test: both are needed, so name another column",
            counted(schema.rows.train, "row is"),
            counted(schema.rows.test, "row")
        );
    }
    let leaks = watch.leaks(schema);
    schema.warnings.extend(leaks);
    Ok(())
}

fn tell(schema: &Schema, log: &Log) {
    let files = match schema.files {
        1 => String::new(),
        files => format!("{files} files, "),
    };
    log.say(&format!(
        "read {}: {files}{}, {}, {} columns",
        schema.file,
        schema.written,
        counted(schema.rows.read, "row"),
        schema.columns.len() + schema.dropped.len() + 1
    ));
    for dropped in &schema.dropped {
        log.say(&format!(
            "column '{}' is left out: {}",
            dropped.name, dropped.reason
        ));
    }
    for warning in &schema.warnings {
        log.warn(warning);
    }
    let task = match &schema.target.task {
        Task::Classification { classes } => {
            format!("classification into {} classes", classes.len())
        }
        Task::Regression if schema.target.scale == Scale::Linear => "regression".to_owned(),
        Task::Regression => "regression on a log scale".to_owned(),
    };
    log.say(&format!(
        "target '{}': {task}, because {}",
        schema.target.name, schema.target.because
    ));
    log.say(&format!(
        "{} for training, {} for the test, {} columns",
        counted(schema.rows.train, "row"),
        schema.rows.test,
        schema.columns.len()
    ));
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed(some: &[String]) -> String {
    match some {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `1 row`, `2 rows`; `1 row is`, `2 rows are`.
pub fn counted(count: u64, what: &str) -> String {
    let many = match what {
        "row is" => "rows are".to_owned(),
        "class is" => "classes are".to_owned(),
        "is" => "are".to_owned(),
        other => format!("{other}s"),
    };
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {many}")
    }
}
