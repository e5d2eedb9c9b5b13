//! What a model is to predict: classes or numbers. Decisions alone.

use std::collections::HashMap;

use anyhow::{Result, bail};

use super::{
    profile::Profile,
    roles::{is_mostly, order},
};
use crate::{
    schema::{Class, Target, Task},
    value::{self, Numerals},
};

/// How many classes a target may have.
pub const CLASS_LIMIT: usize = 1000;

/// Up to how many different whole numbers are taken for classes.
const NUMBERED_CLASSES: u64 = 20;

/// Decides what is predicted.
///
/// `counts` has the classes and their rows, or nothing when there are more than [`CLASS_LIMIT`];
/// `wanted` is what the user asked for.
///
/// # Errors
///
/// If nothing can be learned of the target.
pub fn target(
    name: &str,
    profile: &Profile,
    counts: Option<&HashMap<String, u64>>,
    wanted: Option<Wanted>,
    numerals: Numerals,
) -> Result<Target> {
    let values = profile.values;
    let different = counts.map_or(profile.distinct.count(), |counts| counts.len() as u64);
    if values == 0 {
        bail!(
            "the target '{name}' has no value in any row{}",
            absent(profile)
        );
    }
    if different == 1 {
        let only = counts
            .and_then(|counts| counts.keys().next())
            .cloned()
            .unwrap_or_default();
        bail!(
            "the target '{name}' has one value, '{only}', in all {values} rows that have any{}: there is nothing to learn",
            absent(profile)
        );
    }
    let numeric = is_mostly(profile.numbers, values);
    if wanted.is_none() && order(profile).is_some() {
        bail!(
            "the target '{name}' has dates, which are not predicted: choose a column of classes or numbers with --target"
        );
    }
    let few = different == 2 || (different <= NUMBERED_CLASSES && different * 3 <= values);
    let classes = match wanted {
        Some(Wanted::Classification) => true,
        Some(Wanted::Regression) if !numeric => {
            bail!(
                "the target '{name}' is no number (such as '{}'): it cannot be a regression",
                profile.odd.join("', '")
            )
        }
        Some(Wanted::Regression) => false,
        None => !numeric || (profile.numbers == profile.integers && few) || different == 2,
    };
    let because = match (wanted, classes) {
        (Some(_), _) => "it was asked for".to_owned(),
        (None, true) if profile.integers == values => {
            format!("'{name}' has {different} different whole numbers")
        }
        (None, true) if profile.numbers == values => {
            format!("'{name}' has {different} different numbers")
        }
        (None, true) => format!("'{name}' has {different} different words"),
        (None, false) => format!("'{name}' has about {different} different numbers"),
    };
    let task = if classes {
        let classes = counted(name, values, different, counts, numerals)?;
        Task::Classification { classes }
    } else {
        Task::Regression
    };
    Ok(Target {
        name: name.to_owned(),
        task,
        because,
    })
}

/// What is taken for no value, where that may surprise.
pub fn absent(profile: &Profile) -> String {
    if profile.absent.is_empty() {
        return String::new();
    }
    format!(" ('{}' means no value)", profile.absent.join("', '"))
}

/// What a user may ask for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Wanted {
    /// One of some classes.
    Classification,
    /// A number.
    Regression,
}

fn counted(
    name: &str,
    values: u64,
    different: u64,
    counts: Option<&HashMap<String, u64>>,
    numerals: Numerals,
) -> Result<Vec<Class>> {
    let Some(counts) = counts else {
        bail!(
            "the target '{name}' has more than {CLASS_LIMIT} classes (about {different} different words in {values} \
             rows): choose another column with --target, or fewer classes"
        );
    };
    if different * 2 > values {
        bail!(
            "the target '{name}' has {different} classes in {values} rows, fewer than two rows for each: choose \
             another column with --target, or fewer classes"
        );
    }
    let mut classes: Vec<_> = counts
        .iter()
        .map(|(name, &rows)| Class {
            name: name.clone(),
            rows,
        })
        .collect();
    let value = |class: &Class| value::number(&class.name, numerals).unwrap_or(f64::INFINITY);
    classes.sort_by(|a, b| {
        value(a)
            .total_cmp(&value(b))
            .then_with(|| a.name.cmp(&b.name))
    });
    Ok(classes)
}
