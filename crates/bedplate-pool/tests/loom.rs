//! The protocols of `protocol/` under every interleaving that loom finds.
//!
//! Run with `RUSTFLAGS="--cfg bedplate_loom" cargo test -p bedplate-pool --test loom --release`.
#![cfg(bedplate_loom)]
#![expect(unsafe_code, reason = "loom cells are accessed by pointer")]

#[expect(dead_code, reason = "the models do not need every method")]
#[path = "../src/protocol/mod.rs"]
mod protocol;

/// What the crate's own `sync` is, of loom.
mod sync {
    pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering, fence};
}

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use loom::thread;
use protocol::idle::IdleSet;
use protocol::latch::Latch;
use protocol::note::Note;
use protocol::offers::Offers;

fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

fn set(cell: &UnsafeCell<u64>, value: u64) {
    // SAFETY: loom checks that no other thread accesses the cell at the same time.
    cell.with_mut(|p| unsafe { p.write(value) });
}

fn get(cell: &UnsafeCell<u64>) -> u64 {
    // SAFETY: loom checks that no other thread writes the cell at the same time.
    cell.with(|p| unsafe { p.read() })
}

/// A sleeper's word, as `bedplate_os::lock::Parking` is: a wake changes it.
struct Word(AtomicU32);

impl Word {
    fn ticket(&self) -> u32 {
        self.0.load(Ordering::Acquire)
    }

    fn park(&self, ticket: u32) {
        while self.0.load(Ordering::Acquire) == ticket {
            thread::yield_now();
        }
    }

    fn unpark(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// A frame as `frame.rs` has it: a job, a result, a latch.
struct Frame {
    job: UnsafeCell<u64>,
    result: UnsafeCell<u64>,
    latch: Latch,
}

impl Frame {
    fn new(job: u64) -> Self {
        Self {
            job: UnsafeCell::new(job),
            result: UnsafeCell::new(0),
            latch: Latch::new(),
        }
    }
}

fn steal(offers: &Offers<Frame>, word: &Word) {
    let Some(offer) = offers.oldest(0) else {
        return;
    };
    let Some(frame) = offers.take(offer) else {
        return;
    };
    // SAFETY: a taken frame lives until its latch is done.
    let frame = unsafe { &*frame };
    let job = get(&frame.job);
    set(&frame.job, 0);
    set(&frame.result, job + 1);
    if frame.latch.finish() {
        word.unpark();
    }
}

/// The owner offers one frame and later another at the same slot, while thieves take: each job is
/// done once, by the owner or by one thief, and the owner sees the result.
#[test]
fn a_half_is_run_once_and_its_result_is_seen() {
    model(|| {
        let offers = Arc::new(Offers::<Frame>::new());
        let word = Arc::new(Word(AtomicU32::new(0)));
        let frames = Arc::new([Frame::new(10), Frame::new(20)]);
        let thief = {
            let (offers, word, frames) =
                (Arc::clone(&offers), Arc::clone(&word), Arc::clone(&frames));
            thread::spawn(move || {
                steal(&offers, &word);
                steal(&offers, &word);
                drop(frames);
            })
        };
        for frame in frames.iter() {
            let want = get(&frame.job) + 1;
            let at = core::ptr::from_ref(frame).cast_mut();
            let offer = offers.offer(at, 1, false).expect("the slot is empty");
            if offers.take_back(offer) {
                let job = get(&frame.job);
                set(&frame.result, job + 1);
            } else {
                let ticket = word.ticket();
                if frame.latch.may_sleep() {
                    word.park(ticket);
                }
                assert!(frame.latch.is_done());
            }
            assert_eq!(get(&frame.result), want);
        }
        thief.join().expect("no panic");
    });
}

/// Two thieves and the owner want the same frame: one gets it.
#[test]
fn of_three_who_want_a_half_one_gets_it() {
    model(|| {
        let offers = Arc::new(Offers::<u64>::new());
        let offer = offers.offer(core::ptr::without_provenance_mut(8), 1, false);
        let offer = offer.expect("the slot is empty");
        let thieves: Vec<_> = (0..2)
            .map(|_| {
                let offers = Arc::clone(&offers);
                thread::spawn(move || offers.oldest(0).and_then(|o| offers.take(o)).is_some())
            })
            .collect();
        let mut winners = u32::from(offers.take_back(offer));
        for thief in thieves {
            winners += u32::from(thief.join().expect("no panic"));
        }
        assert_eq!(winners, 1);
    });
}

/// A waiter takes from its thief only what the thief offered while it ran the waiter's half: an
/// offer seen before the latch is seen open belongs to the half.
#[test]
fn an_offer_seen_while_the_latch_is_open_is_of_the_half() {
    model(|| {
        let offers = Arc::new(Offers::<u64>::new());
        let latch = Arc::new(Latch::new());
        let floor = offers.next_number();
        let thief = {
            let (offers, latch) = (Arc::clone(&offers), Arc::clone(&latch));
            thread::spawn(move || {
                // Inside the half.
                let own = offers.offer(core::ptr::without_provenance_mut(8), 1, false);
                let back = offers.take_back(own.expect("the slot is empty"));
                let _wake = latch.finish();
                // Another half: with a slot of its own, lest the first still stands.
                let _other = offers.offer(core::ptr::without_provenance_mut(16), 2, true);
                back
            })
        };
        let taken = offers
            .oldest(floor)
            .filter(|_| !latch.is_done())
            .and_then(|offer| offers.take(offer));
        if let Some(what) = taken {
            assert_eq!(what.addr(), 8);
        }
        let back = thief.join().expect("no panic");
        assert_ne!(back, taken.is_some());
    });
}

/// Something made is found by the worker that goes to sleep, or the worker is woken.
#[test]
fn nobody_sleeps_beside_work() {
    model(|| {
        let idle = Arc::new(IdleSet::new(2));
        let word = Arc::new(Word(AtomicU32::new(0)));
        let work = Arc::new(AtomicBool::new(false));
        let worker = {
            let (idle, word, work) = (Arc::clone(&idle), Arc::clone(&word), Arc::clone(&work));
            thread::spawn(move || {
                while !work.load(Ordering::Relaxed) {
                    let ticket = word.ticket();
                    idle.enter(1);
                    if !work.load(Ordering::Relaxed) {
                        word.park(ticket);
                    }
                    idle.leave(1);
                }
            })
        };
        work.store(true, Ordering::Relaxed);
        if idle.claim(|_| true).is_some() {
            word.unpark();
        }
        worker.join().expect("no panic");
    });
}

/// Two makers and one sleeper: one entry is claimed once.
#[test]
fn a_sleeper_is_claimed_once() {
    model(|| {
        let idle = Arc::new(IdleSet::new(1));
        idle.enter(0);
        let makers: Vec<_> = (0..2)
            .map(|_| {
                let idle = Arc::clone(&idle);
                thread::spawn(move || idle.claim(|_| true).is_some())
            })
            .collect();
        let mut claims = u32::from(idle.leave(0));
        for maker in makers {
            claims += u32::from(maker.join().expect("no panic"));
        }
        assert_eq!(claims, 1);
    });
}

/// Words that are read together are of one change, whoever changes them meanwhile; every change
/// that was made is there in the end.
#[test]
fn a_note_is_read_whole() {
    model(|| {
        let note = Arc::new(Note::of(
            AtomicU64::new(0),
            [AtomicU64::new(0), AtomicU64::new(0)],
        ));
        let writers: Vec<_> = [1, 10]
            .map(|step| {
                let note = Arc::clone(&note);
                let add = move |words: &mut [u64; 2]| {
                    for word in words {
                        *word += step;
                    }
                };
                thread::spawn(move || if note.change(add) { step } else { 0 })
            })
            .into();
        if let Some([first, second]) = note.read() {
            assert_eq!(first, second);
        }
        let sum: u64 = writers
            .into_iter()
            .map(|writer| writer.join().expect("no panic"))
            .sum();
        assert_eq!(note.read(), Some([sum, sum]));
        assert_eq!(note.peek(0), sum);
    });
}
