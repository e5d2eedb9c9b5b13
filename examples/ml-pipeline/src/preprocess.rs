//! The first step: a CSV file of any make becomes two tidy ones, to learn from and to judge by.
//!
//! The file is read twice and never held: once to learn what its columns are, once to write the rows.

pub mod distinct;
pub mod profile;
pub mod roles;
pub mod split;

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use csv::StringRecord;

use crate::log::Log;
use crate::read::{self, CsvFile};
use crate::schema::{self, Column, Kind, Rows, Schema, Target, Task, files};
use crate::value::{self, Numerals, date};
use profile::Profile;
use roles::{CLASS_LIMIT, Wanted};
use split::Split;

/// How few rows a model can be learned from and judged by.
const LEAST_ROWS: u64 = 10;

/// How many values all columns together may count exactly, which bounds the memory.
const COUNTED: usize = 1 << 19;

/// How many rows of a hundred may have another number of fields before the file is refused.
const RAGGED_PERCENT: u64 = 5;

/// What a user may say of the data.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// The column to predict; the last one if none is named.
    pub target: Option<String>,
    /// What kind of prediction it is, where that shall not be guessed.
    pub task: Option<Wanted>,
}

/// Reads `data`, and leaves `schema.json`, `train.csv` and `test.csv` in `dir`.
///
/// # Errors
///
/// With one sentence, if no model can be learned from the file.
pub fn preprocess(data: &Path, dir: &Path, wishes: &Wishes, log: &Log) -> Result<Schema> {
    let file = CsvFile::open(data)?;
    let named = || data.display().to_string();
    let index = target_column(&file.names, wishes.target.as_deref()).with_context(named)?;
    log.start("reading", Some(fs::metadata(data)?.len()));
    let survey = Survey::of(&file, index, log)?;
    log.finish();
    let mut schema = survey.decide(&file, data, index, wishes).with_context(named)?;
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    log.start("splitting", Some(survey.rows));
    write(&file, dir, index, survey.profiles[index].numbers, &mut schema, log)?;
    log.finish();
    schema::save(dir, files::SCHEMA, &schema)?;
    tell(&schema, log);
    Ok(schema)
}

fn target_column(names: &[String], wanted: Option<&str>) -> Result<usize> {
    ensure!(
        names.len() > 1,
        "it has one column, '{}': a target and at least one column to learn from are needed (a field is taken to end \
         at a comma, semicolon, tab or vertical bar)",
        names[0]
    );
    let Some(wanted) = wanted else {
        return Ok(names.len() - 1);
    };
    if names.iter().any(|name| name.strip_suffix("_2") == Some(wanted)) && names.iter().any(|name| name == wanted) {
        bail!("the target '{wanted}' is the name of more than one column: rename one of them");
    }
    if let Some(index) = names.iter().position(|name| name == wanted.trim()) {
        return Ok(index);
    }
    let near = names.iter().map(|name| (strsim::jaro_winkler(name, wanted), name)).max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((likeness, name)) if likeness > 0.8 => bail!("there is no column '{wanted}': did you mean '{name}'?"),
        _ => {
            let some: Vec<_> = names.iter().take(10).map(|name| format!("'{name}'")).collect();
            let more = if names.len() > 10 { format!(" and {} more", names.len() - 10) } else { String::new() };
            bail!("there is no column '{wanted}': the columns are {}{more}", some.join(", "))
        }
    }
}

/// What the first reading brings.
struct Survey {
    profiles: Vec<Profile>,
    /// The target's classes, as long as they are few enough.
    classes: Option<HashMap<String, u64>>,
    /// Rows with the right number of fields.
    rows: u64,
    ragged: Ragged,
}

#[derive(Default)]
struct Ragged {
    rows: u64,
    /// The first one: its line, and how many fields it has.
    first: Option<(u64, usize)>,
}

impl Survey {
    fn of(file: &CsvFile, target: usize, log: &Log) -> Result<Self> {
        let columns = file.names.len();
        let capacity = (COUNTED / columns).clamp(32, 4096);
        let mut survey = Survey {
            profiles: vec![Profile::new(capacity); columns],
            classes: Some(HashMap::new()),
            rows: 0,
            ragged: Ragged::default(),
        };
        let mut rows = file.rows()?;
        let mut record = StringRecord::new();
        while rows.next(&mut record)? {
            if !fits(&record, columns) {
                survey.ragged.rows += 1;
                survey.ragged.first.get_or_insert((read::Rows::line(&record), record.len()));
                continue;
            }
            survey.rows += 1;
            for (profile, field) in survey.profiles.iter_mut().zip(&record) {
                profile.add(field, file.numerals());
            }
            survey.count(record.get(target).unwrap_or_default().trim());
            if survey.rows.is_multiple_of(1000) {
                log.at(record.position().map_or(0, csv::Position::byte));
            }
        }
        Ok(survey)
    }

    fn count(&mut self, class: &str) {
        let Some(classes) = self.classes.as_mut().filter(|_| !value::is_missing(class)) else {
            return;
        };
        if let Some(count) = classes.get_mut(class) {
            *count += 1;
        } else if classes.len() < CLASS_LIMIT {
            classes.insert(class.to_owned(), 1);
        } else {
            self.classes = None;
        }
    }

    fn decide(&self, file: &CsvFile, data: &Path, index: usize, wishes: &Wishes) -> Result<Schema> {
        let mut warnings = file.notes.clone();
        warnings.extend(self.ragged.judge(self.rows, file.names.len())?);
        ensure!(self.rows > 0, "it has a header and no rows");
        ensure!(
            self.rows >= LEAST_ROWS,
            "it has {} below its header: at least {LEAST_ROWS} are needed to learn from some and judge by the others",
            counted(self.rows, "row")
        );
        let profile = &self.profiles[index];
        let target = roles::target(&file.names[index], profile, self.classes.as_ref(), wishes.task, file.numerals())?;
        let usable = match target.task {
            Task::Classification { .. } => profile.values,
            Task::Regression => profile.numbers,
        };
        if usable < self.rows {
            warnings.push(format!("{} left out, as '{}' has no value there", counted(self.rows - usable, "row is"), target.name));
        }
        ensure!(
            usable >= LEAST_ROWS,
            "only {} of {} have a value of the target '{}': at least {LEAST_ROWS} are needed",
            usable,
            counted(self.rows, "row"),
            target.name
        );
        let roles = roles::roles(&file.names, &self.profiles, index)?;
        warnings.extend(roles.warnings);
        warnings.extend(rare(&target));
        Ok(Schema {
            file: data.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            encoding: file.encoding,
            delimiter: char::from(file.dialect.delimiter),
            numerals: file.numerals(),
            header: file.dialect.header,
            target,
            columns: roles.columns,
            dropped: roles.dropped,
            rows: Rows { read: self.rows + self.ragged.rows, train: 0, test: 0 },
            warnings,
        })
    }
}

impl Ragged {
    /// A few such rows are left out with a word; with many, the file is read in the wrong way.
    fn judge(&self, good: u64, columns: usize) -> Result<Option<String>> {
        let Some((line, fields)) = self.first else {
            return Ok(None);
        };
        let all = good + self.rows;
        let found = format!(
            "{} of {all} rows have another number of fields than the {columns} of the first line (line {line} has {fields})",
            self.rows
        );
        if self.rows > 1 && self.rows * 100 > all * RAGGED_PERCENT {
            bail!("{found}: look at its delimiter and quotes there");
        }
        Ok(Some(format!("{found}: they are left out")))
    }
}

/// Whether a row has a field for each column; an empty one more, from a delimiter at its end, is none.
fn fits(record: &StringRecord, columns: usize) -> bool {
    record.len() == columns || (record.len() == columns + 1 && record.get(columns) == Some(""))
}

/// Classes of which the test part has no row, or hardly one.
fn rare(target: &Target) -> Option<String> {
    let Task::Classification { classes } = &target.task else {
        return None;
    };
    let rare: Vec<_> = classes.iter().filter(|class| class.rows < split::RARE).collect();
    let shown: Vec<_> = rare.iter().take(5).map(|class| format!("'{}' ({})", class.name, counted(class.rows, "row"))).collect();
    let unjudged = rare.iter().filter(|class| split::test_rows(class.rows) == 0).count();
    (!rare.is_empty()).then(|| {
        let more = if rare.len() > 5 { format!(" and {} more", rare.len() - 5) } else { String::new() };
        format!(
            "'{}': {} too rare to split well: {}{more}; {} learned from, but not judged",
            target.name,
            counted(rare.len() as u64, "class is"),
            shown.join(", "),
            counted(unjudged as u64, "is")
        )
    })
}

/// The second reading: each row goes to one of the two parts, its values in one way of writing.
///
/// `usable` is how many rows have a number as their target.
fn write(file: &CsvFile, dir: &Path, target: usize, usable: u64, schema: &mut Schema, log: &Log) -> Result<()> {
    let columns: Vec<(usize, Kind)> = {
        let place = |column: &Column| file.names.iter().position(|name| *name == column.name);
        schema.columns.iter().filter_map(|column| Some((place(column)?, column.kind))).collect()
    };
    let mut train = create(dir, files::TRAIN, schema)?;
    let mut test = create(dir, files::TEST, schema)?;
    let mut split = Split::new(&schema.target.task, usable);
    let mut rows = file.rows()?;
    let (mut record, mut text) = (StringRecord::new(), String::new());
    let mut done = 0;
    while rows.next(&mut record)? {
        if !fits(&record, file.names.len()) {
            continue;
        }
        done += 1;
        if done % 1000 == 0 {
            log.at(done);
        }
        let Some(class) = class(record.get(target).unwrap_or_default(), schema) else {
            continue;
        };
        let is_test = split.is_test(if schema.target.task == Task::Regression { "" } else { &class });
        let (out, count) = match is_test {
            true => (&mut test, &mut schema.rows.test),
            false => (&mut train, &mut schema.rows.train),
        };
        for &(index, kind) in &columns {
            tidy(record.get(index).unwrap_or_default(), kind, schema.numerals, &mut text);
            out.write_field(&text)?;
        }
        out.write_field(class.as_ref())?;
        out.write_record(None::<&[u8]>)?;
        *count += 1;
    }
    train.flush().and_then(|()| test.flush()).with_context(|| format!("cannot write to {}", dir.display()))
}

fn create(dir: &Path, name: &str, schema: &Schema) -> Result<csv::Writer<BufWriter<File>>> {
    let path = dir.join(name);
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut writer = csv::Writer::from_writer(BufWriter::new(file));
    let names = schema.columns.iter().map(|column| &column.name).chain([&schema.target.name]);
    writer.write_record(names)?;
    Ok(writer)
}

/// The target of a row as it is written; nothing where it has none.
fn class<'a>(field: &'a str, schema: &Schema) -> Option<std::borrow::Cow<'a, str>> {
    let field = field.trim();
    match schema.target.task {
        Task::Classification { .. } => (!value::is_missing(field)).then(|| field.into()),
        Task::Regression => finite(field, schema.numerals).map(|number| number.to_string().into()),
    }
}

/// A number that a 32-bit float can hold.
fn finite(field: &str, numerals: Numerals) -> Option<f32> {
    let field = field.trim();
    let number = value::number(field, numerals).filter(|_| !value::is_missing(field));
    number.map(|number| number as f32).filter(|number| number.is_finite())
}

/// A value as the model takes it: a decimal point, dates as days, nothing where it is missing.
pub fn tidy(field: &str, kind: Kind, numerals: Numerals, text: &mut String) {
    use std::fmt::Write;
    text.clear();
    let field = field.trim();
    let number = match kind {
        Kind::Number => finite(field, numerals),
        Kind::Date { order } => date::days(field, order).map(|days| days as f32),
        Kind::Category | Kind::Boolean => {
            if !value::is_missing(field) {
                text.push_str(field);
            }
            return;
        }
    };
    if let Some(number) = number {
        // Writing to a string cannot fail.
        let _ = write!(text, "{number}");
    }
}

fn tell(schema: &Schema, log: &Log) {
    let delimiter = match schema.delimiter {
        '\t' => "tab".to_owned(),
        other => format!("'{other}'"),
    };
    log.say(&format!(
        "read {}: {}, delimiter {delimiter}, {}, {} columns",
        schema.file,
        schema.encoding.name(),
        counted(schema.rows.read, "row"),
        schema.columns.len() + schema.dropped.len() + 1
    ));
    for dropped in &schema.dropped {
        log.say(&format!("column '{}' is left out: {}", dropped.name, dropped.reason));
    }
    for warning in &schema.warnings {
        log.warn(warning);
    }
    let task = match &schema.target.task {
        Task::Classification { classes } => format!("classification into {} classes", classes.len()),
        Task::Regression => "regression".to_owned(),
    };
    log.say(&format!("target '{}': {task}, because {}", schema.target.name, schema.target.because));
    log.say(&format!(
        "{} to learn from, {} to judge by, {} columns",
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
    if count == 1 { format!("1 {what}") } else { format!("{count} {many}") }
}
