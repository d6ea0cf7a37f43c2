//! Keys and values: our caches, and what bounds them.

use bedplate_os::pages::{self, HugePages};
use bedplate_region::kv::{
    Backing, BlockPool, ContiguousKv, KvCache, KvShape, PagedKv, Pages, Row, RowFormat, SequenceId,
    Settings, Tenant,
};
use std::hint::black_box;
use std::time::Instant;

/// 32 layers of 2 KiB of keys and as many of values: 128 KiB a token.
const LAYERS: usize = 32;
const ROW_BYTES: usize = 2048;
const TOKENS: usize = 4096;
const GIB: usize = 1 << 30;

fn shape(layers: usize, key: usize, value: usize) -> KvShape {
    let row = |elements| Row {
        elements,
        format: RowFormat::F32,
    };
    KvShape::new(layers, row(key), row(value)).expect("a shape")
}

fn large() -> KvShape {
    shape(LAYERS, ROW_BYTES / 4, ROW_BYTES / 4)
}

fn begun(cache: &mut impl KvCache) -> SequenceId {
    cache.create(Settings::default()).expect("a sequence")
}

/// Takes a block and gives it back; or, for the loop alone, only looks at one.
pub(crate) fn pairs(name: &str, repeats: usize) {
    let backing = Backing::new();
    let mut pool = BlockPool::new(&shape(1, 1, 1), 1 << 16, 64, backing).expect("a pool");
    if name == "loop" {
        for _ in 0..repeats {
            black_box(0_u64);
        }
        return;
    }
    for _ in 0..repeats {
        let block = pool.take(Tenant(0)).expect("a block");
        pool.release(black_box(block)).expect("a block in use");
    }
}

/// Takes 64 tokens in at a context, and truncates them away.
pub(crate) fn truncations(context: usize, repeats: usize) {
    let pages = Pages::new(context + 128);
    let mut cache = PagedKv::new(shape(1, 1, 1), pages, Backing::new()).expect("a cache");
    let id = begun(&mut cache);
    cache.append(id, context).expect("room");
    for _ in 0..repeats {
        cache.append(id, 64).expect("room");
        cache.truncate(id, black_box(context)).expect("tokens");
    }
}

/// Prints a line of figures for each round, ours before what bounds them.
pub(crate) fn times(what: &str, rounds: usize) {
    for _ in 0..rounds {
        match what {
            "lazy" => lazy(),
            "commit" => commit(),
            "append" => append(),
            "read" => read(),
            "fork" => fork(),
            other => panic!("no figure {other}"),
        }
    }
}

fn ms(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}

/// Milliseconds to make a cache of 1 GiB: paged, contiguous.
fn lazy() {
    let tokens = GIB / large().token_bytes();
    let began = Instant::now();
    let paged = PagedKv::new(large(), Pages::new(tokens), Backing::new()).expect("a cache");
    let paged_ms = ms(began);
    drop(paged);
    let began = Instant::now();
    let mut cache = ContiguousKv::new(large(), tokens, Backing::new()).expect("a cache");
    begun(&mut cache);
    println!("{paged_ms} {}", ms(began));
}

/// Milliseconds to commit 1 GiB: by an append, by one call of the kernel.
fn commit() {
    let tokens = GIB / large().token_bytes();
    let mut cache = PagedKv::new(large(), Pages::new(tokens), Backing::new()).expect("a cache");
    let id = begun(&mut cache);
    let began = Instant::now();
    cache.append(id, tokens).expect("room");
    let ours = ms(began);
    drop(cache);
    let began = Instant::now();
    let at = pages::reserve(GIB, 2 << 20).expect("address space");
    // SAFETY: the range is ours, and nobody else knows of it.
    unsafe {
        pages::advise_huge(at, GIB, HugePages::Wanted).expect("huge pages");
        pages::commit(at, GIB).expect("memory");
        pages::populate(at, GIB).expect("memory");
    }
    println!("{ours} {}", ms(began));
    // SAFETY: nothing uses the range.
    unsafe { pages::release(at, GIB) }.expect("a range");
}

/// Microseconds of a token's append, half and 99 of a hundred: ours, and copies into memory that is there.
fn append() {
    let source = vec![1_u8; large().token_bytes()];
    let mut plain = vec![1_u8; TOKENS * source.len()];
    let mut cache = PagedKv::new(large(), Pages::new(TOKENS), Backing::new()).expect("a cache");
    let id = begun(&mut cache);
    let (mut ours, mut copies) = (Vec::new(), Vec::new());
    for token in 0..TOKENS {
        let began = Instant::now();
        let mut slots = cache.append(id, 1).expect("room");
        for (layer, rows) in source.chunks(2 * ROW_BYTES).enumerate() {
            let (keys, values) = rows.split_at(ROW_BYTES);
            slots
                .keys_mut(layer, 0)
                .expect("a row")
                .copy_from_slice(keys);
            slots
                .values_mut(layer, 0)
                .expect("a row")
                .copy_from_slice(values);
        }
        ours.push(ms(began) * 1e3);
        let began = Instant::now();
        for (plane, row) in source.chunks(ROW_BYTES).enumerate() {
            let at = (plane * TOKENS + token) * ROW_BYTES;
            plain[at..at + ROW_BYTES].copy_from_slice(row);
        }
        copies.push(ms(began) * 1e3);
        black_box(&mut plain);
    }
    let [ours, copies] = [ours, copies].map(|mut all| {
        all.sort_by(f64::total_cmp);
        [all[TOKENS / 2], all[TOKENS * 99 / 100]]
    });
    println!("{} {} {} {}", ours[0], ours[1], copies[0], copies[1]);
}

const READ_TOKENS: usize = 8192;
const READ_FLOATS: usize = 1024;

/// The products of a query with all keys.
fn scores(cache: &impl KvCache, id: SequenceId, query: &[f32], scores: &mut [f32]) {
    for run in cache.runs(id, 0).expect("a layer") {
        let room = &mut scores[run.first_token..][..run.tokens];
        for (score, key) in room.iter_mut().zip(run.keys.chunks_exact(READ_FLOATS * 4)) {
            *score = RowFormat::F32.dot(key, query).expect("a row");
        }
    }
}

/// Microseconds of reading all keys: paged with no two blocks side by side, contiguous.
fn read() {
    let shape = shape(1, READ_FLOATS, 1);
    let pages = Pages::new(2 * READ_TOKENS);
    let mut paged = PagedKv::new(shape, pages, Backing::new()).expect("a cache");
    let (one, other) = (begun(&mut paged), begun(&mut paged));
    for _ in 0..READ_TOKENS / 64 {
        paged.append(one, 64).expect("room");
        paged.append(other, 64).expect("room");
    }
    let mut plain = ContiguousKv::new(shape, READ_TOKENS, Backing::new()).expect("a cache");
    let id = begun(&mut plain);
    plain.append(id, READ_TOKENS).expect("room");
    let query = vec![1.0; READ_FLOATS];
    let mut room = vec![0.0; READ_TOKENS];
    let mut figures = [f64::MAX; 2];
    // The first pass of each is for the caches of the processor.
    for _ in 0..6 {
        let began = Instant::now();
        scores(&paged, one, &query, &mut room);
        figures[0] = figures[0].min(ms(began) * 1e3);
        black_box(&mut room);
        let began = Instant::now();
        scores(&plain, id, &query, &mut room);
        figures[1] = figures[1].min(ms(began) * 1e3);
        black_box(&mut room);
    }
    println!("{} {}", figures[0], figures[1]);
}

/// Microseconds of a fork of 4096 tokens.
fn fork() {
    let pages = Pages::new(TOKENS);
    let mut cache = PagedKv::new(shape(1, 1, 1), pages, Backing::new()).expect("a cache");
    let id = begun(&mut cache);
    cache.append(id, TOKENS).expect("room");
    let mut took = 0.0;
    for _ in 0..100 {
        let began = Instant::now();
        let forks: [SequenceId; 100] =
            core::array::from_fn(|_| cache.fork(id).expect("a sequence"));
        took += ms(began) * 1e3;
        for fork in forks {
            cache.drop_sequence(fork).expect("a sequence");
        }
    }
    println!("{}", took / 1e4);
}
