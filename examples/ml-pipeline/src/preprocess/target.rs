//! What a model is to predict: classes or numbers. Decisions alone.

use std::collections::HashMap;

use anyhow::{Result, bail, ensure};

use super::{
    codes, labels, listed,
    profile::Profile,
    roles::{FEW, is_numeric, order},
};
use crate::{
    schema::{Class, Scale, Target, Task},
    value::{self, Missing, Numerals, missing},
};

/// How many classes a target may have.
pub const CLASS_LIMIT: usize = 1000;

/// Decides what is predicted.
///
/// `counts` has its words and their rows, or nothing when there are more than [`CLASS_LIMIT`]; `wanted` is what the
/// user asked for.
///
/// # Errors
///
/// If nothing can be learned of the target.
pub fn target(
    name: &str,
    profile: &Profile,
    counts: Option<&HashMap<String, u64>>,
    (wanted, missing): (Option<Wanted>, &Missing),
    numerals: Numerals,
) -> Result<Target> {
    let absent = absent(profile, counts, (wanted, missing));
    let numeric = has_numbers(profile) && forced(counts, &absent).is_empty();
    let mut classes = counts.map(|counts| classes(counts, &absent, numerals));
    let different = classes
        .as_ref()
        .map_or(profile.distinct.count(), |all| all.len() as u64);
    let values = match &classes {
        Some(classes) => classes.iter().map(|class| class.rows).sum(),
        None => profile.values,
    };
    if values == 0 {
        bail!(
            "the target '{name}' has no value in any row{}",
            told(&absent)
        );
    }
    if different == 1 {
        let only = classes
            .iter()
            .flatten()
            .map(|class| class.name.as_str())
            .next();
        bail!(
            "the target '{name}' has one value, '{}', in all {values} rows that have any{}: there is nothing to learn",
            only.unwrap_or_default(),
            told(&absent)
        );
    }
    if wanted.is_none() && !numeric {
        refuse_dates(name, profile)?;
        refuse_huge(name, profile)?;
        if let Some(classes) = &classes {
            refuse_mixed(name, classes, numerals)?;
        }
    }
    let decided = match wanted {
        Some(Wanted::Regression) if !numeric => {
            refuse_dates(name, profile)?;
            bail!(
                "the target '{name}' is no number (such as {}): it cannot be a regression",
                profile.examples()
            )
        }
        Some(Wanted::Classification) => Ok("it was asked for".to_owned()),
        Some(Wanted::Regression) => Err("it was asked for".to_owned()),
        None if !numeric => Ok(format!("'{name}' has {different} different words")),
        None => numbers(name, profile, classes.as_deref(), different, numerals),
    };
    let (task, because) = match decided {
        Ok(because) => {
            let classes = enough(name, values, different, classes.take())?;
            (Task::Classification { classes }, because)
        }
        Err(because) => (Task::Regression, because),
    };
    Ok(Target {
        name: name.to_owned(),
        unit: profile.unit().filter(|_| task == Task::Regression),
        numerals: None,
        scale: Scale::Linear,
        bounds: None,
        task,
        because,
    })
}

/// Whether a target's values are numbers: all but for a few, or so many of so many kinds that the others are no classes.
fn has_numbers(profile: &Profile) -> bool {
    let most = profile.numbers() * 5 >= profile.known() * 4;
    is_numeric(profile) || (most && profile.distinct.count() > FEW)
}

/// Why numbers are classes, or else why they are numbers.
fn numbers(
    name: &str,
    profile: &Profile,
    classes: Option<&[Class]>,
    different: u64,
    numerals: Numerals,
) -> Result<String, String> {
    if different == 2 {
        let whole = if profile.integers == profile.numbers() {
            "whole "
        } else {
            ""
        };
        return Ok(format!("'{name}' has 2 different {whole}numbers"));
    }
    let number = |class: &Class| value::number(&class.name, numerals);
    match classes {
        Some(classes) if profile.integers == profile.numbers() => {
            if let Some(because) = codes::because(name, profile)
                && classes.len() <= labels::NAMED_LABELS
            {
                return Ok(format!(
                    "'{name}' has {different} different whole numbers that look like codes, as {because}; --task \
                     regression takes them for numbers"
                ));
            }
            let whole = |class: &Class| Some((number(class)? as i64, class.rows));
            labels::are_labels(name, &classes.iter().filter_map(whole).collect::<Vec<_>>())
        }
        _ => Err(format!("'{name}' has about {different} different numbers")),
    }
}

/// Dates are not predicted.
fn refuse_dates(name: &str, profile: &Profile) -> Result<()> {
    let dates = profile.dates.count();
    let other = match profile.distinct.count() {
        ..=FEW => "; --task classification takes each for a class",
        _ => "",
    };
    let choose = format!(
        "which are not predicted: choose a column of classes or numbers with --target{other}"
    );
    let known = profile.known();
    let are_some =
        order(profile).is_some() || (dates * 2 > known && profile.distinct.count() > FEW);
    ensure!(
        !are_some || dates < known,
        "the target '{name}' has dates, {choose}"
    );
    ensure!(
        !are_some,
        "the target '{name}' has dates in {dates} of {known} rows, {choose}"
    );
    Ok(())
}

/// Numbers that a 32-bit float cannot hold are not predicted.
fn refuse_huge(name: &str, profile: &Profile) -> Result<()> {
    let (huge, known) = (profile.infinite, profile.known());
    ensure!(
        huge * 2 <= known,
        "the target '{name}' has numbers beyond the range of 32-bit floats in {huge} of {known} rows, such as {}: divide \
         them by a constant",
        profile.examples()
    );
    Ok(())
}

/// Numbers of which hardly one comes again are no classes. Beside a few words, it is not clear what is to be predicted.
fn refuse_mixed(name: &str, classes: &[Class], numerals: Numerals) -> Result<()> {
    let is_number = |class: &&Class| value::number(&class.name, numerals).is_some();
    let (numbers, mut words): (Vec<_>, Vec<_>) = classes.iter().partition(is_number);
    let rows: u64 = numbers.iter().map(|class| class.rows).sum();
    let different = numbers.len() as u64;
    words.sort_by_key(|class| std::cmp::Reverse(class.rows));
    let few = words.first().filter(|_| words.len() as u64 <= FEW);
    let Some(word) = few else {
        return Ok(());
    };
    ensure!(
        different <= FEW || rows >= different * labels::ROWS_OF_EACH,
        "the target '{name}' has {different} different numbers in {rows} rows, and words such as '{0}' in others: \
         --missing={0} leaves out the rows with this word, and --task classification takes each number for a class",
        word.name
    );
    Ok(())
}

/// The words of a target that stand for no value. Where they would leave one class or none, each is a class.
pub fn absent(
    profile: &Profile,
    counts: Option<&HashMap<String, u64>>,
    (wanted, missing): (Option<Wanted>, &Missing),
) -> Vec<String> {
    let mut absent = usual_absent(profile, counts);
    absent.retain(|word| !missing.keeps(word));
    let is_forced = counts.is_some_and(|all| all.len() > 1 && all.len() < absent.len() + 2);
    if is_forced && wanted != Some(Wanted::Regression) {
        return Vec::new();
    }
    absent
}

/// The markers that are classes only because there is one other class or none.
fn forced(counts: Option<&HashMap<String, u64>>, absent: &[String]) -> Vec<String> {
    let all = counts.into_iter().flat_map(HashMap::keys);
    let (mut markers, others): (Vec<_>, Vec<_>) = all
        .cloned()
        .partition(|word| missing::marker(word).is_some());
    if !absent.is_empty() || others.len() > 1 {
        return Vec::new();
    }
    markers.sort();
    markers
}

/// A warning of markers that are classes or could be ones. `+` beside `-` and `Mild` beside `None` are no surprise.
pub fn kept(
    name: &str,
    profile: &Profile,
    counts: Option<&HashMap<String, u64>>,
    absent: &[String],
    missing: &Missing,
) -> Option<String> {
    let usual = usual_absent(profile, counts);
    let mut forced = forced(counts, absent);
    forced.retain(|word| usual.contains(word) && !missing.keeps(word));
    let shown: Vec<_> = forced.iter().map(|word| format!("'{word}'")).collect();
    let are = match shown.len() {
        1 => "often stands for no value, and is a class here",
        _ => "often stand for no value, and are classes here",
    };
    (!forced.is_empty()).then(|| {
        format!(
            "'{name}': {} {are}, as there is no other one or only one: --missing={} leaves such rows out",
            listed(&shown),
            forced.join(",")
        )
    })
}

fn usual_absent(profile: &Profile, counts: Option<&HashMap<String, u64>>) -> Vec<String> {
    match counts {
        // Beside numbers each marker is one.
        Some(counts) if has_numbers(profile) => {
            let markers = counts.keys().filter(|word| missing::marker(word).is_some());
            let mut markers: Vec<_> = markers.cloned().collect();
            markers.sort();
            markers
        }
        Some(counts) => labels::absent(counts),
        None => profile.absent.clone(),
    }
}

/// Why some rows are left out, if some are; `usable` of `rows` are not.
pub fn left_out(
    target: &Target,
    profile: &Profile,
    absent: &[String],
    (rows, usable): (u64, u64),
) -> Option<String> {
    let name = &target.name;
    let left = rows.checked_sub(usable).filter(|&left| left > 0)?;
    let are = super::counted(left, "row is");
    let odd = match target.task {
        Task::Regression => profile.known() - profile.numbers(),
        Task::Classification { .. } => 0,
    };
    Some(match odd {
        0 if target.task == Task::Regression => format!(
            "{are} left out, as '{name}' has no value there{}",
            told(absent)
        ),
        0 => format!(
            "{are} left out, as '{name}' has no value there{}{}",
            told(absent),
            cure(absent)
        ),
        _ if profile.odd.is_empty() => {
            format!("{are} left out, as '{name}' has no value there, or one in another unit")
        }
        _ => format!(
            "{are} left out, as '{name}' is no finite number there: {odd} of {} values are none, such as {}",
            profile.known(),
            profile.examples()
        ),
    })
}

/// How words that are taken for no value become classes.
fn cure(absent: &[String]) -> String {
    let Some(word) = absent
        .iter()
        .find(|word| word.chars().any(char::is_alphabetic))
    else {
        return String::new();
    };
    format!("; if that is a class, use --missing='!{word}'")
}

/// What is taken for no value, where that may surprise.
fn told(absent: &[String]) -> String {
    if absent.is_empty() {
        return String::new();
    }
    let shown: Vec<_> = absent
        .iter()
        .take(3)
        .map(|word| format!("'{word}'"))
        .collect();
    let more = if absent.len() > 3 {
        " and others mean"
    } else if absent.len() > 1 {
        " mean"
    } else {
        " means"
    };
    format!(" ({}{more} no value)", shown.join(", "))
}

/// What a user may ask for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// One of some classes.
    Classification,
    /// A number.
    Regression,
}

impl Wanted {
    /// As people write it.
    ///
    /// # Errors
    ///
    /// If it is neither.
    pub fn of(text: &str) -> Result<Self> {
        match text {
            "classification" => Ok(Wanted::Classification),
            "regression" => Ok(Wanted::Regression),
            _ => bail!("'{text}' is not a valid task: write classification or regression"),
        }
    }
}

/// The classes, if there are few enough of them.
fn enough(
    name: &str,
    values: u64,
    different: u64,
    classes: Option<Vec<Class>>,
) -> Result<Vec<Class>> {
    let Some(classes) = classes.filter(|classes| classes.len() <= CLASS_LIMIT) else {
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
    Ok(classes)
}

/// The words that are classes, numbers by value and then words by name.
fn classes(counts: &HashMap<String, u64>, absent: &[String], numerals: Numerals) -> Vec<Class> {
    let mut classes: Vec<_> = counts
        .iter()
        .filter(|(word, _)| !absent.contains(word))
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
    classes
}
