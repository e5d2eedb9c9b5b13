//! How parameters follow the slope of a loss: AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization",
//! 2019, algorithm 2).

use ndarray::{Array2, Zip};

/// How much of the past is in the means of the slopes and of their squares.
const PAST: (f32, f32) = (0.9, 0.999);

/// What keeps a step finite where slopes are 0.
const LEAST: f32 = 1e-8;

/// Numbers that learn.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// What they are now.
    pub values: Array2<f32>,
    slopes: Array2<f32>,
    squares: Array2<f32>,
}

/// How far parameters go at once.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    rate: f32,
    kept: f32,
    slope_part: f32,
    square_part: f32,
}

impl Step {
    /// The step with this number, from 1, at a learning rate; of the values, `decay` times the rate decays.
    pub fn new(number: usize, rate: f64, decay: f64) -> Self {
        // What the means have seen: they began at 0.
        let seen = |past: f32| (1.0 - f64::from(past).powf(number as f64)) as f32;
        Step {
            rate: rate as f32,
            kept: (1.0 - rate * decay) as f32,
            slope_part: seen(PAST.0),
            square_part: seen(PAST.1),
        }
    }
}

impl Parameters {
    /// Which begin with these values.
    pub fn new(values: Array2<f32>) -> Self {
        let zeros = Array2::zeros(values.raw_dim());
        Parameters {
            values,
            slopes: zeros.clone(),
            squares: zeros,
        }
    }

    /// Goes a step against the slopes.
    pub fn follow(&mut self, slopes: &Array2<f32>, step: &Step) {
        Zip::from(&mut self.values)
            .and(&mut self.slopes)
            .and(&mut self.squares)
            .and(slopes)
            .for_each(|value, mean, square, &slope| {
                *mean = PAST.0 * *mean + (1.0 - PAST.0) * slope;
                *square = PAST.1 * *square + (1.0 - PAST.1) * slope * slope;
                let way = *mean / step.slope_part;
                let length = (*square / step.square_part).sqrt() + LEAST;
                *value = *value * step.kept - step.rate * way / length;
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_first_step_has_the_length_of_the_rate_whatever_the_slope() {
        let mut parameters = Parameters::new(array![[1.0, 1.0, 1.0]]);
        parameters.follow(&array![[5.0, -0.001, 0.0]], &Step::new(1, 0.1, 0.0));
        let off = &parameters.values - &array![[0.9, 1.1, 1.0]];
        assert!(off.iter().all(|it| it.abs() < 1e-4), "{off}");
    }

    #[test]
    fn it_finds_the_lowest_place_and_decay_draws_it_to_zero() {
        let lowest = |decay| {
            let mut parameters = Parameters::new(array![[0.0]]);
            for number in 1..=2_000 {
                let slope = 2.0 * (&parameters.values - 3.0);
                parameters.follow(&slope, &Step::new(number, 0.01, decay));
            }
            parameters.values[[0, 0]]
        };
        assert!((lowest(0.0) - 3.0).abs() < 0.01, "{}", lowest(0.0));
        assert!(lowest(0.5) < 2.9, "{}", lowest(0.5));
    }
}
