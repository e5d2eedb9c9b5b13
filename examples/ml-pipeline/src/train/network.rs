//! A network of full layers: as plain numbers, and as variables that learn.

use anyhow::{Context, Result};
use candle_core::{D, Device, Tensor, Var};
use candle_nn::{Linear, Module};
use rand::{Rng, RngExt};

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
    layers: Vec<Linear>,
    variables: Vec<Var>,
}

impl Network {
    /// A network of given widths, the features' and the output's included, with He's random weights
    /// (He et al., "Delving Deep into Rectifiers", 2015, section 2.2).
    ///
    /// # Errors
    ///
    /// If the memory does not do.
    pub fn new(widths: &[usize], random: &mut impl Rng) -> Result<Self> {
        let (mut layers, mut variables) = (Vec::new(), Vec::new());
        for pair in widths.windows(2) {
            let (inputs, outputs) = (pair[0], pair[1]);
            // The same variance as a normal distribution's, without its tails.
            let bound = (6.0 / inputs as f32).sqrt();
            let weights: Vec<f32> = (0..inputs * outputs)
                .map(|_| random.random_range(-bound..bound))
                .collect();
            let weight = Var::from_vec(weights, (outputs, inputs), &Device::Cpu)?;
            let bias = Var::zeros(outputs, candle_core::DType::F32, &Device::Cpu)?;
            layers.push(Linear::new(
                weight.as_tensor().clone(),
                Some(bias.as_tensor().clone()),
            ));
            variables.extend([weight, bias]);
        }
        Ok(Network { layers, variables })
    }

    /// What learns.
    pub fn variables(&self) -> Vec<Var> {
        self.variables.clone()
    }

    /// The outputs for some rows of features.
    ///
    /// # Errors
    ///
    /// If the shapes do not fit.
    pub fn forward(&self, features: &Tensor) -> Result<Tensor> {
        let (last, hidden) = self.layers.split_last().context("a network has a layer")?;
        let mut x = features.clone();
        for layer in hidden {
            x = layer.forward(&x)?.relu()?;
        }
        Ok(last.forward(&x)?)
    }

    /// The network as plain numbers.
    ///
    /// # Errors
    ///
    /// If the memory does not do.
    pub fn layers(&self) -> Result<Vec<Layer>> {
        self.layers
            .iter()
            .map(|layer| {
                let (outputs, inputs) = layer.weight().dims2()?;
                let weights = layer.weight().t()?.contiguous()?.flatten_all()?.to_vec1()?;
                let bias = layer.bias().context("all layers have a bias")?.to_vec1()?;
                Ok(Layer {
                    inputs,
                    outputs,
                    weights,
                    bias,
                })
            })
            .collect()
    }
}

/// The mean of `weights * -log(softmax(logits))`, where `weights` has one row of class weights for
/// each row, all 0 but the true class's.
///
/// # Errors
///
/// If the shapes do not fit.
pub fn cross_entropy(logits: &Tensor, weights: &Tensor) -> Result<Tensor> {
    let shifted = logits.broadcast_sub(&logits.max_keepdim(D::Minus1)?.detach())?;
    let logs = shifted.broadcast_sub(&shifted.exp()?.sum_keepdim(D::Minus1)?.log()?)?;
    let rows = logits.dim(0)? as f64;
    Ok((logs * weights)?.sum_all()?.affine(-1.0 / rows, 0.0)?)
}

/// The mean of the squared differences.
///
/// # Errors
///
/// If the shapes do not fit.
pub fn squared_error(outputs: &Tensor, truth: &Tensor) -> Result<Tensor> {
    Ok((outputs - truth)?.sqr()?.mean_all()?)
}
