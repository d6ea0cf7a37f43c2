//! The protocols of `remote.rs` under every interleaving that loom finds.
//!
//! Run with `RUSTFLAGS="--cfg bedplate_loom" cargo test -p bedplate-malloc --test loom --release`.
#![cfg(bedplate_loom)]
#![expect(unsafe_code, reason = "loom cells are accessed by pointer")]

use bedplate_malloc::remote::{ReadyStack, RemoteList};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

/// A slab of three blocks, its heap's ready stack, and the links, as loom sees them. Block `i`
/// has the address `(i + 1) * 16`, the slab has the address 64.
struct Model {
    remote: RemoteList,
    ready: ReadyStack,
    links: [UnsafeCell<u64>; 3],
    ready_link: UnsafeCell<u64>,
    contents: [UnsafeCell<u64>; 3],
}

impl Model {
    fn new() -> Self {
        Self {
            remote: RemoteList::new(),
            ready: ReadyStack::new(),
            links: core::array::from_fn(|_| UnsafeCell::new(0)),
            ready_link: UnsafeCell::new(0),
            contents: core::array::from_fn(|_| UnsafeCell::new(0)),
        }
    }

    fn free_remote(&self, block: usize) {
        set(&self.contents[block], 7);
        let at = (block as u64 + 1) * 16;
        if self
            .remote
            .push(at, 1, |next| set(&self.links[block], next))
            .must_tell
        {
            self.ready.push(64, |next| set(&self.ready_link, next));
        }
    }

    /// The owner takes the list; every block's contents must be visible.
    fn take(&self) -> u32 {
        let chain = self.remote.take();
        let mut at = chain.head;
        let mut count = 0;
        while at != 0 {
            let block = (at / 16 - 1) as usize;
            assert_eq!(get(&self.contents[block]), 7);
            at = get(&self.links[block]);
            count += 1;
        }
        assert_eq!(count, chain.count);
        count
    }
}

fn set(cell: &UnsafeCell<u64>, value: u64) {
    // SAFETY: loom checks that no other thread accesses the cell at the same time.
    cell.with_mut(|p| unsafe { p.write(value) });
}

fn get(cell: &UnsafeCell<u64>) -> u64 {
    // SAFETY: loom checks that no other thread writes the cell at the same time.
    cell.with(|p| unsafe { p.read() })
}

fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

/// Two threads free into a watched slab while the owner drains: no block is lost, and the slab is
/// on the stack exactly when a push ended the watch.
#[test]
fn watched_pushes_tell_once_and_lose_nothing() {
    model(|| {
        let m = Arc::new(Model::new());
        assert!(m.remote.watch());
        let threads: Vec<_> = (0..2)
            .map(|i| {
                let m = Arc::clone(&m);
                thread::spawn(move || m.free_remote(i))
            })
            .collect();
        let mut taken = 0;
        // The owner's drain, once while they run ...
        if m.ready.take_all() != 0 {
            assert_eq!(get(&m.ready_link), 0);
            taken += m.take();
            let _watched = m.remote.watch();
        }
        for t in threads {
            t.join().expect("no panic");
        }
        // ... and once at the end.
        if m.ready.take_all() != 0 {
            taken += m.take();
        } else {
            taken += m.take();
        }
        assert_eq!(taken, 2);
    });
}

/// The owner gives an empty slab back only if nobody is about to tell of it.
#[test]
fn an_unwatched_slab_is_never_told_of() {
    model(|| {
        let m = Arc::new(Model::new());
        assert!(m.remote.watch());
        let other = Arc::clone(&m);
        let freer = thread::spawn(move || other.free_remote(0));
        let given_up = m.remote.unwatch();
        freer.join().expect("no panic");
        let told = m.ready.take_all() != 0;
        // Given up: the push found no watch, and nobody told. Not given up: somebody told.
        assert_eq!(given_up, !told);
        assert_eq!(m.take(), 1);
    });
}

/// A heap is parked by its thread and adopted by another while a third frees into it: the
/// hand-over is a lock's, here a join; the blocks come to the adopter.
#[test]
fn blocks_freed_during_adoption_reach_the_adopter() {
    model(|| {
        let m = Arc::new(Model::new());
        let (parker, freer) = (Arc::clone(&m), Arc::clone(&m));
        let freer = thread::spawn(move || freer.free_remote(2));
        let parked = thread::spawn(move || {
            // Park: drain what is there, watch what remains.
            let mut taken = 0;
            while !parker.remote.watch() {
                taken += parker.take();
            }
            taken
        });
        let mut taken = parked.join().expect("no panic");
        // Adopt: drain the ready stack.
        if m.ready.take_all() == 64 {
            taken += m.take();
        }
        freer.join().expect("no panic");
        if m.ready.take_all() == 64 {
            taken += m.take();
        }
        assert_eq!(taken, 1);
    });
}

/// The owner takes a list that the purge thread claims: it gets every block, with its contents
/// where the claim was given up, without where the memory went back, and never in between.
#[test]
fn a_claimed_list_is_taken_only_when_the_claim_has_ended() {
    for purges in [false, true] {
        model(move || {
            let m = Arc::new(Model::new());
            m.free_remote(0);
            m.free_remote(1);
            let claimer = Arc::clone(&m);
            let claimer = thread::spawn(move || {
                let seen = claimer.remote.glance();
                if seen.blocks() != 2 {
                    return;
                }
                let Some(chain) = claimer.remote.claim(seen) else {
                    return;
                };
                if purges {
                    // The kernel zeroes the pages: links and contents are gone.
                    for block in 0..2 {
                        set(&claimer.contents[block], 0);
                        set(&claimer.links[block], 0);
                    }
                    claimer.remote.purged(chain.count);
                } else {
                    let tail = 0;
                    claimer
                        .remote
                        .unclaim(chain, |next| set(&claimer.links[tail], next));
                }
            });
            let chain = m.remote.take();
            assert_eq!(chain.count, 2);
            for block in 0..2 {
                let expected = if chain.was_purged { 0 } else { 7 };
                assert_eq!(get(&m.contents[block]), expected);
                // The owner hands the block out again.
                set(&m.contents[block], 9);
            }
            claimer.join().expect("no panic");
            assert!(!m.remote.has_blocks());
        });
    }
}
