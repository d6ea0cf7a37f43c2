//! Plans of a transformer's tensors.

use bedplate_region::{Plan, Use};
use bedplate_testkit::graph::{Tensor, Transformer};

/// Prints what the tensors of a pass over so many tokens take.
pub fn print(tokens: usize) {
    let model = Transformer {
        tokens,
        ..Transformer::LLAMA_7B
    };
    let tensors = model.tensors();
    let uses: Vec<Use> = tensors
        .iter()
        .map(|tensor| Use {
            bytes: tensor.bytes,
            first: tensor.first,
            last: tensor.last,
        })
        .collect();
    let plan = Plan::of(&uses).expect("uses are in order");
    println!("plan {}", plan.bytes());
    println!("alive {}", plan.live_bytes_peak());
    println!("bump {}", plan.bump_bytes());
    println!("by-layer {}", by_layer(&model, &tensors));
    println!("in-order {}", in_order(&tensors));
}

fn grains(bytes: usize) -> usize {
    bytes.next_multiple_of(64)
}

/// A bump that is rewound after every layer: the tensors of the largest layer, and the row that goes
/// from layer to layer.
fn by_layer(model: &Transformer, tensors: &[Tensor]) -> usize {
    let row = grains(model.tokens * model.width * 4);
    let each = tensors[1..].chunks(17);
    let sums = each.map(|layer| layer.iter().map(|t| grains(t.bytes)).sum::<usize>());
    row + sums.max().unwrap_or(0)
}

/// What the common graph allocators do: best fit in the order of use, freed at the last use, free
/// neighbours joined.
fn in_order(tensors: &[Tensor]) -> usize {
    let mut free: Vec<(usize, usize)> = vec![(0, usize::MAX)];
    let mut placed: Vec<(u32, usize, usize)> = Vec::new();
    let mut peak = 0;
    for tensor in tensors {
        let gone: Vec<_> = placed
            .extract_if(.., |(last, ..)| *last < tensor.first)
            .collect();
        for (_, offset, bytes) in gone {
            free.push((offset, offset.saturating_add(bytes)));
        }
        free.sort_unstable();
        free.dedup_by(|next, into| {
            let joined = into.1 == next.0;
            if joined {
                into.1 = next.1;
            }
            joined
        });
        let bytes = grains(tensor.bytes);
        let fits = |hole: &&mut (usize, usize)| hole.1 - hole.0 >= bytes;
        let hole = free
            .iter_mut()
            .filter(fits)
            .min_by_key(|hole| hole.1 - hole.0)
            .expect("the last hole has no end");
        placed.push((tensor.last, hole.0, bytes));
        hole.0 += bytes;
        peak = peak.max(hole.0);
        free.retain(|hole| hole.0 < hole.1);
    }
    peak
}
