//! A network of full layers: as plain numbers, and as one that learns.

use anyhow::Result;
use ndarray::{Array2, ArrayView2, Axis, Zip};
use rand::{Rng, RngExt};

use super::adam::{Parameters, Step};

/// A layer: `inputs` by `outputs` weights, row by row, and a bias for each output.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// How many numbers go in.
    pub inputs: usize,
    /// How many come out.
    pub outputs: usize,
    /// The weight of input `i` for output `o`, at `i * outputs + o`.
    pub weights: Vec<f32>,
    /// What is added to each output.
    pub bias: Vec<f32>,
}

/// A network that learns. Between two layers it has a ReLU.
pub struct Network {
    layers: Vec<Full>,
}

/// A layer that learns: its weights, and its bias in one row.
struct Full {
    weights: Parameters,
    bias: Parameters,
}

impl Full {
    fn of(&self, inputs: &ArrayView2<f32>) -> Array2<f32> {
        inputs.dot(&self.weights.values) + &self.bias.values
    }
}

impl Network {
    /// A network of given widths, the features' and the output's included, with He's random weights
    /// (He et al., "Delving Deep into Rectifiers", 2015, section 2.2). A linear one begins at zero: where columns say little,
    /// it is best after a few epochs, and still has most of what it began with.
    pub fn new(widths: &[usize], random: &mut impl Rng) -> Self {
        let is_linear = widths.len() == 2;
        let mut layer = |pair: &[usize]| {
            let (inputs, outputs) = (pair[0], pair[1]);
            // The same variance as a normal distribution's, without its tails.
            let bound = (6.0 / inputs as f32).sqrt();
            let weights = match is_linear {
                true => Array2::zeros((inputs, outputs)),
                false => Array2::from_shape_simple_fn((inputs, outputs), || {
                    random.random_range(-bound..bound)
                }),
            };
            Full {
                weights: Parameters::new(weights),
                bias: Parameters::new(Array2::zeros((1, outputs))),
            }
        };
        Network {
            layers: widths.windows(2).map(&mut layer).collect(),
        }
    }

    /// The outputs for some rows of features.
    pub fn forward(&self, features: ArrayView2<f32>) -> Array2<f32> {
        self.through(features).pop().unwrap_or_default()
    }

    /// Learns from some rows: `slopes` are those of the loss, by the outputs that it is given.
    ///
    /// # Errors
    ///
    /// Those of `slopes`.
    pub fn learn(
        &mut self,
        features: ArrayView2<f32>,
        step: &Step,
        slopes: impl FnOnce(Array2<f32>) -> Result<Array2<f32>>,
    ) -> Result<()> {
        let mut between = self.through(features);
        let mut slopes = slopes(between.pop().unwrap_or_default())?;
        for layer in self.layers.iter_mut().rev() {
            // What went into this layer; into the first one, the features.
            let inputs = between.pop();
            let of_inputs = inputs.as_ref().map(|inputs| {
                let mut below = slopes.dot(&layer.weights.values.t());
                // Where a ReLU let nothing through, nothing bears on the loss.
                Zip::from(&mut below).and(inputs).for_each(|slope, &input| {
                    if input <= 0.0 {
                        *slope = 0.0;
                    }
                });
                below
            });
            let inputs = inputs.as_ref().map_or(features, |inputs| inputs.view());
            layer.weights.follow(&inputs.t().dot(&slopes), step);
            let of_bias = slopes.sum_axis(Axis(0)).insert_axis(Axis(0));
            layer.bias.follow(&of_bias, step);
            let Some(below) = of_inputs else {
                break;
            };
            slopes = below;
        }
        Ok(())
    }

    /// What comes out of each layer, the last one's included.
    fn through(&self, features: ArrayView2<f32>) -> Vec<Array2<f32>> {
        let mut between: Vec<Array2<f32>> = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let outputs = match between.last_mut() {
                None => layer.of(&features),
                Some(inputs) => {
                    inputs.mapv_inplace(|it| it.max(0.0));
                    layer.of(&inputs.view())
                }
            };
            between.push(outputs);
        }
        between
    }

    /// The network as plain numbers.
    pub fn layers(&self) -> Vec<Layer> {
        let plain = |Full { weights, bias }: &Full| Layer {
            inputs: weights.values.nrows(),
            outputs: weights.values.ncols(),
            weights: weights.values.iter().copied().collect(),
            bias: bias.values.iter().copied().collect(),
        };
        self.layers.iter().map(plain).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    /// Half the squares of all outputs, of which the outputs are the slopes.
    fn loss(network: &Network, features: &Array2<f32>) -> f32 {
        network
            .forward(features.view())
            .iter()
            .map(|it| it * it / 2.0)
            .sum()
    }

    #[test]
    fn each_weight_goes_against_the_slope_that_a_small_change_of_it_shows() -> Result<()> {
        let features = array![[1.0, -2.0, 0.5], [0.3, 0.8, -1.0], [-0.7, 0.1, 2.0]];
        let start = || Network::new(&[3, 5, 4, 2], &mut ChaCha8Rng::seed_from_u64(7));
        let mut after = start();
        after.learn(features.view(), &Step::new(1, 1e-3, 0.0), Ok)?;
        let (before, after) = (start().layers(), after.layers());
        let mut slopes = 0;
        for layer in 0..3 {
            for weight in 0..before[layer].weights.len() {
                let with = |change: f32| {
                    let mut network = start();
                    let values = &mut network.layers[layer].weights.values;
                    let (row, column) = (weight / values.ncols(), weight % values.ncols());
                    values[[row, column]] += change;
                    loss(&network, &features)
                };
                let slope = (with(0.01) - with(-0.01)) / 0.02;
                let moved = after[layer].weights[weight] - before[layer].weights[weight];
                // The first step of AdamW has the sign of the slope and the length of the rate.
                if slope.abs() > 0.01 {
                    assert_eq!(
                        moved.signum(),
                        -slope.signum(),
                        "layer {layer}, weight {weight}"
                    );
                    slopes += 1;
                } else if slope == 0.0 {
                    assert_eq!(moved, 0.0, "layer {layer}, weight {weight}");
                }
            }
        }
        assert!(slopes > 20, "{slopes} slopes were looked at");
        Ok(())
    }

    #[test]
    fn a_network_without_layers_between_is_linear() {
        let network = Network::new(&[2, 1], &mut ChaCha8Rng::seed_from_u64(7));
        let layers = network.layers();
        let [first, second] = [layers[0].weights[0], layers[0].weights[1]];
        let outputs = network.forward(array![[1.0, 0.0], [0.0, -1.0]].view());
        assert_eq!(outputs, array![[first], [-second]]);
    }
}
