//! Which 8-bit number stands for which float. Pure arithmetic.

use super::seen::Factor;

/// How the values between two layers are written as bytes: `value = scale * (byte - zero)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activations {
    /// How much one step of the byte is.
    pub scale: f32,
    /// The byte of 0.
    pub zero: u8,
}

/// How much wider the range is than what was seen of it: rows that come later go beyond, and what is cut
/// off costs more than coarser steps.
const ROOM: f32 = 1.25;

impl Activations {
    /// For values that were seen between `least` and `most`, with 0 among them, which then is exact.
    pub fn between(least: f32, most: f32) -> Self {
        let (least, most) = (least.min(0.0) * ROOM, most.max(0.0) * ROOM);
        let scale = (most - least) / 255.0;
        if !scale.is_normal() {
            return Activations {
                scale: 1.0,
                zero: 0,
            };
        }
        Activations {
            scale,
            zero: (-least / scale).round() as u8,
        }
    }
}

/// A layer's weights and bias in 8 and 32 bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// The weights, in the order of the floats.
    pub weights: Vec<i8>,
    /// How much one step of a weight is, for each output.
    pub scales: Vec<f32>,
    /// The bias, in steps of the activations' scale times the output's.
    pub bias: Vec<i32>,
}

/// What a product of two adjacent pairs may come to. Processors with AVX2 and no VNNI add the products
/// of two bytes in 16 bits, and cut what does not fit: `255 * (a + b)` must stay below 2^15.
const PAIR: f32 = 128.0;

/// Up to how many steps a bias may be: far from the end of 32 bits, as products are added to it.
const BIAS_STEPS: f32 = (1 << 28) as f32;

/// Writes the weights of a layer, `weights[input * outputs + output]`, with a scale for each output.
pub fn weights(weights: &[f32], bias: &[f32], activations: Activations) -> Weights {
    let outputs = bias.len();
    let column = |output: usize| weights.iter().skip(output).step_by(outputs).copied();
    let scales: Vec<_> = (0..outputs)
        .map(|output| {
            scale(column(output)).max(bias[output].abs() / (activations.scale * BIAS_STEPS))
        })
        .map(|scale| if scale.is_normal() { scale } else { 1.0 })
        .collect();
    Weights {
        weights: weights
            .iter()
            .enumerate()
            .map(|(at, weight)| (weight / scales[at % outputs]).round_ties_even() as i8)
            .collect(),
        bias: bias
            .iter()
            .zip(&scales)
            .map(|(bias, scale)| (bias / (activations.scale * scale)).round_ties_even() as i32)
            .collect(),
        scales,
    }
}

/// The same where the weights alone are bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightsAlone {
    /// The weights, in the order of the floats.
    pub weights: Vec<i8>,
    /// How much one step of a weight is, for each output.
    pub scales: Vec<f32>,
    /// The bias.
    pub bias: Vec<f32>,
}

/// The greatest byte of a weight.
const GREATEST: f32 = 127.0;

/// Writes the weights of a layer whose sums are of floats, so that only their own size bounds them. With `factor`, each
/// weight makes up for what rounding took from those before it, as far as their features go together, and the bias makes
/// up for the rest (Babai's nearest plane; Frantar et al., "GPTQ", 2023, do the same with inverses).
pub fn weights_alone(weights: &[f32], bias: &[f32], factor: Option<&Factor>) -> WeightsAlone {
    let outputs = bias.len();
    let mut bytes = vec![0; weights.len()];
    let (mut scales, mut biases) = (Vec::new(), Vec::new());
    for (output, &bias) in bias.iter().enumerate() {
        let column = || weights.iter().skip(output).step_by(outputs);
        let largest = column().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
        let scale = match largest / GREATEST {
            scale if scale.is_normal() => scale,
            _ => 1.0,
        };
        let mut lost = Vec::with_capacity(weights.len() / outputs);
        let owed = |lost: &[f64]| factor.map_or(0.0, |it| it.owed(lost) as f32);
        for (&weight, byte) in column().zip(bytes.iter_mut().skip(output).step_by(outputs)) {
            let steps = (weight + owed(&lost)) / scale;
            let steps = steps.round_ties_even().clamp(-GREATEST, GREATEST);
            *byte = steps as i8;
            lost.push(f64::from(weight - steps * scale));
        }
        biases.push(bias + owed(&lost));
        scales.push(scale);
    }
    WeightsAlone {
        weights: bytes,
        scales,
        bias: biases,
    }
}

/// The least scale with which no weight is beyond 127 steps, and no two of one sign beyond [`PAIR`].
fn scale(weights: impl Iterator<Item = f32>) -> f32 {
    let (mut up, mut down) = ([0.0_f32; 2], [0.0_f32; 2]);
    for weight in weights {
        let two = if weight > 0.0 { &mut up } else { &mut down };
        let size = weight.abs();
        if size > two[0] {
            *two = [size, two[0]];
        } else if size > two[1] {
            two[1] = size;
        }
    }
    // Half a step each is what rounding may add.
    let pair = |two: [f32; 2]| (two[0] + two[1]) / (PAIR - 1.0);
    (up[0].max(down[0]) / 127.0).max(pair(up)).max(pair(down))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantize::seen::Seen;
    use proptest::prelude::*;

    #[test]
    fn zero_is_exact_and_there_is_room_beyond_the_ends() {
        let activations = Activations::between(-1.0, 3.0);
        assert_eq!(activations.zero, 64);
        assert!((3.6..4.0).contains(&(activations.scale * (255.0 - 64.0))));
        assert_eq!(
            Activations::between(0.0, 0.0),
            Activations {
                scale: 1.0,
                zero: 0
            }
        );
        assert_eq!(Activations::between(0.5, 2.55).zero, 0);
    }

    #[test]
    fn weights_of_columns_that_go_together_make_up_for_each_other() {
        // A hundred columns that hardly differ from their neighbours, as in a spectrum, and weights of both signs.
        let columns = |row: usize| -> Vec<f32> {
            let at = row as f32 / 7.0;
            let each = (0..100).map(|column| (at + column as f32 / 200.0).sin());
            each.collect()
        };
        let mut seen = Seen::of(100);
        (0..200).for_each(|row| seen.add(&columns(row)));
        let factor = seen.factor();
        let off = |floats: &[f32], factor: Option<&Factor>| -> f32 {
            let written = weights_alone(floats, &[1.5], factor);
            let rows = (200..240).map(|row| {
                let bytes = written.weights.iter().zip(floats).zip(columns(row));
                let lost = bytes.map(|((&byte, float), value)| {
                    (float - f32::from(byte) * written.scales[0]) * value
                });
                (1.5 - written.bias[0] + lost.sum::<f32>()).abs()
            });
            rows.sum()
        };
        let (mut alone, mut together) = (0.0, 0.0);
        for shift in 0..20_u8 {
            let weight = |at: u8| (f32::from(at) * 2.1 + f32::from(shift)).cos() * 40.0;
            let floats: Vec<_> = (0..100).map(weight).collect();
            alone += off(&floats, None);
            together += off(&floats, factor.as_ref());
        }
        assert!(together < alone / 3.0, "{alone} alone, {together} together");
    }

    proptest! {
        #[test]
        fn no_pair_of_products_overflows_and_each_weight_is_near(
            floats in prop::collection::vec(-1e3_f32..1e3, 4..40),
            bias in -1e6_f32..1e6,
            most in 1e-3_f32..1e3,
        ) {
            let activations = Activations::between(0.0, most);
            let written = weights(&floats, &[bias], activations);
            for pair in 0..floats.len() * floats.len() {
                let (a, b) = (pair / floats.len(), pair % floats.len());
                let sum = 255 * (i32::from(written.weights[a]) + i32::from(written.weights[b]));
                prop_assert!(a == b || i16::try_from(sum).is_ok(), "{sum}");
            }
            for (float, &byte) in floats.iter().zip(&written.weights) {
                prop_assert!((float - f32::from(byte) * written.scales[0]).abs() <= written.scales[0] * 0.501);
            }
        }
    }
}
