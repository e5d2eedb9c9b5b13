//! Which columns a user means. Decisions alone.

use std::collections::HashMap;

use anyhow::{Result, bail, ensure};

use super::Wishes;
use crate::{read::Dataset, schema::Splitting};

/// The columns that play a part of their own, by their place in the table.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// What is predicted.
    pub target: usize,
    /// By whose order the rows are split.
    pub split_by: Option<usize>,
    /// Whose values are groups.
    pub group: Option<usize>,
    /// What is not learned from, and why.
    pub unwanted: HashMap<usize, String>,
}

impl Chosen {
    /// Finds them in a table.
    ///
    /// # Errors
    ///
    /// With one sentence, if a column is not there, or cannot play its part.
    pub fn of(data: &Dataset, wishes: &Wishes) -> Result<Self> {
        let names = &data.names;
        ensure!(names.len() > 1, one_column(&names[0]));
        if let Some(last) = data
            .unread_last
            .as_ref()
            .filter(|_| wishes.target.is_none())
        {
            bail!(
                "the last column '{last}' would be the target, and its values cannot be read: name another one with --target"
            );
        }
        let mut unwanted = HashMap::new();
        for wanted in &wishes.ignore {
            for index in listed(data, wanted)? {
                unwanted.insert(index, "--ignore names it".to_owned());
            }
        }
        let find = |wanted: &Option<String>, part: &str| {
            let found = wanted.as_ref().map(|wanted| column(data, wanted, part));
            found.transpose()
        };
        let group = find(&wishes.group, "--group")?;
        let split_by = find(&wishes.split_by, "--split-by")?;
        ensure!(
            group.is_none() || split_by.is_none(),
            "--split-by and --group exclude each other: the rows are split by the order of one column or by the groups of \
             another"
        );
        if let Some(group) = group {
            let reason = "--group names it: its values are not those of later rows";
            unwanted.entry(group).or_insert_with(|| reason.to_owned());
        }
        let last = (0..names.len()).rev().find(|it| !unwanted.contains_key(it));
        let target = match (find(&wishes.target, "the target")?, last) {
            (Some(target), _) | (None, Some(target)) => target,
            (None, None) => bail!(
                "all columns are ignored: a target and at least one column to learn from are needed"
            ),
        };
        if let Some(reason) = unwanted.get(&target) {
            bail!(
                "'{}' is the target, and {}: it cannot be both",
                names[target],
                reason.split(':').next().unwrap_or_default()
            );
        }
        ensure!(
            group != Some(target) && split_by != Some(target),
            "'{}' is the target: name another column with --split-by",
            names[target]
        );
        Ok(Chosen {
            target,
            split_by,
            group,
            unwanted,
        })
    }

    /// How the rows are split.
    pub fn splitting(&self, data: &Dataset) -> Splitting {
        let name = |index: usize| data.names[index].clone();
        match (self.split_by, self.group) {
            (Some(index), _) => Splitting::Order {
                column: name(index),
            },
            (_, Some(index)) => Splitting::Group {
                column: name(index),
            },
            _ => Splitting::Random,
        }
    }
}

/// How much is shown of the name of an only column, which may be a whole row or more.
const SHOWN: usize = 60;

/// Why a table of one column is none, and what to do.
fn one_column(name: &str) -> String {
    let is_cut = name.chars().count() > SHOWN;
    let readable = name
        .chars()
        .map(|it| if it.is_control() { '\u{fffd}' } else { it });
    let shown: String = readable.take(SHOWN).collect();
    let shown = if is_cut { format!("{shown}…") } else { shown };
    let found = format!(
        "it has one column, '{shown}': a target and at least one column to learn from are needed"
    );
    if name.chars().any(char::is_control) {
        return format!("{found}; if that is no readable text, convert the file to UTF-8");
    }
    let is_aligned = name
        .split("  ")
        .filter(|part| !part.trim().is_empty())
        .count()
        > 1;
    if is_aligned {
        return format!(
            "{found}; the names seem to be set apart by blanks alone, and some values have blanks or are empty: store the file \
             with commas, semicolons or tabs between the fields"
        );
    }
    format!("{found} (a field is taken to end at a comma, semicolon, tab or vertical bar)")
}

/// One column, or several with commas between them, as a Workflow has one parameter for all.
fn listed(data: &Dataset, wanted: &str) -> Result<Vec<usize>> {
    let is_one = data.names.iter().any(|name| name == wanted.trim());
    if is_one || !wanted.contains(',') {
        return Ok(vec![column(data, wanted, "--ignore")?]);
    }
    let parts = wanted.split(',').filter(|part| !part.trim().is_empty());
    parts.map(|part| column(data, part, "--ignore")).collect()
}

/// The place of a column. `part` is what it is wanted for.
fn column(data: &Dataset, wanted: &str, part: &str) -> Result<usize> {
    let names = &data.names;
    if data.repeated.contains(wanted) {
        bail!("{part} '{wanted}' is the name of more than one column: rename one of them");
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
