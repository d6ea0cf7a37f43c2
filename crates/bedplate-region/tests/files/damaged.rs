//! Damaged files, by the million.
//!
//! `BEDPLATE_FUZZ_RUNS=10000000 cargo test --release -p bedplate-region --test files damaged -- --nocapture`
//! runs as many; without it there are a few thousand. `BEDPLATE_FUZZ_SEED` starts elsewhere.

use super::whole;
use bedplate_region::gguf::{Gguf, GgufError};
use bedplate_region::safetensors::SafeTensors;
use bedplate_testkit::Chance;
use bedplate_testkit::gguf::Sample;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::time::Instant;

const RUNS: u64 = 5000;

fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var_os(name);
    let text = text.as_ref().and_then(|text| text.to_str());
    text.map_or(default, |text| text.parse().expect("a number"))
}

/// Runs work once a number, and says what it was where it panics.
fn each_run(work: impl Fn(u64) -> bool) {
    let (runs, first) = (
        setting("BEDPLATE_FUZZ_RUNS", RUNS),
        setting("BEDPLATE_FUZZ_SEED", 0),
    );
    let began = Instant::now();
    let mut accepted = 0_u64;
    for number in first..first + runs {
        let ended = catch_unwind(AssertUnwindSafe(|| work(number)));
        let Ok(is_read) = ended else {
            panic!(
                "damaged file {number}: BEDPLATE_FUZZ_SEED={number} BEDPLATE_FUZZ_RUNS=1 shows it again"
            );
        };
        accepted += u64::from(is_read);
    }
    println!(
        "{runs} files, {accepted} of them read, in {:.1?}",
        began.elapsed()
    );
}

#[test]
fn whole_samples_are_read_as_they_were_made() {
    for seed in 0..2000 {
        let sample = Sample::new(&mut Chance::new(seed));
        whole::read(&sample.bytes).expect("is valid");
        let file = Gguf::parse(&sample.bytes).expect("is valid");
        assert_eq!(file.metadata_bytes(), sample.metadata_bytes, "{seed}");
        assert_eq!(file.key_count(), sample.keys.len());
        for key in &sample.keys {
            assert!(file.get(key).is_some(), "{seed}: {key}");
        }
        assert_eq!(file.tensor_count(), sample.tensors.len());
        for (made, read) in sample.tensors.iter().zip(file.tensors()) {
            assert_eq!(made.name, read.name());
            assert_eq!(made.data, read.bytes(), "{seed}");
            assert_eq!(Some(made.element), read.element_type().gguf_number());
            let sizes = read.shape();
            let sizes = sizes.sizes().iter().rev().map(|&size| size as u64);
            assert!(sizes.eq(made.sizes.iter().copied()));
        }
    }
}

#[test]
fn damaged_gguf_files_are_read_or_refused() {
    each_run(|number| {
        // Some numbers share a sample, whose making takes longer than its reading.
        let sample = Sample::new(&mut Chance::new(number / 16));
        let mut chance = Chance::new(number ^ 0x5eed);
        let mut bytes = Vec::new();
        sample.damaged(&mut chance, &mut bytes);
        let read: Result<(), GgufError> = whole::read(&bytes);
        if let Err(error) = &read {
            assert!(!error.to_string().is_empty());
        }
        read.is_ok()
    });
}

#[test]
fn damaged_safetensors_files_are_read_or_refused() {
    let header = br#"{"__metadata__":{"a":"b"},"v":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"w":{"dtype":"BF16","shape":[8],"data_offsets":[16,32]}}"#;
    let mut whole = (header.len() as u64).to_le_bytes().to_vec();
    whole.extend(header);
    whole.extend([1; 32]);
    assert!(SafeTensors::parse(&whole).is_ok());
    each_run(|number| {
        let mut chance = Chance::new(number);
        let mut bytes = whole.clone();
        for _ in 0..=chance.below(3) {
            let at = chance.below(bytes.len());
            match chance.below(4) {
                0 => bytes[at] = chance.pick(b"0123456789[]{}\",:F"),
                1 => bytes[at] ^= 1 << chance.below(8),
                2 => bytes.insert(at, chance.pick(b"0919[]{}\",:")),
                _ => drop(bytes.remove(at)),
            }
        }
        let Ok(file) = SafeTensors::parse(&bytes) else {
            return false;
        };
        for name in file.names() {
            if let Ok(tensor) = file.tensor(name) {
                assert!(tensor.bytes().len() <= bytes.len());
                let mut floats = vec![0.0; tensor.shape().row_elements().min(1 << 10)];
                let _read = tensor.read_row(0, &mut floats);
            }
        }
        true
    });
}
