//! The first reading of a dataset: what its columns are, and what happens to them.

use std::collections::HashMap;

use anyhow::{Result, bail, ensure};
use csv::StringRecord;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{
    Chosen, Wishes, alike, below, counted,
    distinct::{self, Distinct},
    profile::Profile,
    roles,
    split::{self, Groups},
    spread::Spread,
    target::{self, CLASS_LIMIT},
    units,
};
use crate::{
    log::Log,
    read::Dataset,
    schema::{Rows, Scale, Schema, Target, Task, Took},
    value::{self, Missing, Numerals},
};

/// How few rows a model can be learned from and judged by.
const LEAST_ROWS: u64 = 10;

/// How many values all columns together may count exactly, which bounds the memory.
const COUNTED: usize = 1 << 19;

/// How many rows of a hundred may have another number of fields before they are refused.
const RAGGED_PERCENT: u64 = 5;

/// What the first reading brings.
pub(super) struct Survey {
    pub(super) profiles: Vec<Profile>,
    /// How each column writes numbers.
    pub(super) numerals: Vec<Numerals>,
    /// The target's classes, as long as they are few enough.
    classes: Option<HashMap<String, u64>>,
    /// Some of the target's numbers, all of them where they are few.
    numbers: Sampled<String>,
    /// Rows with the right number of fields.
    pub(super) rows: u64,
    /// How many of them differ.
    pub(super) different: Distinct,
    /// The groups of `--group`.
    pub(super) groups: Groups,
    /// Some values of the column of `--split-by`, all of them where they are few.
    pub(super) ordered: Sampled<String>,
    ragged: Ragged,
    /// The first row: where it is, and its fields.
    first: Option<(String, Vec<String>)>,
    /// What people should know of the rows.
    notes: Vec<String>,
    /// Where a record begins that has too many lines, and how many.
    long: Option<(String, usize)>,
}

/// Up to how many different rows are counted exactly.
const ROWS_COUNTED: usize = 1 << 15;

/// How many values are kept of a column of which some say enough.
const SAMPLED: u64 = 1 << 16;

/// How many different words of the target are counted: classes and some markers of missing values.
const WORDS: usize = CLASS_LIMIT + 20;

/// How many lines a record may have before a missing quote is likelier.
const LINES: usize = 20;

#[derive(Default)]
struct Ragged {
    rows: u64,
    /// The first one: where it is, and how many fields it has.
    first: Option<(String, usize)>,
}

impl Survey {
    /// Reads all rows. Where a column turns out to write numbers in another way than the file, they are read once more.
    pub(super) fn of(
        data: &Dataset,
        chosen: &Chosen,
        missing: &Missing,
        log: &Log,
    ) -> Result<Self> {
        let usual = vec![data.usual(); data.names.len()];
        let survey = Survey::with(usual, data, chosen, missing, log)?;
        let proven = survey.profiles.iter().map(|it| it.marks.proven());
        let numerals: Vec<_> = proven.map(|it| it.unwrap_or(data.usual())).collect();
        if numerals == survey.numerals {
            return Ok(survey);
        }
        Survey::with(numerals, data, chosen, missing, log)
    }

    fn with(
        numerals: Vec<Numerals>,
        data: &Dataset,
        chosen: &Chosen,
        missing: &Missing,
        log: &Log,
    ) -> Result<Self> {
        let columns = data.names.len();
        let capacity = (COUNTED / columns).clamp(32, 4096);
        let mut survey = Survey {
            profiles: vec![Profile::new(capacity); columns],
            numerals,
            classes: Some(HashMap::new()),
            rows: 0,
            different: Distinct::new(ROWS_COUNTED),
            groups: Groups::default(),
            numbers: Sampled::default(),
            ordered: Sampled::default(),
            ragged: Ragged::default(),
            first: None,
            notes: Vec::new(),
            long: None,
        };
        let mut random = ChaCha8Rng::seed_from_u64(crate::SEED);
        let mut rows = data.rows();
        let mut record = StringRecord::new();
        while rows.next(&mut record)? {
            if !fits(&record, columns) {
                survey.ragged.rows += 1;
                survey
                    .ragged
                    .first
                    .get_or_insert_with(|| (rows.place(&record), record.len()));
                continue;
            }
            survey.rows += 1;
            survey.first.get_or_insert_with(|| {
                let fields = record.iter().map(|field| field.trim().to_owned());
                (rows.place(&record), fields.collect())
            });
            let lines = record.as_slice().matches('\n').count();
            if lines > LINES {
                survey
                    .long
                    .get_or_insert_with(|| (rows.place(&record), lines));
            }
            let written = survey.numerals.iter().zip(&record);
            for (profile, (numerals, field)) in survey.profiles.iter_mut().zip(written) {
                profile.add(field, *numerals, missing);
            }
            survey.different.add(distinct::row(&record));
            let field = |index: usize| record.get(index).unwrap_or_default().trim();
            let class = field(chosen.target);
            if !class.is_empty() && !missing.names(class) {
                survey.count(class);
                if value::number(class, survey.numerals[chosen.target]).is_some() {
                    survey.numbers.add(class.to_owned(), &mut random);
                }
            }
            if let Some(group) = chosen.group {
                survey.groups.add(distinct::hash(field(group)));
            }
            if let Some(column) = chosen.split_by {
                survey.ordered.add(field(column).to_owned(), &mut random);
            }
            if survey.rows.is_multiple_of(1000) {
                log.at(rows.bytes());
            }
        }
        survey.notes = rows.notes();
        Ok(survey)
    }

    fn count(&mut self, class: &str) {
        let Some(classes) = self.classes.as_mut() else {
            return;
        };
        if let Some(count) = classes.get_mut(class) {
            *count += 1;
        } else if classes.len() < WORDS {
            classes.insert(class.to_owned(), 1);
        } else {
            self.classes = None;
        }
    }

    /// How many rows have a target.
    pub(super) fn usable(&self, index: usize, target: &Target) -> u64 {
        match &target.task {
            Task::Classification { classes } => classes.iter().map(|class| class.rows).sum(),
            Task::Regression => self.profiles[index].numbers(),
        }
    }

    /// What was read as one row, though it hardly is.
    fn swallowed(&self) -> Option<String> {
        let (place, lines) = self.long.as_ref()?;
        Some(format!(
            "the row in {place} goes on for {lines} lines: is a quote missing there?"
        ))
    }

    pub(super) fn decide(
        &self,
        data: &Dataset,
        chosen: &Chosen,
        wishes: &Wishes,
    ) -> Result<Schema> {
        let index = chosen.target;
        let mut warnings = [data.notes.clone(), self.notes.clone()].concat();
        warnings.extend(self.ragged.judge(self.rows, data.names.len())?);
        ensure!(self.rows > 0, "it has a header and no rows");
        ensure!(
            self.rows >= LEAST_ROWS,
            "it has {} below its header: at least {LEAST_ROWS} are needed, for training and for the test",
            counted(self.rows, "row")
        );
        let profile = &self.profiles[index];
        let wanted = (wishes.task, &wishes.missing);
        let numerals = self.numerals[index];
        let mut target = target::target(
            &data.names[index],
            profile,
            self.classes.as_ref(),
            wanted,
            numerals,
        )?;
        let mut far = None;
        if target.task == Task::Regression {
            let kept = self.numbers.kept.iter();
            let numbers =
                kept.filter_map(|it| value::measured(it, numerals, target.unit.as_deref()));
            // Infinite ones are left out in any case, as no model learns them.
            let spread = Spread::of(numbers.filter(|it| it.is_finite()).collect());
            far = spread.far;
            target.numerals = Some(numerals).filter(|it| *it != data.usual());
            target.scale = spread.scale;
            target.bounds = spread.bounds;
            target.because += match spread.scale {
                Scale::Linear => "",
                _ => ", and a few of them are many times greater than the others",
            };
        }
        let usable = self.usable(index, &target);
        let absent = target::absent(profile, self.classes.as_ref(), wanted);
        warnings.extend(target::kept(
            &target.name,
            profile,
            self.classes.as_ref(),
            &absent,
            &wishes.missing,
        ));
        warnings.extend(target::left_out(
            &target,
            profile,
            &absent,
            (self.rows, usable),
        ));
        ensure!(
            usable >= LEAST_ROWS,
            "only {} of {} have a value of the target '{}': at least {LEAST_ROWS} are needed",
            usable,
            counted(self.rows, "row"),
            target.name
        );
        if target.task == Task::Regression && profile.is_blurred() {
            warnings.push(roles::blurred(&target.name));
        }
        if target.task == Task::Regression {
            let far = far.map(|it| it.told(&target.name));
            warnings.extend(roles::far(&target.name, profile).or(far));
            warnings.extend(units::told(&target.name, &profile.units));
            warnings.extend(profile.marks.doubt(&target.name, data.usual()));
        }
        if let Some((place, fields)) = &self.first {
            warnings.extend(below::told(place, fields, &self.profiles));
        }
        warnings.extend(same(&target));
        warnings.extend(self.swallowed());
        let roles = roles::roles(data, &self.profiles, index, &chosen.unwanted)?;
        warnings.extend(roles.warnings);
        warnings.extend(rare(&target));
        warnings.extend(unjudged(&target));
        Ok(Schema {
            file: data.name(),
            files: data.files(),
            written: data.written(),
            encoding: data.encoding(),
            delimiter: data.delimiter(),
            numerals: data.usual(),
            missing: wishes.missing.clone(),
            header: data.header(),
            target,
            columns: roles.columns,
            dropped: roles.dropped,
            rows: Rows {
                read: self.rows + self.ragged.rows,
                train: 0,
                test: 0,
            },
            split: chosen.splitting(data),
            warnings,
            sha256: String::new(),
            took: Took::default(),
        })
    }
}

/// Some of many values, each with the same chance (Vitter, "Random Sampling with a Reservoir", 1985, algorithm R).
pub(super) struct Sampled<T> {
    pub(super) kept: Vec<T>,
    seen: u64,
}

impl<T> Default for Sampled<T> {
    fn default() -> Self {
        Sampled {
            kept: Vec::new(),
            seen: 0,
        }
    }
}

impl<T> Sampled<T> {
    fn add(&mut self, value: T, random: &mut ChaCha8Rng) {
        self.seen += 1;
        if self.seen <= SAMPLED {
            self.kept.push(value);
            return;
        }
        let place = random.random_range(0..self.seen);
        if place < SAMPLED {
            self.kept[place as usize] = value;
        }
    }
}

impl Ragged {
    /// A few such rows are left out with a word; with many, the file is read in the wrong way.
    fn judge(&self, good: u64, columns: usize) -> Result<Option<String>> {
        let Some((place, fields)) = &self.first else {
            return Ok(None);
        };
        let all = good + self.rows;
        let found = format!(
            "{} of {all} rows have another number of fields than the {columns} of the first line ({place} has {fields})",
            self.rows
        );
        if self.rows > 1 && self.rows * 100 > all * RAGGED_PERCENT {
            bail!("{found}: look at its delimiter and quotes there");
        }
        Ok(Some(format!("{found}: they are left out")))
    }
}

/// Whether a row has a field for each column; an empty one more, from a delimiter at its end, is none.
pub(super) fn fits(record: &StringRecord, columns: usize) -> bool {
    record.len() == columns || (record.len() == columns + 1 && record.get(columns) == Some(""))
}

/// Whether there is anything to tell apart in the test part.
fn unjudged(target: &Target) -> Option<String> {
    let Task::Classification { classes } = &target.task else {
        return None;
    };
    let judged = classes
        .iter()
        .filter(|class| split::test_rows(class.rows) > 0)
        .count();
    (judged < 2).then(|| {
        format!(
            "'{}': the test has rows of {}, so the score means nothing: more rows of each class are needed",
            target.name,
            if judged == 1 { "only one class" } else { "no class" }
        )
    })
}

/// Classes whose names are the same but for their case, blanks or the way of writing a number, or yes and no.
fn same(target: &Target) -> Option<String> {
    let Task::Classification { classes } = &target.task else {
        return None;
    };
    let mut seen = HashMap::new();
    classes.iter().find_map(|class| {
        let plain = match class.name.parse::<f64>() {
            Ok(number) => number.to_string(),
            Err(_) => match value::truth(&class.name) {
                Some(truth) => u8::from(truth == "true").to_string(),
                None => alike::plain(&class.name),
            },
        };
        let other = seen.insert(plain, &class.name)?;
        Some(format!(
            "'{}': '{other}' and '{}' count as different classes",
            target.name, class.name
        ))
    })
}

/// Classes of which the test part has no row, or hardly one.
fn rare(target: &Target) -> Option<String> {
    let Task::Classification { classes } = &target.task else {
        return None;
    };
    let rare: Vec<_> = classes
        .iter()
        .filter(|class| class.rows < split::RARE)
        .collect();
    let shown: Vec<_> = rare
        .iter()
        .take(5)
        .map(|class| format!("'{}' ({})", class.name, counted(class.rows, "row")))
        .collect();
    let unjudged = rare
        .iter()
        .filter(|class| split::test_rows(class.rows) == 0)
        .count();
    (!rare.is_empty()).then(|| {
        let more = if rare.len() > 5 {
            format!(" and {} more", rare.len() - 5)
        } else {
            String::new()
        };
        format!(
            "'{}': {} too rare to split well: {}{more}; {} used for training, but not for the test",
            target.name,
            counted(rare.len() as u64, "class is"),
            shown.join(", "),
            counted(unjudged as u64, "is")
        )
    })
}
