//! The time that training may take.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The part of the time in which candidates are compared; the rest is for the one that is taken.
const COMPARING: f64 = 0.6;

/// A time that may be used up. What came out by then is taken.
#[derive(Debug)]
pub struct Budget {
    most: Option<Duration>,
    begun: Instant,
    /// Whether anything was stopped before its end.
    has_stopped: AtomicBool,
}

impl Budget {
    /// Begins now; without an end where there is no bound.
    pub fn new(most: Option<Duration>) -> Self {
        Budget {
            most,
            begun: Instant::now(),
            has_stopped: AtomicBool::new(false),
        }
    }

    /// Whether there is an end.
    pub fn is_bounded(&self) -> bool {
        self.most.is_some()
    }

    /// Whether there is time for more comparing; what asks stops if not.
    pub fn has_to_compare(&self) -> bool {
        self.has(COMPARING)
    }

    /// Whether there is time left; what asks stops if not.
    pub fn has_to_learn(&self) -> bool {
        self.has(1.0)
    }

    fn has(&self, part: f64) -> bool {
        let end = self.most.map(|most| most.mul_f64(part));
        let is_over = end.is_some_and(|end| self.begun.elapsed() >= end);
        if is_over {
            self.has_stopped.store(true, Ordering::Relaxed);
        }
        !is_over
    }

    /// What people should know of a training that it ended. Some candidates were not tried.
    pub fn note(&self, untried: &[&str]) -> Option<String> {
        let most = self.most?.as_secs_f64();
        let tried = (!untried.is_empty()).then(|| format!(" (not tried: {})", untried.join(", ")));
        self.has_stopped.load(Ordering::Relaxed).then(|| {
            format!(
                "--time-budget of {most} s ended the training early{}: the best model so far was taken, and another run \
                 may take another one",
                tried.unwrap_or_default()
            )
        })
    }
}

/// A duration such as `90`, `90s`, `10m`, `2h` or `1d`.
pub fn duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds = match &text[digits.len()..] {
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    let is_number = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = digits.parse::<f64>().ok().filter(|_| is_number)?;
    Duration::try_from_secs_f64(number * seconds)
        .ok()
        .filter(|it| !it.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        for (text, seconds) in [
            ("90", 90.0),
            ("90s", 90.0),
            ("1.5m", 90.0),
            ("2h", 7200.0),
            ("1d", 86_400.0),
        ] {
            let found = duration(text).map(|it| it.as_secs_f64());
            assert_eq!(found, Some(seconds), "{text}");
        }
        for text in [
            "",
            "0",
            "m",
            "-5s",
            "5 m",
            "5w",
            "1e3",
            "nan",
            "1m30s",
            "99999999999999999999d",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn a_budget_is_told_if_it_ended_anything() {
        let none = Budget::new(None);
        assert!(none.has_to_compare() && none.has_to_learn());
        assert_eq!(none.note(&["trees"]), None);
        let long = Budget::new(Some(Duration::from_secs(600)));
        assert!(long.has_to_compare() && long.has_to_learn());
        assert_eq!(long.note(&[]), None);
        let used = Budget::new(Some(Duration::from_nanos(1)));
        assert!(!used.has_to_compare() && !used.has_to_learn());
        let note = |untried: &[&str]| used.note(untried).unwrap_or_default();
        assert_eq!(
            note(&["MLP 64", "trees"]),
            "--time-budget of 0.000000001 s ended the training early (not tried: MLP 64, trees): the best model so far was \
             taken, and another run may take another one"
        );
        assert!(note(&[]).contains("ended the training early: the best"));
    }
}
