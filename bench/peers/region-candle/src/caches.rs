//! candle's caches of keys and values.
//!
//! # Role
//! What `bench/peers/region`'s `kv.rs` does with our caches, as far as these can: appends of a token in 32
//! layers, and truncations. Rows lie one behind the other, which is the layout that these copy fastest.

use crate::Outcome;
use candle_core::{Device, Result, Tensor};
use candle_nn::kv_cache::{ConcatKvCache, KvCache};
use std::hint::black_box;
use std::time::Instant;

/// 32 layers of 2 KiB of keys and as many of values: 128 KiB a token.
const LAYERS: usize = 32;
const ROW: usize = 512;
const TOKENS: usize = 4096;
/// Appends that are timed where each copies all that is there.
const FEW: usize = 5;

/// A cache of candle's.
trait Cache {
    fn with_room(tokens: usize) -> Self;
    fn append(&mut self, keys: &Tensor, values: &Tensor) -> Result<()>;
    /// Keeps the first tokens.
    fn truncate(&mut self, tokens: usize) -> Result<()>;
}

impl Cache for KvCache {
    fn with_room(tokens: usize) -> Self {
        Self::new(0, tokens)
    }

    fn append(&mut self, keys: &Tensor, values: &Tensor) -> Result<()> {
        black_box(self.append(keys, values)?);
        Ok(())
    }

    /// It has no truncation, and does not lend its length: what stays is put in again.
    fn truncate(&mut self, tokens: usize) -> Result<()> {
        let kept = |all: Option<Tensor>| all.map(|all| all.narrow(0, 0, tokens)).transpose();
        let (keys, values) = (kept(self.k()?)?, kept(self.v()?)?);
        self.reset();
        if let (Some(keys), Some(values)) = (keys, values) {
            black_box(self.append(&keys, &values)?);
        }
        Ok(())
    }
}

impl Cache for ConcatKvCache {
    fn with_room(_tokens: usize) -> Self {
        Self::new(0)
    }

    fn append(&mut self, keys: &Tensor, values: &Tensor) -> Result<()> {
        black_box(self.append(keys, values)?);
        Ok(())
    }

    /// A view of what stays; the next append copies it.
    fn truncate(&mut self, tokens: usize) -> Result<()> {
        if let Some(keys) = self.k_mut() {
            *keys = keys.narrow(0, 0, tokens)?;
        }
        if let Some(values) = self.v_mut() {
            *values = values.narrow(0, 0, tokens)?;
        }
        Ok(())
    }
}

/// So many rows of ones.
fn rows(tokens: usize, row: usize) -> Result<Tensor> {
    Tensor::from_vec(vec![1_f32; tokens * row], (tokens, row), &Device::Cpu)
}

/// Prints, for each round, the microseconds of a token's append, half and 99 of a hundred, and those of copies.
pub(crate) fn appends(name: &str, rounds: u64) -> Outcome<()> {
    for _ in 0..rounds {
        match name {
            // It keeps its place, and is filled from nothing.
            "KvCache" => appended::<KvCache>(0, TOKENS)?,
            // It copies all that is there each time: only the end of the way is gone.
            "ConcatKvCache" => appended::<ConcatKvCache>(TOKENS, FEW)?,
            other => return Err(format!("no cache {other}").into()),
        }
    }
    Ok(())
}

fn appended<C: Cache>(before: usize, count: usize) -> Outcome<()> {
    let source = vec![1_f32; LAYERS * 2 * ROW];
    let tensors: Vec<Tensor> = source
        .chunks(ROW)
        .map(|row| Tensor::from_slice(row, (1, ROW), &Device::Cpu))
        .collect::<Result<_>>()?;
    let mut plain = vec![1_f32; count * source.len()];
    let mut caches: Vec<C> = (0..LAYERS).map(|_| C::with_room(TOKENS)).collect();
    if before > 0 {
        for cache in &mut caches {
            cache.append(&rows(before, ROW)?, &rows(before, ROW)?)?;
        }
    }
    let (mut theirs, mut copies) = (Vec::new(), Vec::new());
    for token in 0..count {
        let began = Instant::now();
        for (cache, pair) in caches.iter_mut().zip(tensors.chunks(2)) {
            cache.append(&pair[0], &pair[1])?;
        }
        theirs.push(began.elapsed().as_secs_f64() * 1e6);
        let began = Instant::now();
        for (plane, row) in source.chunks(ROW).enumerate() {
            let at = (plane * count + token) * ROW;
            plain[at..at + ROW].copy_from_slice(row);
        }
        copies.push(began.elapsed().as_secs_f64() * 1e6);
        black_box(&mut plain);
    }
    let [theirs, copies] = [theirs, copies].map(|mut all| {
        all.sort_by(f64::total_cmp);
        [all[count / 2], all[count * 99 / 100]]
    });
    println!("{} {} {} {}", theirs[0], theirs[1], copies[0], copies[1]);
    Ok(())
}

/// Takes 64 tokens in at a context, and truncates them away.
pub(crate) fn truncations(name: &str, context: u64, repeats: u64) -> Outcome<()> {
    let context = usize::try_from(context)?;
    match name {
        "KvCache" => truncated::<KvCache>(context, repeats),
        "ConcatKvCache" => truncated::<ConcatKvCache>(context, repeats),
        other => Err(format!("no cache {other}").into()),
    }
}

fn truncated<C: Cache>(context: usize, repeats: u64) -> Outcome<()> {
    let mut cache = C::with_room(context + 128);
    cache.append(&rows(context, 1)?, &rows(context, 1)?)?;
    let (keys, values) = (rows(64, 1)?, rows(64, 1)?);
    for _ in 0..repeats {
        cache.append(&keys, &values)?;
        cache.truncate(black_box(context))?;
    }
    Ok(())
}
