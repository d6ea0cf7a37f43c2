//! Instructions per malloc+free pair.
//!
//! # Role
//! The slope of callgrind's count between two numbers of pairs, less what the loop itself executes:
//! that is the same slope with an allocator that does nothing, less that allocator's own nine. Everything that the allocator does in a steady state is in it: refills, calls
//! through the linkage table, and work of its own threads.

use crate::callgrind;
use crate::contender::{Contender, OURS};
use crate::failure::Failure;
use crate::program;
use crate::row::{Figure, Measured};
use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

/// What a loop allocates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Live blocks.
    pub(crate) slots: u32,
    /// Least and largest size of a block.
    pub(crate) bytes: [u32; 2],
}

impl Shape {
    /// The two numbers of pairs. The lower one must be past the warm-up: a few turns of all slots.
    const fn pairs(self, is_quick: bool) -> [u32; 2] {
        match (self.slots, is_quick) {
            (10_000.., true) => [200_000, 600_000],
            (10_000.., false) => [400_000, 2_000_000],
            (_, true) => [50_000, 250_000],
            (_, false) => [100_000, 1_100_000],
        }
    }

    fn words(self, pairs: u32) -> Vec<String> {
        let [least, most] = self.bytes;
        [self.slots, least, most, pairs]
            .map(|word| word.to_string())
            .to_vec()
    }

    fn configuration(self, is_quick: bool) -> String {
        let [few, many] = self.pairs(is_quick);
        format!(
            "default settings, preloaded; callgrind slope from {few} to {many} pairs, the loop \
             itself and the calls through the linkage table subtracted: what malloc and free \
             execute; sizes and slots by xorshift64 with a fixed seed"
        )
    }
}

/// An allocator that does nothing stands beside the contenders: its count is the loop itself.
const BARE: &str = "bare";
/// What a bare malloc and free execute: four instructions and one (`bench/programs/bare.c`).
const BARE_PAIR: f64 = 5.0;
/// Two calls and two jumps of the linkage table, which every allocator's pair costs besides.
const CALLS: f64 = 4.0;

/// One count to make.
struct Count<'a> {
    contender: &'a Contender,
    shape: usize,
    end: usize,
    words: Vec<String>,
}

/// Counts of both ends of a slope, by shape and contender.
type Counts = BTreeMap<(usize, String), [Option<Result<f64, Failure>>; 2]>;

/// Answers all shapes.
pub(crate) fn measure(contenders: &[Contender], shapes: &[Shape], is_quick: bool) -> Vec<Measured> {
    let counts = match prepare() {
        Ok((pair, bare)) => count_all(contenders, shapes, is_quick, &pair, &bare),
        Err(failure) => {
            return shapes
                .iter()
                .map(|shape| none(*shape, is_quick, &failure))
                .collect();
        }
    };
    shapes
        .iter()
        .enumerate()
        .map(|(index, shape)| {
            let [few, many] = shape.pairs(is_quick);
            let pairs = f64::from(many - few);
            let bare = slope(&counts, index, BARE, pairs);
            let figure = |contender: &Contender| {
                let slope = slope(&counts, index, &contender.name, pairs);
                let value = slope.and_then(|slope| Ok(slope - bare.clone()? + BARE_PAIR));
                let note = value
                    .as_ref()
                    .ok()
                    .map(|value| format!("{:.2} with the calls", value + CALLS));
                Figure { value, note }
            };
            collect(contenders, shape.configuration(is_quick), figure)
        })
        .collect()
}

/// Builds the program and the bare allocator.
fn prepare() -> Result<(PathBuf, Contender), Failure> {
    let pair = program::compile("pair.c", "pair", &["-fPIE", "-pie"])?;
    let library = program::compile("bare.c", "libbare.so", &["-fPIC", "-shared"])?;
    Ok((
        pair,
        Contender {
            name: BARE.to_owned(),
            library: Ok(Some(library)),
            setting: None,
        },
    ))
}

fn none(shape: Shape, is_quick: bool, failure: &Failure) -> Measured {
    Measured {
        configuration: shape.configuration(is_quick),
        ours: Figure::plain(Err(failure.clone())),
        peers: BTreeMap::new(),
    }
}

/// Splits figures into ours and the peers'.
fn collect(
    contenders: &[Contender],
    configuration: String,
    figure: impl Fn(&Contender) -> Figure,
) -> Measured {
    let mut ours = Figure::plain(Err(Failure::Output {
        program: "bedplate-bench".to_owned(),
        what: "our own library is not among the contenders".to_owned(),
    }));
    let mut peers = BTreeMap::new();
    for contender in contenders {
        if contender.name == OURS {
            ours = figure(contender);
        } else {
            peers.insert(contender.name.clone(), figure(contender));
        }
    }
    Measured {
        configuration,
        ours,
        peers,
    }
}

fn slope(counts: &Counts, shape: usize, name: &str, pairs: f64) -> Result<f64, Failure> {
    let missing = || Failure::Output {
        program: name.to_owned(),
        what: "a count is missing".to_owned(),
    };
    let [few, many] = counts.get(&(shape, name.to_owned())).ok_or_else(missing)?;
    let few = few.clone().ok_or_else(missing)??;
    let many = many.clone().ok_or_else(missing)??;
    Ok((many - few) / pairs)
}

/// Makes all counts, as many at a time as there are cores: a count does not depend on the load.
fn count_all(
    contenders: &[Contender],
    shapes: &[Shape],
    is_quick: bool,
    pair: &Path,
    bare: &Contender,
) -> Counts {
    let mut queue = Vec::new();
    for (index, shape) in shapes.iter().enumerate() {
        for contender in contenders.iter().chain([bare]) {
            for (end, pairs) in shape.pairs(is_quick).into_iter().enumerate() {
                queue.push(Count {
                    contender,
                    shape: index,
                    end,
                    words: shape.words(pairs),
                });
            }
        }
    }
    run_queue(&queue, |count| {
        callgrind::instructions(count.contender, pair, &count.words)
    })
}

fn run_queue(
    queue: &[Count<'_>],
    run: impl Fn(&Count<'_>) -> Result<f64, Failure> + Sync,
) -> Counts {
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(4);
    let (sender, receiver) = mpsc::channel();
    let mut counts = Counts::new();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (sender, next, run) = (sender.clone(), &next, &run);
            scope.spawn(move || {
                // Relaxed: only the number matters; the channel publishes the counts. A receiver
                // that is gone means that the whole run is.
                let mut is_heard = true;
                while is_heard && let Some(count) = queue.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    is_heard = sender.send((count, run(count))).is_ok();
                }
            });
        }
        drop(sender);
        for (done, (count, counted)) in receiver.iter().enumerate() {
            let name = &count.contender.name;
            let words = count.words.join(" ");
            eprintln!(
                "instructions: {} of {}: {name}, {words}",
                done + 1,
                queue.len()
            );
            let entry = counts.entry((count.shape, name.clone())).or_default();
            if let Some(place) = entry.get_mut(count.end) {
                *place = Some(counted);
            }
        }
    });
    counts
}
