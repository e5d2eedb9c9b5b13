//! How the numbers of a target are spread: on which scale they are learned, and which are far from all others. Decisions
//! alone, on some of the numbers.

use crate::schema::Scale;

/// From how many numbers on there is something to say.
const LEAST: usize = 30;

/// From which skewness on a target has a heavy tail. That of an exponential distribution is 2.
const SKEWED: f64 = 3.0;

/// How skewed it may be on a log scale.
const EVEN: f64 = 1.0;

/// How wide it is on a log scale at least, as a standard deviation.
const WIDE: f64 = 0.75;

/// From how many interquartile ranges beyond the quartiles on a number is far from the others.
const FAR: f64 = 100.0;

/// One number of so many may be far, or [`SOME`] at least.
const FAR_OF: usize = 100;

/// How many far numbers are few in any case.
const SOME: usize = 3;

/// The same where far numbers are one again and again, as what stands for no value is, and where no number is between
/// them and the others.
const FAR_APART: f64 = 10.0;

/// One number of so many may be far if none is in between.
const APART_OF: usize = 20;

/// Up to which part of the numbers, in percent, those are that are told as far: more are no exception.
const TOLD_PERCENT: usize = 20;

/// How many times farther from the middle than all others those are that are no tail.
const APART: f64 = 5.0;

/// How many different far numbers are named.
const NAMED: usize = 3;

/// What is found out of a target's numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// On which scale they are learned.
    pub scale: Scale,
    /// The least and the greatest number that count, where few are far from all others.
    pub bounds: Option<(f64, f64)>,
    /// Those that are far from all others, where they are too many to be left out.
    pub far: Option<Far>,
}

/// Numbers that are far from all others, and decide alone what is learned: squares of errors are of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Far {
    /// How many there are, of how many.
    count: (usize, usize),
    /// Which they are, if they are the same few ones.
    again: Vec<f64>,
    /// The one that is farthest.
    example: f64,
    /// The least and the greatest of the others.
    others: (f64, f64),
}

impl Spread {
    /// Of some numbers in any order.
    pub fn of(mut numbers: Vec<f64>) -> Self {
        numbers.sort_by(f64::total_cmp);
        if let Some(scale) = log(&numbers) {
            return Spread {
                scale,
                bounds: None,
                far: None,
            };
        }
        let bounds = bounds(&numbers);
        if let Some((least, most)) = bounds {
            numbers.retain(|&number| number >= least && number <= most);
        }
        let scale = log(&numbers).unwrap_or_default();
        let is_linear = scale == Scale::Linear && bounds.is_none();
        Spread {
            scale,
            bounds,
            far: Far::of(&numbers).filter(|_| is_linear),
        }
    }
}

impl Far {
    fn of(sorted: &[f64]) -> Option<Self> {
        let again = beyond(sorted, FAR_APART);
        let again = again.filter(|(far, _)| recur(far));
        let alone = || beyond(sorted, FAR).filter(|(far, others)| is_apart(far, others));
        let (far, others) = again.or_else(alone)?;
        if far.len() < SOME || far.len() * 100 > sorted.len() * TOLD_PERCENT {
            return None;
        }
        let again = different(&far);
        Some(Far {
            count: (far.len(), sorted.len()),
            example: far
                .iter()
                .copied()
                .max_by(|a, b| a.abs().total_cmp(&b.abs()))?,
            again: if again.len() <= NAMED {
                again
            } else {
                Vec::new()
            },
            others: (*others.first()?, *others.last()?),
        })
    }

    /// A warning of them.
    pub fn told(&self, name: &str) -> String {
        let ((count, all), (least, most)) = (self.count, self.others);
        let cure = if self.again.is_empty() {
            "if they are errors, leave these rows out of the file".to_owned()
        } else {
            let again: Vec<_> = self.again.iter().map(f64::to_string).collect();
            format!(
                "if that stands for no value, --missing={} says so; if it is an error, leave these rows out of the file",
                again.join(",")
            )
        };
        format!(
            "'{name}': {:.1} % of the numbers ({count} of {all}) are far from all others, such as {}: the others are \
             between {least} and {most}, and hardly count for the score; {cure}",
            100.0 * count as f64 / all as f64,
            self.example
        )
    }
}

/// The numbers that are so many interquartile ranges beyond the quartiles, and all others; nothing where there is no
/// range.
fn beyond(sorted: &[f64], ranges: f64) -> Option<(Vec<f64>, Vec<f64>)> {
    let (least, most) = fences(sorted, ranges)?;
    let is_far = |number: &f64| *number < least || *number > most;
    let (far, others): (Vec<f64>, Vec<f64>) = sorted.iter().partition(|number| is_far(number));
    (!far.is_empty()).then_some((far, others))
}

/// Whether no number is between far ones and the others, as one is in a heavy tail.
fn is_apart(far: &[f64], others: &[f64]) -> bool {
    let middle = others[others.len() / 2];
    let off = |number: &f64| (number - middle).abs();
    let nearest = far.iter().map(off).fold(f64::INFINITY, f64::min);
    let widest = others.iter().map(off).fold(0.0, f64::max);
    nearest > widest * APART
}

fn different(sorted: &[f64]) -> Vec<f64> {
    let mut different = sorted.to_vec();
    different.dedup();
    different
}

/// The log scale that makes a heavy tail even; none where there is no such tail.
fn log(sorted: &[f64]) -> Option<Scale> {
    let scale = match sorted.first() {
        Some(&least) if least > 0.0 => Scale::Log,
        Some(0.0) => Scale::LogOfOneMore,
        _ => return None,
    };
    let logs: Vec<f64> = sorted.iter().map(|&number| scale.apply(number)).collect();
    let ((_, raw), (wide, even)) = (moments(sorted), moments(&logs));
    let is_heavy = sorted.len() >= LEAST && raw >= SKEWED && wide >= WIDE && even.abs() <= EVEN;
    is_heavy.then_some(scale)
}

/// Standard deviation and skewness.
fn moments(numbers: &[f64]) -> (f64, f64) {
    let count = numbers.len().max(1) as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let central = |power: i32| {
        numbers
            .iter()
            .map(|it| (it - mean).powi(power))
            .sum::<f64>()
            / count
    };
    let deviation = central(2).sqrt();
    if deviation > 0.0 {
        (deviation, central(3) / deviation.powi(3))
    } else {
        (0.0, 0.0)
    }
}

/// Whether a few numbers come again and again.
fn recur(sorted: &[f64]) -> bool {
    different(sorted).len() * SOME <= sorted.len()
}

fn bounds(sorted: &[f64]) -> Option<(f64, f64)> {
    gap(sorted).or_else(|| beyond_few(sorted))
}

/// Bounds in the middle of a gap between the few numbers that are far and all others. Numbers that come again and again
/// may stand for no value, which is told instead.
fn gap(sorted: &[f64]) -> Option<(f64, f64)> {
    let count = sorted.len();
    let (least, most) = fences(sorted, FAR_APART)?;
    let middle = sorted[count / 2];
    let mut off: Vec<f64> = sorted.iter().map(|it| (it - middle).abs()).collect();
    off.sort_by(f64::total_cmp);
    let first = count - (count / APART_OF).max(SOME);
    // The last number that counts is before the first gap.
    let last = (first..count).find(|&next| off[next] > off[next - 1] * APART)? - 1;
    let reach = (off[last] * off[last + 1]).sqrt();
    let bounds = (middle - reach, middle + reach);
    let (far, _): (Vec<f64>, Vec<f64>) = sorted
        .iter()
        .partition(|&&it| it < bounds.0 || it > bounds.1);
    let are_beyond = far.iter().all(|&it| it < least || it > most);
    (are_beyond && !recur(&far)).then_some(bounds)
}

/// Bounds for a heavy tail, of which few numbers are that far.
fn beyond_few(sorted: &[f64]) -> Option<(f64, f64)> {
    let count = sorted.len();
    let bounds = fences(sorted, FAR)?;
    let is_far = |number: &&f64| **number < bounds.0 || **number > bounds.1;
    let far = sorted.iter().filter(is_far).count();
    (far > 0 && far <= (count / FAR_OF).max(SOME)).then_some(bounds)
}

/// So many interquartile ranges beyond the quartiles.
fn fences(sorted: &[f64], ranges: f64) -> Option<(f64, f64)> {
    let count = sorted.len();
    if count < LEAST {
        return None;
    }
    let (low, high) = (sorted[count / 4], sorted[count * 3 / 4]);
    let reach = (high - low) * ranges;
    (reach > 0.0).then_some((low - reach, high + reach))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers between -2 and 2 that are spread like a bell.
    fn bell() -> impl Iterator<Item = f64> {
        (0..200_u32).map(|row| {
            let part = |by: u32| {
                f64::from(row.wrapping_mul(0x9e37_79b9).rotate_left(by) >> 8) / f64::from(1 << 24)
            };
            part(0) + part(7) + part(13) + part(21) - 2.0
        })
    }

    fn of(numbers: impl Iterator<Item = f64>) -> Spread {
        Spread::of(numbers.collect())
    }

    #[test]
    fn a_heavy_tail_is_learned_on_a_log_scale() {
        assert_eq!(of(bell().map(|it| (it * 4.0).exp())).scale, Scale::Log);
        let counts = bell().map(|it| (it * 3.0 + 2.0).exp().floor());
        assert_eq!(of(counts).scale, Scale::LogOfOneMore);
        assert_eq!(of(bell()).scale, Scale::Linear);
        assert_eq!(
            of(bell().map(|it| it.exp())).scale,
            Scale::Linear,
            "a light tail"
        );
        assert_eq!(
            of(bell().map(|it| (it * 4.0).exp() - 1.0)).scale,
            Scale::Linear,
            "below 0"
        );
        assert_eq!(
            of(bell().take(20).map(|it| (it * 4.0).exp())).scale,
            Scale::Linear,
            "few"
        );
    }

    #[test]
    fn many_numbers_that_are_far_are_told_and_those_that_recur_named() {
        let told = |spread: Spread| spread.far.map(|it| it.told("y")).unwrap_or_default();
        let again = told(of(bell().chain([500.0; 8])));
        assert!(
            again.starts_with(
                "'y': 3.8 % of the numbers (8 of 208) are far from all others, such as 500: the others are between -2 and 1.6"
            ),
            "{again}"
        );
        assert!(again.contains("--missing=500 says so"), "{again}");
        let errors = told(of(bell().chain((0..20).map(|it| f64::from(it) * 1e5 + 3e5))));
        assert!(errors.contains("if they are errors"), "{errors}");
        assert_eq!(
            told(of(bell().chain([500.0; 90]))),
            "",
            "a group of its own"
        );
        let tail = bell().map(|it| (it * 4.0).sinh());
        assert_eq!(told(of(tail)), "", "a heavy tail");
        assert_eq!(
            told(of(bell().map(|it| (it * 4.0).exp()))),
            "",
            "on a log scale"
        );
    }

    #[test]
    fn a_few_numbers_that_are_far_do_not_count() {
        let (least, most) = of(bell().chain([1e9, -1e7])).bounds.unwrap_or_default();
        assert!(
            least < -20.0 && least > -1e4 && most > 20.0 && most < 1e4,
            "{least} {most}"
        );
        assert_eq!(of(bell().chain([1e9; 20])).bounds, None, "many");
        assert_eq!(of(bell().chain([5.0])).bounds, None, "not so far");
        let cluster: Vec<f64> = (0..9).map(|it| 60.0 + f64::from(it) * 7.0).collect();
        let (_, most) = of(bell().chain(cluster)).bounds.unwrap_or_default();
        assert!(most > 2.0 && most < 60.0, "none of a group stays: {most}");
        assert_eq!(of(bell().chain([500.0; 8])).bounds, None, "again and again");
        let mut tail: Vec<f64> = bell().map(|it| (it * 4.0).sinh()).collect();
        tail.sort_by(f64::total_cmp);
        assert_eq!(gap(&tail), None, "a heavy tail");
        let heavy = of(bell().map(|it| (it * 4.0).exp()).chain([1e5]));
        assert_eq!((heavy.scale, heavy.bounds), (Scale::Log, None));
    }
}
