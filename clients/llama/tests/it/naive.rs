//! The same model once more: in double precision, without a cache, each sum written out.

use crate::made::Made;

fn product(weights: &[f32], input: &[f64]) -> Vec<f64> {
    let rows = weights.chunks_exact(input.len());
    rows.map(|row| row.iter().zip(input).map(|(w, x)| f64::from(*w) * x).sum())
        .collect()
}

fn normed(input: &[f64], weights: &[f32]) -> Vec<f64> {
    let squares: f64 = input.iter().map(|x| x * x).sum();
    let root = (squares / f64::from(u32::try_from(input.len()).expect("small")) + 1e-5).sqrt();
    input
        .iter()
        .zip(weights)
        .map(|(x, w)| x / root * f64::from(*w))
        .collect()
}

fn turned(row: &mut [f64], size: usize, position: usize) {
    let float = |n: usize| f64::from(u32::try_from(n).expect("small"));
    for head in row.chunks_exact_mut(size) {
        for (pair, two) in head.chunks_exact_mut(2).enumerate() {
            let angle = float(position) / 10_000_f64.powf(2.0 * float(pair) / float(size));
            let (one, other) = (two[0], two[1]);
            two[0] = one * angle.cos() - other * angle.sin();
            two[1] = one * angle.sin() + other * angle.cos();
        }
    }
}

/// What the heads of a query mix from the values so far.
fn mixed(
    query: &[f64],
    keys: &[Vec<f64>],
    values: &[Vec<f64>],
    size: usize,
    shared: usize,
) -> Vec<f64> {
    let root = f64::from(u32::try_from(size).expect("small")).sqrt();
    let mut mixed = Vec::new();
    for (head, query) in query.chunks_exact(size).enumerate() {
        let group = head / shared * size;
        let score = |key: &Vec<f64>| {
            let key = key[group..group + size].iter();
            (key.zip(query).map(|(k, q)| k * q).sum::<f64>() / root).exp()
        };
        let scores: Vec<f64> = keys.iter().map(score).collect();
        let sum: f64 = scores.iter().sum();
        for at in group..group + size {
            let parts = scores.iter().zip(values);
            mixed.push(parts.map(|(s, v)| s / sum * v[at]).sum());
        }
    }
    mixed
}

/// The logits behind each token.
pub(crate) fn logits(made: &Made, tokens: &[u32]) -> Vec<Vec<f64>> {
    let sizes = made.sizes;
    let size = sizes.dimension / sizes.heads;
    let embedding = made.numbers("token_embd.weight");
    let mut states: Vec<Vec<f64>> = tokens
        .iter()
        .map(|token| {
            let row = usize::try_from(*token).expect("small") * sizes.dimension;
            embedding[row..row + sizes.dimension]
                .iter()
                .map(|x| f64::from(*x))
                .collect()
        })
        .collect();
    for layer in 0..sizes.layers {
        let of = |name: &str| made.numbers(&format!("blk.{layer}.{name}.weight"));
        let (mut keys, mut values): (Vec<Vec<f64>>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
        for (position, state) in states.iter_mut().enumerate() {
            let input = normed(state, of("attn_norm"));
            let mut query = product(of("attn_q"), &input);
            let mut key = product(of("attn_k"), &input);
            turned(&mut query, size, position);
            turned(&mut key, size, position);
            keys.push(key);
            values.push(product(of("attn_v"), &input));
            let mixed = mixed(&query, &keys, &values, size, sizes.heads / sizes.groups);
            for (x, y) in state.iter_mut().zip(product(of("attn_output"), &mixed)) {
                *x += y;
            }
            let input = normed(state, of("ffn_norm"));
            let gates = product(of("ffn_gate"), &input);
            let up = product(of("ffn_up"), &input);
            let inside: Vec<f64> = gates
                .iter()
                .zip(up)
                .map(|(g, u)| g / (1.0 + (-g).exp()) * u)
                .collect();
            for (x, y) in state.iter_mut().zip(product(of("ffn_down"), &inside)) {
                *x += y;
            }
        }
    }
    let finish = |state: &Vec<f64>| {
        product(
            made.numbers("output.weight"),
            &normed(state, made.numbers("output_norm.weight")),
        )
    };
    states.iter().map(finish).collect()
}
