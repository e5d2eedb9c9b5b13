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

/// What is found out of a target's numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// On which scale they are learned.
    pub scale: Scale,
    /// The least and the greatest number that count, where few are far from all others.
    pub bounds: Option<(f64, f64)>,
}

impl Spread {
    /// Of some numbers in any order.
    pub fn of(mut numbers: Vec<f64>) -> Self {
        numbers.sort_by(f64::total_cmp);
        if let Some(scale) = log(&numbers) {
            return Spread {
                scale,
                bounds: None,
            };
        }
        let bounds = bounds(&numbers);
        if let Some((least, most)) = bounds {
            numbers.retain(|&number| number >= least && number <= most);
        }
        Spread {
            scale: log(&numbers).unwrap_or_default(),
            bounds,
        }
    }
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

fn bounds(sorted: &[f64]) -> Option<(f64, f64)> {
    let count = sorted.len();
    if count < LEAST {
        return None;
    }
    let (low, high) = (sorted[count / 4], sorted[count * 3 / 4]);
    let reach = (high - low) * FAR;
    let bounds = (low - reach, high + reach);
    let is_far = |number: &&f64| **number < bounds.0 || **number > bounds.1;
    let far = sorted.iter().filter(is_far).count();
    (reach > 0.0 && far > 0 && far <= (count / FAR_OF).max(SOME)).then_some(bounds)
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
    fn a_few_numbers_that_are_far_do_not_count() {
        let (least, most) = of(bell().chain([1e9, -1e7])).bounds.unwrap_or_default();
        assert!(
            least < -20.0 && least > -1e4 && most > 20.0 && most < 1e4,
            "{least} {most}"
        );
        assert_eq!(of(bell().chain([1e9; 20])).bounds, None, "many");
        assert_eq!(of(bell().chain([20.0])).bounds, None, "not so far");
        let heavy = of(bell().map(|it| (it * 4.0).exp()).chain([1e5]));
        assert_eq!((heavy.scale, heavy.bounds), (Scale::Log, None));
    }
}
