//! Norms and activations.
//!
//! # Not here
//! Threads: these are the small sums between the large ones.

#![expect(
    clippy::cast_precision_loss,
    reason = "sizes of vectors are far below 2^24"
)]

/// Scales vectors to a mean square of one, and each number by its weight.
pub(crate) fn scale(inputs: &[f32], weights: &[f32], epsilon: f32, outputs: &mut [f32]) {
    let size = weights.len();
    for (input, output) in inputs
        .chunks_exact(size)
        .zip(outputs.chunks_exact_mut(size))
    {
        let squares: f32 = input.iter().map(|number| number * number).sum();
        let root = (squares / size as f32 + epsilon).sqrt();
        for ((output, number), weight) in output.iter_mut().zip(input).zip(weights) {
            *output = number / root * weight;
        }
    }
}

/// Multiplies the activation of each gate, `x / (1 + e^-x)`, by what goes through it.
pub(crate) fn gate(gates: &mut [f32], through: &[f32]) {
    for (gate, through) in gates.iter_mut().zip(through) {
        *gate = *gate / ((-*gate).exp() + 1.0) * through;
    }
}

/// Adds.
pub(crate) fn add(sums: &mut [f32], numbers: &[f32]) {
    for (sum, number) in sums.iter_mut().zip(numbers) {
        *sum += number;
    }
}

#[cfg(test)]
mod tests {
    use super::{add, gate, scale};

    fn near(is: f32, wanted: f32) {
        assert!((is - wanted).abs() < 1e-6, "{is} is not {wanted}");
    }

    #[test]
    fn each_vector_is_scaled_by_itself() {
        let mut outputs = [0.0; 4];
        scale(&[3.0, 4.0, 30.0, 40.0], &[1.0, 2.0], 0.0, &mut outputs);
        let root = 12.5_f32.sqrt();
        for (output, wanted) in outputs
            .iter()
            .zip([3.0 / root, 8.0 / root, 3.0 / root, 8.0 / root])
        {
            near(*output, wanted);
        }
    }

    #[test]
    fn a_norm_of_nothing_is_nothing_and_no_division_by_zero() {
        let mut outputs = [9.0; 2];
        scale(&[0.0, 0.0], &[1.0, 1.0], 1e-5, &mut outputs);
        near(outputs[0], 0.0);
    }

    #[test]
    fn gates_close_below_zero() {
        let mut gates = [0.0, 20.0, -20.0];
        gate(&mut gates, &[5.0, 5.0, 5.0]);
        near(gates[0], 0.0);
        near(gates[1] / 100.0, 1.0);
        near(gates[2], 0.0);
        let mut sums = [1.0, 2.0];
        add(&mut sums, &[0.5, 0.5]);
        near(sums[1], 2.5);
    }
}
