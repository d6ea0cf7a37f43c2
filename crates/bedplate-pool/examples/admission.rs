//! Jobs that each hold much memory across a wait, on many workers.
//!
//! `cargo run --release -p bedplate-pool --example admission [admitted|plain] [JOBS] [MIB] [WORKERS]`
//!
//! By default 64 jobs of 64 MiB on 32 workers. With `admitted` each says what it will hold, and as
//! many run at a time as the memory limit in force has room for; with `plain` they are spawned as
//! they come. In a control group of 1 GiB the first ends and the second is killed.

#![expect(clippy::print_stdout, reason = "says what it came to")]

use bedplate_pool::{JobHandle, JobOptions, ThreadPoolBuilder, blocking};
use core::error::Error;
use core::hint::black_box;
use core::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, otherwise: usize| words.get(at).map_or(Ok(otherwise), |w| w.parse());
    let way = words.first().map_or("admitted", String::as_str);
    let (jobs, mib, workers) = (number(1, 64)?, number(2, 64)?, number(3, 32)?);
    let footprint = match way {
        "admitted" => u64::try_from(mib)? << 20,
        "plain" => 0,
        other => return Err(format!("no way {other}: admitted or plain").into()),
    };
    let pool = ThreadPoolBuilder::new().num_threads(workers).build()?;
    let handles: Result<Vec<JobHandle<usize>>, _> = (0..jobs)
        .map(|_| {
            pool.spawn_job(JobOptions::new().footprint(footprint), move || {
                held(mib << 20)
            })
        })
        .collect();
    let mut pages = 0;
    for handle in handles.map_err(|full| full.to_string())? {
        pages += handle.wait()?;
    }
    let budget = pool.memory_budget();
    println!(
        "{way}: {jobs} jobs, {pages} pages written; at most {} MiB of a budget of {} MiB charged at a time",
        budget.peak_bytes() >> 20,
        budget.limit_bytes() >> 20,
    );
    Ok(())
}

/// Writes to `bytes` of memory, waits for something, and reads them again.
fn held(bytes: usize) -> usize {
    const PAGE: usize = 4096;
    let mut block = vec![0_u8; bytes];
    block.iter_mut().step_by(PAGE).for_each(|byte| *byte = 1);
    let mut block = black_box(block);
    blocking(|| std::thread::sleep(Duration::from_millis(100)));
    block
        .iter_mut()
        .step_by(PAGE)
        .filter(|byte| **byte == 1)
        .count()
}
