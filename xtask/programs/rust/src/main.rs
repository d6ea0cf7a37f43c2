//! A threaded Rust program that allocates in every way the standard library does.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Write as _;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread;

#[cfg(feature = "bedplate")]
#[global_allocator]
static ALLOCATOR: bedplate_malloc::Malloc = bedplate_malloc::Malloc::new();

fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn digest(text: &str) -> u64 {
    text.bytes().fold(0, |sum, byte| mix(sum ^ u64::from(byte)))
}

/// Maps, strings, vectors that grow, boxes that go.
fn collections(seed: u64) -> u64 {
    let mut map = BTreeMap::<u64, String>::new();
    let mut table = HashMap::<u64, Vec<u32>>::new();
    let mut queue = VecDeque::new();
    for i in 0..60_000 {
        let key = mix(seed ^ i) % 20_000;
        let text = map.entry(key).or_default();
        write!(text, "{i:x}-").expect("a string takes text");
        table.entry(key % 3000).or_default().push(i as u32);
        queue.push_back(vec![i as u8; (key % 700) as usize].into_boxed_slice());
        if queue.len() > 500 {
            queue.pop_front();
        }
    }
    let lists = (0..3000)
        .filter_map(|key| table.get(&key))
        .flatten()
        .fold(0, |sum, &n| mix(sum ^ u64::from(n)));
    map.values()
        .fold(lists, |sum, text| mix(sum ^ digest(text)))
        ^ queue.iter().map(|b| b.len() as u64).sum::<u64>()
}

/// Alignments beyond 16, zeroed and large blocks, growth by doubling.
fn shapes() -> u64 {
    #[repr(align(4096))]
    #[derive(Clone)]
    struct Page([u8; 4096]);
    let pages = (0..200)
        .map(|n| Box::new(Page([n as u8; 4096])))
        .collect::<Vec<_>>();
    assert!(
        pages
            .iter()
            .all(|page| (&raw const **page).addr() % 4096 == 0)
    );
    let zeroed = vec![0_u64; 3 << 20];
    assert!(zeroed.iter().all(|&word| word == 0));
    let mut grown = Vec::new();
    for n in 0..4_000_000_u64 {
        grown.push(n);
    }
    grown.truncate(1000);
    grown.shrink_to_fit();
    pages.iter().map(|page| u64::from(page.0[7])).sum::<u64>() + grown.iter().sum::<u64>()
}

/// Strings made in some threads and dropped in others.
fn pipeline() -> u64 {
    let (to, from) = sync_channel::<String>(64);
    let from = Arc::new(Mutex::new(from));
    let makers = (0..3_u64).map(|maker| {
        let to = to.clone();
        thread::spawn(move || {
            for i in 0..30_000 {
                let text = "s".repeat((mix(maker * 100_000 + i) % 300) as usize);
                to.send(text).expect("somebody takes it");
            }
        })
    });
    let makers = makers.collect::<Vec<_>>();
    drop(to);
    let takers = (0..3).map(|_| {
        let from = Arc::clone(&from);
        thread::spawn(move || {
            let mut sum = 0;
            loop {
                let text = from.lock().expect("nobody panics").recv();
                let Ok(text) = text else { return sum };
                sum += text.len() as u64;
            }
        })
    });
    let takers = takers.collect::<Vec<_>>();
    makers
        .into_iter()
        .for_each(|maker| maker.join().expect("a maker ends"));
    takers
        .into_iter()
        .map(|taker| taker.join().expect("a taker ends"))
        .sum()
}

fn main() {
    let rounds = std::env::args()
        .nth(1)
        .and_then(|word| word.parse().ok())
        .unwrap_or(1_u64);
    for round in 0..rounds {
        let threads = (0..4)
            .map(|n| thread::spawn(move || collections(round * 10 + n)))
            .collect::<Vec<_>>();
        for thread in threads {
            println!("{:016x}", thread.join().expect("a thread ends"));
        }
        println!("{} {}", shapes(), pipeline());
    }
    let error = std::panic::catch_unwind(|| String::from("caught").repeat(usize::MAX / 4));
    println!("{}", error.is_err());
}
