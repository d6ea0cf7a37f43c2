//! Programs from a seed.
//!
//! # Role
//! Draw programs that meet an allocator's edges: sizes beside powers of two and beside class limits, large and
//! huge blocks, long realloc chains, frees by other lanes, threads that end.
//!
//! # Not here
//! Bounds of one allocator: a [`Shape`] names what a run may ask for.
//!
//! # Invariants
//! - I1: the bytes asked for by blocks that live at once stay within `live_bytes_max` plus one block.

use crate::op::{Op, Program, Step};
use crate::seed::Chance;

/// What programs of a run look like.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Steps of a program.
    pub step_count: usize,
    /// Blocks that may live at once.
    pub slot_count: usize,
    /// Threads; 1 runs on the caller's own.
    pub lane_count: usize,
    /// The largest block in bytes.
    pub size_max: usize,
    /// The largest alignment as a power of two.
    pub align_log2_max: u32,
    /// Bytes that may live at once.
    pub live_bytes_max: usize,
}

/// Small enough for a debug build, wide enough to meet every kind of block.
impl Default for Shape {
    fn default() -> Self {
        Self {
            step_count: 2000,
            slot_count: 200,
            lane_count: 1,
            size_max: 8 << 20,
            align_log2_max: 22,
            live_bytes_max: 64 << 20,
        }
    }
}

/// The program of `seed`.
#[must_use]
pub fn generate(seed: u64, shape: &Shape) -> Program {
    let mut chance = Chance::new(seed);
    let mut sizes = vec![0; shape.slot_count.max(1)];
    let mut live_bytes = 0;
    let steps = (0..shape.step_count)
        .map(|_| {
            let lane = chance.below(shape.lane_count);
            let slot = chance.below(sizes.len());
            let op = draw(&mut chance, shape, slot, live_bytes);
            let asked = match op {
                Op::Malloc { size, .. } | Op::Memalign { size, .. } | Op::Realloc { size, .. } => {
                    Some(size)
                }
                Op::Calloc { count, size, .. } => Some(count * size),
                Op::Free { .. } => Some(0),
                Op::Verify { .. } | Op::Trim | Op::EndThread => None,
            };
            if let Some(bytes) = asked {
                live_bytes = live_bytes - sizes[slot] + bytes;
                sizes[slot] = bytes;
            }
            Step { lane, op }
        })
        .collect();
    Program(steps)
}

fn draw(chance: &mut Chance, shape: &Shape, slot: usize, live_bytes: usize) -> Op {
    if live_bytes > shape.live_bytes_max {
        return Op::Free { slot };
    }
    match chance.below(100) {
        0..36 => Op::Malloc {
            slot,
            size: size(chance, shape),
        },
        36..44 => calloc(chance, shape, slot),
        44..50 => Op::Memalign {
            slot,
            align_log2: u32::try_from(chance.below(shape.align_log2_max as usize + 1)).unwrap_or(0),
            size: size(chance, shape),
        },
        50..64 => Op::Realloc {
            slot,
            size: size(chance, shape).max(1),
        },
        64..94 => Op::Free { slot },
        94..98 => Op::Verify { slot },
        98 => Op::Trim,
        // Threads end rarely enough that a heap has something to leave behind.
        _ => Op::EndThread,
    }
}

fn calloc(chance: &mut Chance, shape: &Shape, slot: usize) -> Op {
    let bytes = size(chance, shape);
    let count = chance.below(16) + 1;
    Op::Calloc {
        slot,
        count,
        size: bytes / count,
    }
}

/// A size: mostly small, often at an edge, sometimes huge.
fn size(chance: &mut Chance, shape: &Shape) -> usize {
    let drawn = match chance.below(100) {
        0..2 => 0,
        2..45 => chance.below(1024) + 1,
        45..65 => chance.below(8192) + 1,
        65..78 => edge(chance),
        78..93 => chance.below(32 << 10) + 1,
        93..98 => chance.below(2 << 20) + 1,
        _ => chance.below(shape.size_max) + 1,
    };
    drawn.min(shape.size_max)
}

/// One byte around a power of two, or around a quarter step between two.
fn edge(chance: &mut Chance) -> usize {
    let power = 16_usize << chance.below(18);
    let step = power / 8 * chance.below(8);
    (power + step + chance.below(3)).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::{Shape, generate};
    use crate::op::Op;

    #[test]
    fn a_seed_names_one_program() {
        let shape = Shape {
            lane_count: 3,
            ..Shape::default()
        };
        assert_eq!(generate(5, &shape), generate(5, &shape));
        assert_ne!(generate(5, &shape), generate(6, &shape));
    }

    #[test]
    fn every_op_is_drawn_and_sizes_reach_the_end() {
        let shape = Shape {
            step_count: 20_000,
            ..Shape::default()
        };
        let program = generate(1, &shape);
        let has = |wanted: fn(&Op) -> bool| program.0.iter().any(|step| wanted(&step.op));
        assert!(has(|op| matches!(op, Op::Malloc { size: 0, .. })));
        assert!(has(
            |op| matches!(op, Op::Malloc { size, .. } if *size > 4 << 20)
        ));
        assert!(has(|op| matches!(op, Op::Calloc { .. })));
        assert!(has(|op| matches!(op, Op::Memalign { align_log2: 22, .. })));
        assert!(has(|op| matches!(op, Op::Realloc { .. })));
        assert!(has(|op| matches!(op, Op::Verify { .. })));
        assert!(has(|op| matches!(op, Op::Trim)));
        assert!(has(|op| matches!(op, Op::EndThread)));
    }
}
