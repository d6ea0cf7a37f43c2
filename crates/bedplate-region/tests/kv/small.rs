//! Small caches for tests.

use bedplate_os::pages::page_size;
use bedplate_region::kv::{
    Backing, ContiguousKv, KvCache, KvShape, PagedKv, Pages, Row, RowFormat, SequenceId,
};

/// Two layers; keys of one float, values of two.
pub(crate) fn shape() -> KvShape {
    let row = |elements| Row {
        elements,
        format: RowFormat::F32,
    };
    KvShape::new(2, row(1), row(2)).unwrap()
}

pub(crate) fn backing() -> Backing {
    Backing::new().huge_pages(false).step_bytes(page_size())
}

pub(crate) fn paged(tokens: usize) -> PagedKv {
    let pages = Pages::new(tokens).block_tokens(4).key([1, 2]);
    PagedKv::new(shape(), pages, backing()).unwrap()
}

pub(crate) fn contiguous(tokens: usize) -> ContiguousKv {
    ContiguousKv::new(shape(), tokens, backing()).unwrap()
}

/// Appends tokens that are told apart by `mark`.
pub(crate) fn write<C: KvCache>(cache: &mut C, id: SequenceId, marks: &[u32]) {
    let mut slots = cache.append(id, marks.len()).unwrap();
    assert_eq!(slots.count(), marks.len());
    for (token, mark) in marks.iter().enumerate() {
        for layer in 0..2 {
            let [key, one, other] = numbers(*mark, layer);
            slots.write(layer, token, &[key], &[one, other]).unwrap();
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn numbers(mark: u32, layer: usize) -> [f32; 3] {
    let base = (mark * 8) as f32 + layer as f32 * 3.0;
    [base, base + 1.0, base + 2.0]
}

/// The marks, positions and shifts of what a sequence holds, by way of each layer.
pub(crate) fn read<C: KvCache>(cache: &C, id: SequenceId) -> Vec<(u32, i64, i64)> {
    let layers = [0, 1].map(|layer| {
        let mut tokens = Vec::new();
        for run in cache.runs(id, layer).unwrap() {
            assert_eq!(run.first_token, tokens.len());
            assert!(run.tokens > 0);
            let keys = run.key_elements::<f32>();
            let values = run.value_elements::<f32>();
            assert_eq!(keys.len() * 2, values.len());
            let values: Vec<f32> = values.iter().collect();
            let each = keys.iter().zip(values.chunks(2));
            for ((key, pair), position) in each.zip(run.position..) {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "marks are small"
                )]
                let mark = (key / 8.0) as u32;
                let [first, one, other] = numbers(mark, layer);
                assert_eq!(
                    [first, one, other].map(f32::to_bits),
                    [key, pair[0], pair[1]].map(f32::to_bits)
                );
                tokens.push((mark, position, run.moved));
            }
        }
        tokens
    });
    let [one, other] = layers;
    assert_eq!(one, other);
    one
}

pub(crate) fn marks<C: KvCache>(cache: &C, id: SequenceId) -> Vec<u32> {
    read(cache, id).into_iter().map(|(mark, ..)| mark).collect()
}
