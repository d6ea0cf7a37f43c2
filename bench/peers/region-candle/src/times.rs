//! Parses and loads, in turn.

use crate::Outcome;
use bedplate_region::gguf::Gguf;
use bedplate_region::mapped::{HugeCopy, MappedFile, open};
use bedplate_testkit::Chance;
use candle_core::quantized::gguf_file::Content;
use std::fs::File;
use std::hint::black_box;
use std::io::BufReader;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::Instant;

/// Maps a file that nobody changes while a comparison runs.
pub(crate) fn mapped(path: &Path) -> Outcome<MappedFile> {
    // SAFETY: the file is the comparison's own.
    Ok(unsafe { MappedFile::map(open(path)?) }?)
}

/// Prints the nanoseconds of each way, round by round. Each round has an order of its own, so that no way
/// always follows the same one: who comes after a copy of the whole file finds the processor's caches empty.
fn in_turn(rounds: u64, ways: &[&dyn Fn() -> Outcome<u64>]) -> Outcome<()> {
    let mut times = vec![0; ways.len()];
    let mut order: Vec<usize> = (0..ways.len()).collect();
    let mut chance = Chance::new(1);
    for _ in 0..rounds {
        for at in (1..order.len()).rev() {
            order.swap(at, chance.below(at + 1));
        }
        for at in &order {
            let began = Instant::now();
            black_box(ways[*at]()?);
            times[*at] = began.elapsed().as_nanos();
        }
        let words: Vec<String> = times.iter().map(u128::to_string).collect();
        println!("{}", words.join(" "));
    }
    Ok(())
}

pub(crate) fn parse(path: &Path, rounds: u64) -> Outcome<()> {
    let ours = || {
        let file = mapped(path)?;
        Ok(Gguf::parse(&file)?.tensor_count() as u64)
    };
    let looked_at = || {
        let file = mapped(path)?;
        let model = Gguf::parse(&file)?;
        let mut bytes = 0;
        for key in ["tokenizer.ggml.tokens", "tokenizer.ggml.merges"] {
            let texts = model.array(key)?.texts().ok_or("no texts")?;
            for text in texts {
                bytes += text.to_str()?.len() as u64;
            }
        }
        for tensor in model.tensors() {
            bytes += tensor.bytes().len() as u64;
        }
        Ok(bytes)
    };
    let candle = || {
        let content = Content::read(&mut BufReader::new(File::open(path)?))?;
        Ok(content.tensor_infos.len() as u64)
    };
    in_turn(rounds, &[&ours, &looked_at, &candle])
}

/// A byte of each page.
fn touch(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .step_by(4096)
        .map(|&byte| u64::from(byte))
        .sum()
}

pub(crate) fn load(path: &Path, rounds: u64) -> Outcome<()> {
    let ours = || Ok(touch(&mapped(path)?));
    let raw = || raw(path);
    let memmap2 = || {
        let file = File::open(path)?;
        // SAFETY: the file is the comparison's own.
        let map = unsafe { memmap2::Mmap::map(&file) }?;
        Ok(touch(&map))
    };
    // The first is for the caches of the processor and the kernel.
    black_box(self::raw(path)?);
    in_turn(rounds, &[&ours, &raw, &memmap2])
}

pub(crate) fn copy(path: &Path, rounds: u64) -> Outcome<()> {
    in_turn(
        rounds,
        &[&|| Ok(touch(&HugeCopy::read(&open(path)?, None)?))],
    )
}

/// What a program does that asks the kernel itself.
fn raw(path: &Path) -> Outcome<u64> {
    let file = File::open(path)?;
    let bytes = file.metadata()?.len() as usize;
    let (flags, fd) = (libc::MAP_PRIVATE, file.as_raw_fd());
    // SAFETY: a new mapping, for reading.
    let at = unsafe { libc::mmap(std::ptr::null_mut(), bytes, libc::PROT_READ, flags, fd, 0) };
    if at == libc::MAP_FAILED {
        return Err(std::io::Error::last_os_error().into());
    }
    // SAFETY: just mapped, and nobody writes to the file.
    let sum = touch(unsafe { std::slice::from_raw_parts(at.cast::<u8>(), bytes) });
    // SAFETY: nothing of it is used any more.
    unsafe { libc::munmap(at, bytes) };
    Ok(sum)
}
