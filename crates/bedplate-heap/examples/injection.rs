//! Damages random heaps in each of the nine ways, and says what verification found and recovery did.
//!
//! `cargo run --release -p bedplate-heap --features inject --example injection -- [HEAPS]`

#![expect(clippy::print_stdout, reason = "a program that reports")]

extern crate alloc;

#[path = "../tests/it/garden.rs"]
mod garden;

use bedplate_heap::{Fault, HeapError};
use garden::Garden;

/// What became of the damage of one kind.
#[derive(Default)]
struct Row {
    damaged: u64,
    found: u64,
    mended: u64,
    lossless: u64,
    went_back: u64,
}

/// Damages one heap in each way.
fn damage_one(seed: u64, rows: &mut [Row; 9], false_alarms: &mut u64) -> Result<(), HeapError> {
    let mut garden = Garden::new(seed);
    let acts = 100 + garden.chance.below(500);
    garden.grow(acts);
    garden.plant_all_kinds();
    let checkpoint = garden.heap.checkpoint()?;
    let (view, held_objects) = (garden.view(), garden.held_objects());
    let is_known = garden.heap.verify().outside == held_objects as u64;
    *false_alarms += u64::from(!is_known);
    for (fault, row) in Fault::ALL.into_iter().zip(rows) {
        let Garden {
            heap, chance, held, ..
        } = &mut garden;
        let sound = heap.verify_with(held.iter().copied());
        *false_alarms += u64::from(!sound.is_healthy() || !heap.quick_check().is_healthy());
        let mut damage = None;
        // Some ways want what a heap may not have: another is taken.
        while damage.is_none() {
            damage = heap.damage(fault, held, &mut |end| chance.below(end))?;
        }
        row.damaged += 1;
        let report = heap.verify_with(held.iter().copied());
        row.found += u64::from(report.count(fault) > 0);
        let recovery = heap.recover_or_restore(held.iter().copied(), &checkpoint)?;
        row.mended += u64::from(recovery.after.is_healthy());
        row.lossless += u64::from(recovery.is_lossless() && !recovery.went_back);
        row.went_back += u64::from(recovery.went_back);
        assert_eq!(garden.view(), view);
        garden.heap.restore(&checkpoint)?;
    }
    garden.clear();
    Ok(())
}

fn main() -> Result<(), HeapError> {
    let heaps = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let heaps: u64 = heaps.unwrap_or(1000);
    let mut rows: [Row; 9] = Default::default();
    let mut false_alarms = 0;
    for seed in 0..heaps {
        damage_one(seed, &mut rows, &mut false_alarms)?;
    }
    println!("{heaps} random heaps, {false_alarms} false alarms");
    println!("fault         damaged    found  healthy again  mended without loss  went back");
    for (fault, row) in Fault::ALL.into_iter().zip(rows) {
        let (name, damaged, found) = (fault.name(), row.damaged, row.found);
        let (mended, lossless, went_back) = (row.mended, row.lossless, row.went_back);
        println!("{name:12} {damaged:>8} {found:>8} {mended:>14} {lossless:>20} {went_back:>10}");
    }
    Ok(())
}
