//! The first step: a CSV file of any make, or a directory of such, becomes two tidy ones, to learn from and to judge by.
//!
//! A file is read twice and never held: once to learn what its columns are, once to write the rows.

pub mod distinct;
pub mod parts;
pub mod profile;
pub mod roles;
pub mod split;
pub mod survey;
pub mod target;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use survey::Survey;
use target::Wanted;

use crate::{
    log::Log,
    read::Dataset,
    schema::{self, Schema, Task, files},
};

/// What a user may say of the data.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// The column to predict; the last one if none is named.
    pub target: Option<String>,
    /// What kind of prediction it is, where that shall not be guessed.
    pub task: Option<Wanted>,
}

/// Reads `path`, a file or a directory of files, and leaves `schema.json`, `train.csv` and `test.csv` in `dir`.
///
/// # Errors
///
/// With one sentence, if no model can be learned from what is there.
pub fn preprocess(path: &Path, dir: &Path, wishes: &Wishes, log: &Log) -> Result<Schema> {
    is_apart(path, dir)?;
    let data = Dataset::open(path)?;
    let named = || path.display().to_string();
    let index = target_column(&data, wishes.target.as_deref()).with_context(named)?;
    log.start("reading", Some(data.bytes));
    let survey = Survey::of(&data, index, log)?;
    log.finish();
    let mut schema = survey.decide(&data, index, wishes).with_context(named)?;
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    schema::forget(dir, &files::AFTER_PREPROCESS)?;
    log.start("splitting", Some(survey.rows));
    parts::write(
        &data,
        dir,
        index,
        survey.profiles[index].numbers,
        &mut schema,
        log,
    )?;
    log.finish();
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

fn target_column(data: &Dataset, wanted: Option<&str>) -> Result<usize> {
    let names = &data.names;
    ensure!(
        names.len() > 1,
        "it has one column, '{}': a target and at least one column to learn from are needed (a field is taken to end \
         at a comma, semicolon, tab or vertical bar)",
        names[0]
    );
    let Some(wanted) = wanted else {
        return Ok(names.len() - 1);
    };
    if data.repeated.contains(wanted) {
        bail!("the target '{wanted}' is the name of more than one column: rename one of them");
    }
    if let Some(index) = names.iter().position(|name| name == wanted.trim()) {
        return Ok(index);
    }
    let near = names
        .iter()
        .map(|name| (strsim::jaro_winkler(name, wanted), name))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((likeness, name)) if likeness > 0.8 => {
            bail!("there is no column '{wanted}': did you mean '{name}'?")
        }
        _ => {
            let some: Vec<_> = names
                .iter()
                .take(10)
                .map(|name| format!("'{name}'"))
                .collect();
            let more = if names.len() > 10 {
                format!(" and {} more", names.len() - 10)
            } else {
                String::new()
            };
            bail!(
                "there is no column '{wanted}': the columns are {}{more}",
                some.join(", ")
            )
        }
    }
}

fn tell(schema: &Schema, log: &Log) {
    let delimiter = match schema.delimiter {
        '\t' => "tab".to_owned(),
        other => format!("'{other}'"),
    };
    let files = match schema.files {
        1 => String::new(),
        files => format!("{files} files, "),
    };
    log.say(&format!(
        "read {}: {files}{}, delimiter {delimiter}, {}, {} columns",
        schema.file,
        schema.encoding.name(),
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
        Task::Regression => "regression".to_owned(),
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
