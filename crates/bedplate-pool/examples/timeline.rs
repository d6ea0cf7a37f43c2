//! Writes what a pool's threads did to a file that <https://ui.perfetto.dev> opens.
//!
//! `cargo run --release -p bedplate-pool --features chrome --example timeline [FILE]`

#![expect(clippy::print_stdout, reason = "says where the file is")]

use bedplate_pool::prelude::*;
use bedplate_pool::{ThreadPool, scope, span};
use core::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write as _};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1);
    let path = path.unwrap_or_else(|| "timeline.json".to_owned());
    let pool = ThreadPool::new()?;
    pool.start_timeline();
    let longest = pool.install(|| {
        let mut numbers: Vec<u64> = span("make", || {
            (0..2_000_000_u64).into_par_iter().map(scrambled).collect()
        });
        span("sort", || numbers.par_sort_unstable());
        span("check", || {
            scope(|s| {
                for part in numbers.chunks(250_000) {
                    s.spawn(move |_| assert!(part.is_sorted()));
                }
            });
        });
        span("longest run", || {
            numbers
                .par_windows(2)
                .map(|pair| pair[1] - pair[0])
                .max()
                .unwrap_or(0)
        })
    });
    let timeline = pool.take_timeline();
    let mut file = BufWriter::new(File::create(&path)?);
    timeline.write_chrome(&mut file)?;
    file.flush()?;
    println!("the greatest step is {longest}");
    for track in &timeline.tracks {
        let slices = track.slices.len();
        println!(
            "{}: {slices} slices, {} events lost",
            track.name, track.lost
        );
    }
    println!("open {path} in https://ui.perfetto.dev");
    Ok(())
}

/// A number that looks like any other.
fn scrambled(n: u64) -> u64 {
    n.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31) >> 20
}
